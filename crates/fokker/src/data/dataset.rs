//! Loaded data: training rows, held-out rows and what is known about them.

mod identity;

use fokker_jet::Shape;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::images::Images;
use super::rows::{Fit, Rows, extend_box};
use super::toy::{Toy, count, number};
use super::{DataConfig, DataError, ImageShape, Scaling};
use crate::density::mixture::Mixture;

/// Draws from which a generator's box is found, the numbers that they may have, and their seed.
const BOX_DRAWS: usize = 10_000;
const BOX_NUMBERS: usize = 1 << 28;
const BOX_SEED: u64 = 0x00da_7a00;

/// Data ready for training and evaluation, in model coordinates.
///
/// Rows are `f32` slices of [`Data::dim`] values; a method panics if it is handed a slice of another length, which is a
/// mistake of the caller and never of the user.
///
/// ```
/// use fokker::data::{Data, DataConfig};
/// let data = Data::load(&DataConfig::default())?;
/// assert_eq!((data.dim(), data.len()), (2, None));
/// assert!(data.truth().is_some());
/// # Ok::<(), fokker::data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Data {
    source: Source,
    scaling: Scaling,
    low: Vec<f32>,
    high: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Source {
    Mixture(Box<Mixture>),
    Toy(Toy),
    Rows(Rows),
    Images(Images),
}

#[allow(clippy::len_without_is_empty, reason = "data is never empty")]
impl Data {
    /// Sets up the generator or reads the files that `config` names.
    ///
    /// # Errors
    /// [`DataError`]: a parameter out of range, or a file that is missing, damaged, not numeric or not finite.
    ///
    /// ```
    /// use fokker::data::{Data, DataConfig};
    /// let error = Data::load(&DataConfig::Moons { noise: -1.0 }).unwrap_err();
    /// assert_eq!(error.to_string(), "noise = -1: must be between 0 and 1000000");
    /// ```
    pub fn load(config: &DataConfig) -> Result<Self, DataError> {
        Self::load_with(config, None)
    }

    /// Loads data, whose scaling may be given.
    fn load_with(config: &DataConfig, given: Option<&Scaling>) -> Result<Self, DataError> {
        match *config {
            DataConfig::Ring { modes, radius, std } => {
                count("modes", modes, 10_000)?;
                number("radius", radius, 0.0, 1e6)?;
                number("std", std, 1e-6, 1e6)?;
                Self::mixture("ring", Mixture::ring(modes, radius, std))
            }
            DataConfig::Normal { dim } => {
                count("dim", dim, 1_000_000)?;
                Self::mixture("normal", Mixture::isotropic(&[1.0], &[vec![0.0; dim]], 1.0))
            }
            DataConfig::Mixture { dim, components, seed } => {
                count("dim", dim, 1024)?;
                count("components", components, 10_000_000 / (dim * dim))?;
                Self::mixture("mixture", Mixture::random(dim, components, seed))
            }
            DataConfig::Checkerboard { cells, half_width } => {
                Ok(Self::generator(Source::Toy(Toy::checkerboard(cells, half_width)?), 2))
            }
            DataConfig::Spirals { arms, turns, noise } => {
                Ok(Self::generator(Source::Toy(Toy::spirals(arms, turns, noise)?), 2))
            }
            DataConfig::Moons { noise } => Ok(Self::generator(Source::Toy(Toy::moons(noise)?), 2)),
            DataConfig::File { ref path, ref array, held_out, scaling } => {
                let fit = given.map_or(Fit::To(scaling), Fit::Given);
                let (rows, scaling) = Rows::load(path, array.as_deref(), held_out, fit)?;
                let (low, high) = rows.bounds();
                Ok(Self { source: Source::Rows(rows), scaling, low, high })
            }
            DataConfig::Images { ref path, flip, size, held_out } => {
                let (images, scaling) = Images::load(path, flip, size, held_out, given)?;
                let (low, high) = images.bounds();
                Ok(Self { source: Source::Images(images), scaling, low, high })
            }
        }
    }

    fn mixture<E: ToString>(kind: &'static str, mixture: Result<Mixture, E>) -> Result<Self, DataError> {
        let mixture = mixture.map_err(|error| DataError::parameter("kind", kind, error.to_string()))?;
        let dim = mixture.dim();
        Ok(Self::generator(Source::Mixture(Box::new(mixture)), dim))
    }

    /// A generator, whose model coordinates are its own and whose box is that of some draws.
    fn generator(source: Source, dim: usize) -> Self {
        let scaling = Scaling::identity(dim);
        let mut data = Self { source, scaling, low: vec![f32::INFINITY; dim], high: vec![f32::NEG_INFINITY; dim] };
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(BOX_SEED);
        let mut row = vec![0.0; dim];
        for _ in 0..(BOX_NUMBERS / dim).clamp(1, BOX_DRAWS) {
            data.draw(&mut rng, &mut row);
            extend_box(&mut data.low, &mut data.high, &row);
        }
        data
    }

