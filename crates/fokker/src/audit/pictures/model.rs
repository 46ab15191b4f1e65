//! Pictures of a model.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::data::IMAGES;
use super::density::LogDensity;
use super::memorisation::MemorisationPictures;
use super::trajectories::Trajectories;
use crate::Error;
use crate::audit::{Audit, AuditConfig};
use crate::data::Data;
use crate::sample::{ProbabilityFlow, Sampler, sample};
use crate::score::Differentiable;
use crate::solve::Tolerance;

/// What a page shows of a model beside its figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelPictures {
    /// Samples by the probability-flow ODE, `rows × D`, in model coordinates: 64 images, or `audit.samples` rows.
    pub samples: Vec<f64>,
    /// log p at t_min (D = 2 only).
    pub log_density: Option<LogDensity>,
    /// From noise to image (images only).
    pub trajectories: Option<Trajectories>,
    /// The samples most like a training image (images only, and just after an audit).
    pub memorisation: Option<MemorisationPictures>,
}

impl ModelPictures {
    /// Draws the samples and the trajectories, and computes the log-density.
    ///
    /// ```
    /// use fokker::audit::{Audit, AuditConfig, ModelPictures};
    /// use fokker::{data::{Data, DataConfig}, density::mixture::Mixture, score::analytic::AnalyticScore, sde::Sde};
    /// use fokker_jet::cpu::Workers;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
    /// let data = Data::load(&DataConfig::Normal { dim: 1 })?;
    /// let settings = AuditConfig { samples: 20, ..AuditConfig::default() };
    /// let audit = Audit { seed: 0, settings, figures: Default::default(), closest: vec![], steps: None, columns: None };
    /// let found = ModelPictures::new::<f64>(&score, &audit, &data, &Workers::new(1, 64)?)?;
    /// assert_eq!((found.samples.len(), found.log_density), (20, None));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the score cannot carry the jets.
    pub fn new<F: Real>(
        score: &dyn Differentiable<F>, audit: &Audit, data: &Data, workers: &Workers,
    ) -> Result<Self, Error> {
        let Audit { settings, seed, .. } = audit;
        let images = data.image_shape().is_some();
        let count = if images { IMAGES } else { settings.samples };
        let sampler = sampler(settings);
        let samples = sample(score, count, &sampler, *seed, workers, &|_| {})?.x;
        let log_density =
            if data.dim() == 2 { Some(LogDensity::of_score(score, data, settings, *seed, workers)?) } else { None };
        let trajectories = if images { Some(Trajectories::new(score, &sampler, *seed, workers)?) } else { None };
        Ok(Self { samples, log_density, trajectories, memorisation: MemorisationPictures::new(audit, data) })
    }
}

/// Pictures need no more than four digits.
fn sampler(settings: &AuditConfig) -> Sampler {
    let tolerance = Tolerance::both(settings.tolerance.max(1e-4));
    ProbabilityFlow { tolerance, step_limit: settings.step_limit }.into()
}
