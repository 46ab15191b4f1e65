//! What can be measured on a score model: residual of the score FPE, conservativity, score error, likelihood and its bound, the
//! distance between samples of its ODE and of its SDE.

mod at_time;
mod difference;
mod files;
mod likelihood;
mod memorisation;
mod points;
mod rows;
mod samples;

use fokker_jet::cpu::Workers;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::{AuditConfig, Config};
use crate::data::Data;
use crate::distance::Memorisation;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::likelihood::DEFAULT_EXACT_DIM;
use crate::score::Differentiable;
use crate::stats::{AtTime, Average, MeanSe};
pub use difference::{Difference, Ratios};
pub use points::PointValues;
use rows::AuditRows;
pub use samples::SampleDistances;
use samples::sample_distances;

/// Everything measured on one model; `audit.json`.
///
/// Two models audited with the same config are measured at the same points: [`Difference`] compares them by pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The seed of the audit's draws.
    pub seed: u64,
    /// What was asked for.
    pub settings: AuditConfig,
    /// Held-out rows behind residual, conservativity and score error at each time, each row at most once.
    pub rows: usize,
    /// What r(t) is. `mean`: E‖ε‖₂/D. `root-mean`, where divergences are probed: √E⟨ε_v, ε_v′⟩/D = √E‖ε‖²/D by the products of the
    /// residuals under two independent sets of probes, which the probes' variance does not raise as it does E‖ε_v‖.
    pub residual_average: Average,
    /// r(t), x ~ q_t.
    pub residual: Vec<AtTime>,
    /// r(t) over the same average of ‖∂ₜs‖₂/D.
    pub residual_relative: Vec<AtTime>,
    /// NAsym(t) = E ‖J − Jᵀ‖²_F/(4‖J‖²_F).
    pub asymmetry: Vec<AtTime>,
    /// Asym(t) = E ‖J − Jᵀ‖²_F.
    pub asymmetry_absolute: Vec<AtTime>,
    /// σ²(t) E ‖s − ∇ log q_t‖², where the truth is known.
    pub score_error: Option<Vec<AtTime>>,
    /// −log p of held-out rows, nats, in the units of the data: of rows diffused to t_min where the truth is known, else of the rows
    /// themselves.
    pub nll: MeanSe,
    /// What no model's mean can be below but by chance: −log q_{t_min} of the very same points where the density is known, else the
    /// entropy of the data where that is known; nats.
    pub true_nll: Option<f64>,
    /// `nll` less `true_nll`, with the standard error of the difference at each point.
    pub gap: Option<MeanSe>,
    /// Bits per dimension in the data's own unit, where the data has grey levels: the mean over dequantisation noise, an upper bound of
    /// −log₂ P/D (see [`Dequantised`](crate::likelihood::Dequantised)).
    pub bits_per_dim: Option<MeanSe>,
    /// The same by the importance-weighted bound, which is tighter if there is more than one draw of the noise.
    pub bits_per_dim_importance: Option<MeanSe>,
    /// log p by the flow less its variational bound by the reverse SDE, nats, of rows diffused to t_min: 0 if the score is exact
    /// (see [`bound`](crate::likelihood::bound())); the score FPE says that it vanishes with the residual.
    pub bound_gap: MeanSe,
    /// How far samples by the flow and by the reverse SDE are from each other, and from data; in model coordinates.
    pub samples: SampleDistances,
    /// Whether samples are copies of training rows, for images; absent if `audit.neighbours` is 0, there are fewer than 2 training rows
    /// or no sample has converged.
    #[serde(default)]
    pub memorisation: Option<Memorisation>,
    /// Held-out rows whose log p was computed, each row at most once.
    pub nll_rows: usize,
    /// Those of them whose integration failed; they are in no mean.
    pub nll_failed: usize,
    /// Mean number of score evaluations for one log p.
    pub nll_evaluations: f64,
    /// Probes of the divergence; absent: exact.
    pub probes: Option<usize>,
    /// The figures' values at each point; in a file of their own ([`PointValues::write`]).
    #[serde(skip)]
    pub points: PointValues,
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
    score: &dyn Differentiable<f32>, data: &Data, config: &Config, workers: &Workers, progress: &(dyn Fn(&str) + Sync),
) -> Result<Audit, Error> {
    if score.dim() != data.dim() {
        return Err(Error::Dimension { what: "data".into(), expected: score.dim(), found: data.dim() });
    }
    let settings = &config.audit;
    settings.require(data.dim(), data.levels().is_some())?;
    let divergence = default_divergence(data.dim(), settings.probes);
    let rows = AuditRows::new(data, &config.sde, config.seed);
    progress("samples");
    let (samples, ode) = sample_distances(score, &rows, config, workers)?;
    progress("nearest training rows");
    let memorisation = memorisation::measure(&ode, data, config, workers)?;
    let unknown = MeanSe { mean: f64::NAN, se: f64::NAN };
    let mut found = Audit {
        seed: config.seed,
        settings: settings.clone(),
        rows: rows.most(settings.points),
        residual_average: match divergence {
            Divergence::Exact {} => Average::Mean,
            Divergence::Hutchinson { .. } => Average::RootMean,
        },
        residual: Vec::new(),
        residual_relative: Vec::new(),
        asymmetry: Vec::new(),
        asymmetry_absolute: Vec::new(),
        score_error: data.truth().map(|_| Vec::new()),
        nll: unknown,
        true_nll: None,
        gap: None,
        bits_per_dim: None,
        bits_per_dim_importance: None,
        bound_gap: unknown,
        nll_rows: rows.most(settings.nll_points),
        nll_failed: 0,
        nll_evaluations: 0.0,
        samples,
        memorisation,
        probes: match divergence {
            Divergence::Exact {} => None,
            Divergence::Hutchinson { probes, .. } => Some(probes),
        },
        points: PointValues::default(),
    };
    for (index, &t) in settings.times.iter().enumerate() {
        progress(&format!("residual and conservativity at t = {t}"));
        let c = config.sde.at(t);
        let x = rows.diffused(&c, 0..settings.points, index as u64);
        at_time::measure(score, data, &c, &x, divergence, workers, &mut found)?;
    }
    progress("log-likelihood");
    likelihood::measure(score, data, &rows, config, divergence, workers, &mut found)?;
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
