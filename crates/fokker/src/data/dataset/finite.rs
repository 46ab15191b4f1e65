//! A finite number of rows of a generator: how much a model learns from few, and what it makes of them.

use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::data::Data;
use super::source::Source;
use crate::data::bounds::extend_box;
use crate::data::input::require;
use crate::data::toy::count;
use crate::data::{DataConfig, DataError, Fingerprint};

/// Rows drawn once, and where they came from.
#[derive(Clone, Debug)]
pub(super) struct Finite {
    /// `rows × D`.
    rows: Vec<f32>,
    /// The generator.
    pub of: Box<Data>,
}

impl Finite {
    pub(super) fn len(&self) -> usize {
        self.rows.len() / self.of.dim()
    }

    pub(super) fn row(&self, index: usize) -> &[f32] {
        let dim = self.of.dim();
        &self.rows[index * dim..(index + 1) * dim]
    }

    /// A digest of the rows.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut print = Fingerprint::default();
        print.bytes(b"finite");
        print.numbers(&self.rows.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        print.digest()
    }

    pub(super) fn draw<R: Rng>(&self, rng: &mut R, row: &mut [f32]) {
        row.copy_from_slice(self.row(rng.random_range(0..self.len())));
    }
}

impl Data {
    /// So many rows of a generator.
    pub(super) fn finite(rows: usize, seed: u64, of: &DataConfig) -> Result<Self, DataError> {
        count("rows", rows, 10_000_000)?;
        let of = Self::load(of)?;
        if !matches!(of.source, Source::Mixture(_) | Source::Toy(_)) {
            let reason = "must be a generator: ring, normal, mixture, checkerboard, spirals or moons";
            return Err(DataError::parameter("of", "another kind", reason));
        }
        require("rows".as_ref(), &[rows, of.dim(), size_of::<f32>()])?;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut all = vec![0.0; rows * of.dim()];
        let (mut low, mut high) = (vec![f32::INFINITY; of.dim()], vec![f32::NEG_INFINITY; of.dim()]);
        for row in all.chunks_exact_mut(of.dim()) {
            of.draw(&mut rng, row);
            extend_box(&mut low, &mut high, row);
        }
        let scaling = of.scaling.clone();
        let source = Source::Finite(Finite { rows: all, of: Box::new(of) });
        Ok(Self { source, scaling, low, high, own: None, potential: None })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::rng::Streams;

    fn few(rows: usize, seed: u64) -> Data {
        Data::load(&DataConfig::Finite { rows, seed, of: Box::default() }).unwrap()
    }

    #[test]
    fn training_rows_are_few_and_held_out_rows_are_not() {
        let (data, mut rng) = (few(3, 0), Streams::new(0).named("test"));
        assert_eq!((data.len(), data.held_out_len(), data.dim()), (Some(3), None, 2));
        let mut draw = |held_out: bool| {
            let mut row = [0.0_f32; 2];
            if held_out {
                data.draw_held_out(&mut rng, &mut row)
            } else {
                data.draw(&mut rng, &mut row)
            }
            row.map(f32::to_bits)
        };
        let trained: std::collections::BTreeSet<_> = (0..100).map(|_| draw(false)).collect();
        let held_out: std::collections::BTreeSet<_> = (0..100).map(|_| draw(true)).collect();
        assert_eq!((trained.len(), held_out.len()), (3, 100));
        assert!(trained.is_disjoint(&held_out));
        let mut row = [0.0_f32; 2];
        data.train_row_exact(2, &mut row);
        assert!(trained.contains(&row.map(f32::to_bits)));
        let (low, high) = data.bounds();
        assert!(low[0] <= row[0] && row[1] <= high[1]);
    }

    #[test]
    fn what_is_known_of_the_generator_is_known() {
        let whole = Data::load(&DataConfig::default()).unwrap();
        let c = crate::sde::Sde::vp().at(0.2);
        let at = |data: &Data| data.truth().map(|truth| truth.diffused(&c).log_density(&[1.0, 0.3]));
        assert!(at(&few(5, 0)).is_some() && at(&few(5, 0)) == at(&whole));
        let board = DataConfig::Checkerboard { cells: 4, half_width: 2.0 };
        let finite = Data::load(&DataConfig::Finite { rows: 5, seed: 0, of: Box::new(board) }).unwrap();
        assert_eq!((finite.entropy(), finite.truth().is_some()), (Some(8.0_f64.ln()), false));
        assert_eq!(few(5, 0).hold_out_all().len(), None);
    }

    #[test]
    fn the_seed_chooses_the_rows() {
        assert_eq!(few(4, 1).bounds(), few(4, 1).bounds());
        assert_ne!(few(4, 1).bounds(), few(4, 2).bounds());
        assert_ne!(few(4, 1).fingerprint(), few(4, 2).fingerprint());
        let own = DataConfig::Finite { rows: 2, seed: 0, of: Box::new(DataConfig::Memory {}) };
        assert!(Data::load(&own).is_err());
        let twice = DataConfig::Finite {
            rows: 2,
            seed: 0,
            of: Box::new(DataConfig::Finite { rows: 2, seed: 0, of: Box::default() }),
        };
        assert_eq!(
            Data::load(&twice).unwrap_err().to_string(),
            "of = another kind: must be a generator: ring, normal, mixture, checkerboard, spirals or moons"
        );
    }
}
