//! Loaded data: training rows, held-out rows and what is known about them.

use fokker_jet::Shape;

use super::simulated::Truth;
use super::source::Source;
use crate::data::{ImageShape, Scaling};
use crate::density::mixture::Mixture;
use crate::density::potential::KnownDensity;

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
    pub(super) source: Source,
    pub(super) scaling: Scaling,
    /// The box.
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
    /// What is known of data that the caller handed over; `None` of data that was loaded.
    pub(super) own: Option<Known>,
    /// What is known of rows of a potential.
    pub(super) potential: Option<Box<Truth>>,
}

/// What is known of data that the caller handed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The density, in the coordinates of the data, which are then the model's.
    pub(super) truth: Option<Box<Mixture>>,
    /// The entropy, in nats, in the units of the data.
    pub(super) entropy: Option<f64>,
}

#[allow(clippy::len_without_is_empty, reason = "data is never empty")]
impl Data {
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
            Source::Finite(finite) => Some(finite.len()),
            Source::Rows(rows) => Some(rows.train_len()).filter(|&len| len > 0),
            Source::Images(images) => Some(images.train_len()).filter(|&len| len > 0),
        }
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
            Source::Mixture(_) | Source::Toy(_) | Source::Finite(_) => None,
            Source::Rows(rows) => Some(rows.held_out_len()),
            Source::Images(images) => Some(images.held_out_len()),
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

    /// The density in closed form at all times, where the data has one; its coordinates are the model's. That of a potential is known at
    /// t = 0: [`Data::potential`].
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
            Source::Finite(finite) => finite.of.truth(),
            _ => {
                let of_potential = || self.potential.as_ref().and_then(|truth| truth.mixture.as_ref());
                self.own.as_ref().and_then(|own| own.truth.as_deref()).or_else(of_potential)
            }
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
    /// ([`bits_per_dim`](crate::data::bits_per_dim)); `None` if they are continuous.
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
    /// For the checkerboard it is the logarithm of the dark squares' area, for a potential that of its exact density; in the data's units.
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
            Source::Finite(finite) => finite.of.entropy(),
            _ => {
                let of_potential = || self.potential().map(KnownDensity::entropy);
                self.own.as_ref().and_then(|own| own.entropy).or_else(of_potential)
            }
        }
    }
}
