//! Rows of data.

use rand::{Rng, RngExt};

use super::data::Data;
use super::source::Source;
use crate::density::mixture::Mixture;

impl Data {
    /// Draws one training row in model coordinates: a generator's draw, or a row chosen uniformly (8-bit pixels are
    /// dequantised; images are mirrored at random if the configuration says `flip`). Data that is held out altogether has no training
    /// rows and gives held-out ones.
    ///
    /// Images that are read from disk as they are drawn (see the [module](crate::data)) and cannot be read any more are NaN.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// # use rand::SeedableRng;
    /// let data = Data::load(&DataConfig::Moons { noise: 0.0 })?;
    /// let mut row = [0.0; 2];
    /// data.draw(&mut rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0), &mut row);
    /// assert!(row[0].abs() <= 2.0 && row[1].abs() <= 1.0);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    ///
    /// # Panics
    /// If `row` does not hold [`Data::dim`] values.
    pub fn draw<R: Rng>(&self, rng: &mut R, row: &mut [f32]) {
        match (&self.source, self.len()) {
            (Source::Mixture(mixture), _) => draw_mixture(mixture, rng, row),
            (Source::Toy(toy), _) => row.copy_from_slice(&toy.draw(rng).map(|x| x as f32)),
            (Source::Finite(finite), _) => finite.draw(rng, row),
            (Source::Rows(rows), Some(len)) => {
                row.copy_from_slice(rows.train_row(rng.random_range(0..len)));
                rows.spread(rng, row);
            }
            (Source::Images(images), Some(len)) => {
                let index = rng.random_range(0..len);
                images.train_row(index, rng, row);
            }
            (Source::Rows(_) | Source::Images(_), None) => self.draw_held_out(rng, row),
        }
    }

    /// Training row `index` (below [`len`](Data::len)), as it is trained on: dequantised with noise from `rng`, where that is done.
    ///
    /// # Panics
    /// If there is no such row.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// # use rand::SeedableRng;
    /// let few: DataConfig = toml::from_str("kind = \"finite\"\nrows = 3\nof = { kind = \"moons\" }")?;
    /// let data = Data::load(&few)?;
    /// let (mut row, mut exact) = ([0.0; 2], [0.0; 2]);
    /// data.train_row(2, &mut rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0), &mut row);
    /// data.train_row_exact(2, &mut exact);
    /// assert_eq!(row, exact);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn train_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        match &self.source {
            Source::Images(images) => images.train_row(index, rng, row),
            Source::Rows(rows) => {
                row.copy_from_slice(rows.train_row(index));
                rows.spread(rng, row);
            }
            Source::Mixture(_) | Source::Toy(_) | Source::Finite(_) => self.train_row_exact(index, row),
        }
    }

    /// Training row `index` without noise: the row itself, or an image with each pixel at the middle of its level.
    ///
    /// ```
    /// # use fokker::data::{TableConfig, Data, DataConfig, write_csv};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let data = Data::load(&DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path) }))?;
    /// let mut row = [f32::NAN];
    /// data.train_row_exact(2, &mut row);
    /// data.scaling().invert(&mut row);
    /// assert!((1..=4).any(|x| (row[0] - x as f32).abs() < 1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If `index` is not below [`Data::len`] (a generator has no rows, nor has data that is held out altogether), or `row` does not hold [`Data::dim`] values.
    pub fn train_row_exact(&self, index: usize, row: &mut [f32]) {
        match &self.source {
            Source::Mixture(_) | Source::Toy(_) => panic!("a generator has no rows"),
            Source::Finite(finite) => row.copy_from_slice(finite.row(index)),
            Source::Rows(rows) => row.copy_from_slice(rows.train_row(index)),
            Source::Images(images) => images.train_row_exact(index, row),
        }
    }

    /// Draws one held-out row: a generator's fresh draw, or a held-out row chosen uniformly (pixels are dequantised).
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// # use rand::SeedableRng;
    /// let data = Data::load(&DataConfig::default())?;
    /// let mut row = [f32::NAN; 2];
    /// data.draw_held_out(&mut rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0), &mut row);
    /// assert!(row.iter().all(|x| x.is_finite()));
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    ///
    /// # Panics
    /// If `row` does not hold [`Data::dim`] values.
    pub fn draw_held_out<R: Rng>(&self, rng: &mut R, row: &mut [f32]) {
        let index = self.held_out_len().map_or(0, |rows| rng.random_range(0..rows));
        self.held_out_row(index, rng, row);
    }

    /// Held-out row `index`, in the order of the file; an index past the last wraps round. Pixels are dequantised with `rng`;
    /// a generator ignores the index and draws.
    ///
    /// ```
    /// # use fokker::data::{TableConfig, Data, DataConfig, write_csv};
    /// # use rand::SeedableRng;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let config = DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path) });
    /// let data = Data::load(&config)?;
    /// assert_eq!((data.len(), data.held_out_len()), (Some(3), Some(1)));
    /// let mut row = [0.0];
    /// data.held_out_row(0, &mut rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0), &mut row);
    /// data.scaling().invert(&mut row);
    /// assert!((1..=4).any(|x| (row[0] - x as f32).abs() < 1e-6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If `row` does not hold [`Data::dim`] values.
    pub fn held_out_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        match &self.source {
            Source::Mixture(_) | Source::Toy(_) => self.draw(rng, row),
            Source::Finite(finite) => finite.of.draw(rng, row),
            Source::Rows(rows) => {
                row.copy_from_slice(rows.held_out_row(index));
                rows.spread(rng, row);
            }
            Source::Images(images) => images.held_out_row(index, rng, row),
        }
    }
}

/// One draw of a mixture in single precision, on the stack for all but large dimensions.
fn draw_mixture<R: Rng>(mixture: &Mixture, rng: &mut R, row: &mut [f32]) {
    let mut stack = [0.0; 64];
    let mut heap = Vec::new();
    let point = match stack.get_mut(..mixture.dim()) {
        Some(point) => point,
        None => {
            heap.resize(mixture.dim(), 0.0);
            &mut heap[..]
        }
    };
    mixture.sample(rng, point);
    assert_eq!(row.len(), point.len(), "a row has as many values as the data has dimensions");
    for (x, &value) in row.iter_mut().zip(point.iter()) {
        *x = value as f32;
    }
}
