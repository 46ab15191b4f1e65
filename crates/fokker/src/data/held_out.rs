//! Held-out rows, each at most once.

use std::ops::Range;

use rand::Rng;
use rand::seq::index;

use super::Data;

/// Held-out rows in an order drawn at random, so that a figure takes each at most once; a generator's are drawn afresh.
///
/// Rows that come twice say the same twice: the standard error of a mean over them would be too small.
///
/// ```
/// use fokker::data::{TableConfig, Data, DataConfig, HeldOut, write_csv};
/// use fokker::rng::Streams;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// let data = Data::load(&DataConfig::File(TableConfig { held_out: 0.5, ..TableConfig::new(path) }))?;
/// let mut rng = Streams::new(0).named("rows");
/// let rows = HeldOut::new(&data, &mut rng);
/// // More than there are cannot be had.
/// assert_eq!((rows.most(2), rows.most(100)), (2, 3));
/// assert_eq!(rows.draw(0..100, &mut rng).len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeldOut<'a> {
    data: &'a Data,
    /// The rows' numbers; `None` for a generator.
    order: Option<Vec<usize>>,
}

impl<'a> HeldOut<'a> {
    /// Puts the held-out rows of `data` into an order drawn from `rng`.
    pub fn new<R: Rng>(data: &'a Data, rng: &mut R) -> Self {
        let order = data.held_out_len().map(|rows| index::sample(rng, rows, rows).into_vec());
        Self { data, order }
    }

    /// How many of `wanted` rows can be had.
    #[must_use]
    pub fn most(&self, wanted: usize) -> usize {
        self.order.as_ref().map_or(wanted, |order| order.len().min(wanted))
    }

    /// The rows at these places of the order, as far as there are any, in model coordinates, row after row; pixels are dequantised
    /// with `rng`.
    pub fn draw<R: Rng>(&self, places: Range<usize>, rng: &mut R) -> Vec<f32> {
        let (from, to) = (self.most(places.start), self.most(places.end));
        let dim = self.data.dim();
        let mut rows = vec![0.0; to.saturating_sub(from) * dim];
        for (place, row) in (from..to).zip(rows.chunks_exact_mut(dim)) {
            self.row(place, rng, row);
        }
        rows
    }

    /// The row at one place of the order; a place past the last wraps round.
    ///
    /// # Panics
    /// If `row` does not hold [`Data::dim`] values.
    pub fn row<R: Rng>(&self, place: usize, rng: &mut R, row: &mut [f32]) {
        let index = self.order.as_ref().map_or(0, |order| order[place % order.len()]);
        self.data.held_out_row(index, rng, row);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{DataConfig, ScalingConfig, TableConfig, write_csv};
    use crate::rng::Streams;

    #[test]
    fn every_row_comes_once_and_disjoint_places_share_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        write_csv(&path, &["x"], &values).unwrap();
        let config =
            DataConfig::File(TableConfig { held_out: 0.5, scaling: ScalingConfig::None, ..TableConfig::new(path) });
        let data = Data::load(&config).unwrap();
        let mut orders = std::collections::HashSet::new();
        for seed in 0..5 {
            let mut rng = Streams::new(seed).named("test");
            let rows = HeldOut::new(&data, &mut rng);
            let drawn = [rows.draw(0..10, &mut rng), rows.draw(10..30, &mut rng)].concat();
            assert_eq!(drawn.len(), 20);
            let mut sorted = drawn.clone();
            sorted.sort_by(f32::total_cmp);
            sorted.dedup();
            assert_eq!(sorted.len(), 20, "a row came twice");
            assert!(rows.draw(20..30, &mut rng).is_empty());
            orders.insert(drawn.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        }
        assert_eq!(orders.len(), 5);
    }

    #[test]
    fn a_generator_never_ends() {
        let data = Data::load(&DataConfig::default()).unwrap();
        let mut rng = Streams::new(0).named("test");
        let rows = HeldOut::new(&data, &mut rng);
        assert_eq!(rows.most(1_000_000), 1_000_000);
        assert!(rows.draw(0..3, &mut rng) != rows.draw(0..3, &mut rng));
    }
}