    /// The number of values in a row.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.dim(), 2);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn dim(&self) -> usize {
        self.scaling.dim()
    }

    /// The number of training rows, at least 1; `None` for a generator, which never ends, and for data that is held out altogether
    /// ([`Data::hold_out_all`]).
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.len(), None);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match &self.source {
            Source::Mixture(_) | Source::Toy(_) => None,
            Source::Rows(rows) => Some(rows.train_len()).filter(|&len| len > 0),
            Source::Images(images) => Some(images.train_len()).filter(|&len| len > 0),
        }
    }

    /// Draws one training row in model coordinates: a generator's draw, or a row chosen uniformly (8-bit pixels are
    /// dequantised; images are mirrored at random if the configuration says `flip`). Data that is held out altogether has no training
    /// rows and gives held-out ones.
    ///
    /// Images that are read from disk as they are drawn (see the [module](super)) and cannot be read any more are NaN.
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
            (Source::Rows(rows), Some(len)) => row.copy_from_slice(rows.train_row(rng.random_range(0..len))),
            (Source::Images(images), Some(len)) => {
                let index = rng.random_range(0..len);
                images.train_row(index, rng, row);
            }
            (Source::Rows(_) | Source::Images(_), None) => self.draw_held_out(rng, row),
        }
    }

    /// Training row `index` without noise: the row itself, or an image with each pixel at the middle of its level.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, write_csv};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let data = Data::load(&DataConfig::File { path, array: None, held_out: 0.25, scaling: Default::default() })?;
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

    /// The number of held-out rows, at least 1; `None` for a generator.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.held_out_len(), None);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn held_out_len(&self) -> Option<usize> {
        match &self.source {
            Source::Mixture(_) | Source::Toy(_) => None,
            Source::Rows(rows) => Some(rows.held_out_len()),
            Source::Images(images) => Some(images.held_out_len()),
        }
    }

    /// Held-out row `index`, in the order of the file; an index past the last wraps round. Pixels are dequantised with `rng`;
    /// a generator ignores the index and draws.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, write_csv};
    /// # use rand::SeedableRng;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let config = DataConfig::File { path, array: None, held_out: 0.25, scaling: Default::default() };
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
            Source::Rows(rows) => row.copy_from_slice(rows.held_out_row(index)),
            Source::Images(images) => images.held_out_row(index, rng, row),
        }
    }

    /// The lowest and the highest value of each dimension in model coordinates: of the training rows (pixels with all their
    /// dequantisation noise; the whole range for images read from disk as they are drawn), or of 10,000 draws of a generator with a fixed seed.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// let data = Data::load(&DataConfig::Checkerboard { cells: 4, half_width: 2.0 })?;
    /// let (low, high) = data.bounds();
    /// assert!(low[0] >= -2.0 && low[0] < -1.9 && high[1] <= 2.0 && high[1] > 1.9);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn bounds(&self) -> (&[f32], &[f32]) {
        (&self.low, &self.high)
    }

    /// The density in closed form, where the data has one; its coordinates are the model's.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert!(Data::load(&DataConfig::Moons { noise: 0.1 })?.truth().is_none());
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn truth(&self) -> Option<&Mixture> {
        match &self.source {
            Source::Mixture(mixture) => Some(mixture),
            _ => None,
        }
    }

    /// The map from the data's coordinates to the model's.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, Scaling};
    /// assert_eq!(Data::load(&DataConfig::default())?.scaling(), &Scaling::identity(2));
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// The shape of the images that the rows are; `None` if they are not images.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.image_shape(), None);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn image_shape(&self) -> Option<ImageShape> {
        match &self.source {
            Source::Images(images) => Some(images.shape()),
            _ => None,
        }
    }

    /// The shape of a row: of the images, or a vector.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.shape(), fokker_jet::Shape::vector(2));
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.image_shape().map_or(Shape::vector(self.dim()), Shape::from)
    }

    /// How many values a dimension can take: 256 for 8-bit pixels, for which bits per dimension are defined
    /// ([`bits_per_dim`](super::bits_per_dim)); `None` if they are continuous.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.levels(), None);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn levels(&self) -> Option<u32> {
        match &self.source {
            Source::Images(images) => images.levels(),
            _ => None,
        }
    }

    /// The data's differential entropy in nats where it is simple: −E log p, what no model's mean −log p can go below.
    /// For the checkerboard it is the logarithm of the dark squares' area.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// let data = Data::load(&DataConfig::Checkerboard { cells: 4, half_width: 2.0 })?;
    /// assert_eq!(data.entropy(), Some(8.0_f64.ln()));
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn entropy(&self) -> Option<f64> {
        match &self.source {
            Source::Toy(toy) => toy.entropy(),
            _ => None,
        }
    }
}

impl From<ImageShape> for Shape {
    fn from(ImageShape { height, width, channels }: ImageShape) -> Self {
        Self { height, width, channels }
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
