//! Pictures of the data, beside which those of models are set.

use super::density::{LogDensity, windows};
use crate::audit::AuditConfig;
use crate::data::{Data, HeldOut, ImageShape, Scaling};
use crate::rng::Streams;
use crate::sde::Sde;

/// Images that are shown of a set.
pub(super) const IMAGES: usize = 64;

/// Rows of the data, and its true density where that is known.
///
/// ```
/// use fokker::audit::{AuditConfig, DataPictures};
/// use fokker::{data::{Data, DataConfig}, sde::Sde};
/// let data = Data::load(&DataConfig::default())?;
/// let found = DataPictures::new(&data, &Sde::vp(), &AuditConfig { samples: 50, ..AuditConfig::default() }, 0);
/// assert_eq!((found.dim, found.held_out.len(), found.image), (2, 100, None));
/// assert!(found.log_density.is_some());
/// # Ok::<(), fokker::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataPictures {
    /// D.
    pub dim: usize,
    /// The shape of the images that the rows are, if they are images.
    pub image: Option<ImageShape>,
    /// What the columns are called, where the data say so.
    pub columns: Option<Vec<String>>,
    /// From the units of the data to model coordinates.
    pub scaling: Scaling,
    /// What a picture of points shows of each column, `[low, high]`, in model coordinates; none of images.
    pub windows: Vec<[f64; 2]>,
    /// Number of training rows; `None` for a generator, and for data that are held out altogether.
    pub train_rows: Option<usize>,
    /// Number of held-out rows; `None` for a generator.
    pub held_out_rows: Option<usize>,
    /// Different held-out rows, `rows × D`, in model coordinates: 64 images, or `audit.samples` rows, as far as there are so many.
    pub held_out: Vec<f32>,
    /// The true log-density, of mixtures at t_min, of potentials at t = 0 (D = 2 only).
    pub log_density: Option<LogDensity>,
}

impl DataPictures {
    /// Takes rows at random, which `seed` fixes.
    #[must_use]
    pub fn new(data: &Data, sde: &Sde, settings: &AuditConfig, seed: u64) -> Self {
        let rows = if data.image_shape().is_some() { IMAGES } else { settings.samples };
        let mut rng = Streams::new(seed).named("report");
        let held_out = HeldOut::new(data, &mut rng);
        let plane = data.dim() == 2;
        let diffused = |truth| LogDensity::of_truth(truth, data, &sde.at(sde.t_min()));
        let of_potential = || data.potential().map(|density| LogDensity::of_potential(density, data));
        Self {
            dim: data.dim(),
            image: data.image_shape(),
            columns: data.columns().map(<[String]>::to_vec),
            scaling: data.scaling().clone(),
            windows: if data.image_shape().is_some() { Vec::new() } else { windows(data) },
            train_rows: data.len(),
            held_out_rows: data.held_out_len(),
            held_out: held_out.draw(0..rows, &mut rng),
            log_density: data.truth().map(diffused).or_else(of_potential).filter(|_| plane),
        }
    }
}
