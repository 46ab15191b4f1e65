//! What can be measured on a score model: residual of the score FPE, conservativity, score error, likelihood and its bound, the
//! distance between samples of its ODE and of its SDE.

mod at_time;
mod likelihood;
mod memorisation;
mod samples;

use fokker_jet::Real;
use fokker_jet::panel::Workers;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::distance::Memorisation;
use crate::likelihood::DEFAULT_EXACT_DIM;
use crate::loss::{Divergence, ProbeDistribution};
use crate::rng::Streams;
use crate::score::Score;
use crate::sde::Coefficients;
use crate::stats::{AtTime, MeanSe};
pub use samples::SampleDistances;
use samples::sample_distances;

/// Everything measured on one model; `audit.json`.
///
/// Two models audited with the same config are measured at the same points, so their differences are sharper than the standard
/// errors of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// r(t) = E_{x~q_t} ‖ε‖₂/D.
    pub residual: Vec<AtTime>,
    /// E‖ε‖/E‖∂ₜs‖.
    pub residual_relative: Vec<AtTime>,
    /// NAsym(t) = E ‖J − Jᵀ‖²_F/(4‖J‖²_F).
    pub asymmetry: Vec<AtTime>,
    /// Asym(t) = E ‖J − Jᵀ‖²_F.
    pub asymmetry_absolute: Vec<AtTime>,
    /// σ²(t) E ‖s − ∇ log q_t‖², where the truth is known.
    pub score_error: Option<Vec<AtTime>>,
    /// −log p of held-out rows, nats, in model coordinates: of rows diffused to t_min where the truth is known, else of the rows
    /// themselves.
    pub nll: MeanSe,
    /// −log q_{t_min} of the very same points, where it is known; nats.
    pub true_nll: Option<f64>,
    /// Bits per dimension in the data's own unit, where the data has grey levels: the mean over dequantisation noise, an upper bound of
    /// −log₂ P/D (see [`Repeated`](crate::likelihood::Repeated)).
    pub bits_per_dim: Option<MeanSe>,
    /// The same by the importance-weighted bound, which is tighter if there is more than one draw of the noise.
    pub bits_per_dim_importance: Option<MeanSe>,
    /// log p by the flow less its variational bound by the reverse SDE, nats, on some of the same rows: 0 if the score is exact (see
    /// [`bound`](crate::likelihood::bound())); the score FPE says that it vanishes with the residual.
    pub bound_gap: MeanSe,
    /// How far samples by the flow and by the reverse SDE are from each other, and from data.
    pub samples: SampleDistances,
    /// Whether samples are copies of training rows, for images; absent if `audit.neighbours` is 0, there are fewer than 2 training rows
    /// or no sample has converged.
    #[serde(default)]
    pub memorisation: Option<Memorisation>,
    /// Rows whose integration failed; they are in no mean.
    pub nll_failed: usize,
    /// Mean number of score evaluations for one log p.
    pub nll_evaluations: f64,
    /// Probes of the divergence; absent: exact.
    pub probes: Option<usize>,
}

/// The divergence that a dimension allows: exact up to [`DEFAULT_EXACT_DIM`], else `probes` Rademacher probes.
#[must_use]
pub fn default_divergence(dim: usize, probes: usize) -> Divergence {
    if dim <= DEFAULT_EXACT_DIM {
        Divergence::Exact {}
    } else {
        Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher }
    }
}

/// Audits a score on held-out data; `progress` is told what is being done.
///
/// # Errors
/// If the score cannot carry the jets or its dimension is not the data's.
pub fn audit(
    score: &dyn Score<f32>, data: &Data, config: &Config, workers: &Workers, progress: &(dyn Fn(&str) + Sync),
) -> Result<Audit, Error> {
    if score.dim() != data.dim() {
        return Err(Error::Dimension { what: "data".into(), expected: score.dim(), found: data.dim() });
    }
    let settings = &config.audit;
    settings.require(data.dim(), data.levels().is_some())?;
    let divergence = default_divergence(data.dim(), settings.probes);
    progress("samples");
    let (samples, ode) = sample_distances(score, data, config, workers)?;
    progress("nearest training rows");
    let memorisation = memorisation::measure(&ode, data, config, workers)?;
    let mut found = Audit {
        residual: Vec::new(),
        residual_relative: Vec::new(),
        asymmetry: Vec::new(),
        asymmetry_absolute: Vec::new(),
        score_error: data.truth().map(|_| Vec::new()),
        nll: MeanSe { mean: f64::NAN, se: 0.0 },
        true_nll: None,
        bits_per_dim: None,
        bits_per_dim_importance: None,
        bound_gap: MeanSe { mean: f64::NAN, se: 0.0 },
        nll_failed: 0,
        nll_evaluations: 0.0,
        samples,
        memorisation,
        probes: match divergence {
            Divergence::Exact {} => None,
            Divergence::Hutchinson { probes, .. } => Some(probes),
        },
    };
    for (index, &t) in settings.times.iter().enumerate() {
        progress(&format!("residual and conservativity at t = {t}"));
        let c = config.sde.at(t);
        let x = diffused_points(data, &c, settings.points, config.seed, index as u64);
        at_time::measure(score, data, &c, &x, divergence, config.seed, workers, &mut found)?;
    }
    progress("log-likelihood");
    likelihood::measure(score, data, config, divergence, workers, &mut found)?;
    Ok(found)
}

/// Held-out rows diffused to the time of `c`, `points × D`.
fn diffused_points(data: &Data, c: &Coefficients, points: usize, seed: u64, index: u64) -> Vec<f32> {
    let mut rng = Streams::new(seed).at("audit", index, 0);
    let mut x = vec![0.0_f32; points * data.dim()];
    for row in x.chunks_exact_mut(data.dim()) {
        data.draw_held_out(&mut rng, row);
        for v in row {
            let z: f64 = StandardNormal.sample(&mut rng);
            *v = f32::of(c.m * f64::from(*v) + c.sigma * z);
        }
    }
    x
}
