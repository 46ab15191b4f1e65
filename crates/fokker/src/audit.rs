//! What can be measured on a score model: residual of the score FPE, conservativity, score error, likelihood.

use fokker_jet::Real;
use fokker_jet::panel::Workers;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::Config;
use crate::conservativity::asymmetry;
use crate::data::{Data, bits_per_dim};
use crate::likelihood::{DEFAULT_EXACT_DIM, LikelihoodOptions, log_prob};
use crate::loss::{Divergence, ProbeDistribution};
use crate::residual::residual;
use crate::rng::Streams;
use crate::score::{Directions, Score};
use crate::sde::Coefficients;
use crate::solve::Tolerance;
use crate::stats::{AtTime, MeanSe};

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
    /// Bits per dimension in the data's own unit, where the data has grey levels.
    pub bits_per_dim: Option<MeanSe>,
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
    let divergence = default_divergence(data.dim(), settings.probes);
    let mut found = Audit {
        residual: Vec::new(),
        residual_relative: Vec::new(),
        asymmetry: Vec::new(),
        asymmetry_absolute: Vec::new(),
        score_error: data.truth().map(|_| Vec::new()),
        nll: MeanSe { mean: f64::NAN, se: 0.0 },
        true_nll: None,
        bits_per_dim: None,
        nll_failed: 0,
        nll_evaluations: 0.0,
        probes: match divergence {
            Divergence::Exact {} => None,
            Divergence::Hutchinson { probes, .. } => Some(probes),
        },
    };
    for (index, &t) in settings.times.iter().enumerate() {
        progress(&format!("residual and conservativity at t = {t}"));
        let c = config.sde.at(t);
        let x = diffused_points(data, &c, settings.points, config.seed, index as u64);
        at_time(score, data, &c, &x, divergence, config.seed, workers, &mut found)?;
    }
    progress("log-likelihood");
    likelihood(score, data, config, divergence, workers, &mut found)?;
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

#[allow(clippy::too_many_arguments)]
fn at_time(
    score: &dyn Score<f32>, data: &Data, c: &Coefficients, x: &[f32], divergence: Divergence, seed: u64,
    workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let dim = data.dim();
    let times = vec![c.t; x.len() / dim];
    let residuals = residual(score, x, &times, divergence, seed, workers)?;
    let r = MeanSe::of(&residuals.per_dimension());
    let dt = MeanSe::of(&residuals.dt_per_dimension());
    found.residual.push(AtTime::new(c.t, r));
    found.residual_relative.push(AtTime { t: c.t, mean: r.mean / dt.mean, se: r.se / dt.mean });
    let skew = asymmetry(score, x, &times, divergence, seed, workers)?;
    found.asymmetry.push(AtTime::new(c.t, MeanSe::of(&skew.normalised)));
    found.asymmetry_absolute.push(AtTime::new(c.t, MeanSe::of(&skew.absolute)));
    if let (Some(truth), Some(errors)) = (data.truth(), &mut found.score_error) {
        let mut tape = score.tape(&Directions::new(&[]), times.len())?;
        tape.begin(x, &vec![*c; times.len()]);
        tape.forward(0..1);
        let q = truth.diffused(c);
        let mut exact = vec![0.0; dim];
        let squares = x.chunks_exact(dim).zip(tape.part(0).chunks_exact(dim)).map(|(x, s)| {
            let point: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
            q.score(&point, &mut exact);
            c.sigma * c.sigma * s.iter().zip(&exact).map(|(&s, e)| (f64::from(s) - e).powi(2)).sum::<f64>()
        });
        errors.push(AtTime::new(c.t, MeanSe::of(&squares.collect::<Vec<_>>())));
    }
    Ok(())
}

fn likelihood(
    score: &dyn Score<f32>, data: &Data, config: &Config, divergence: Divergence, workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let settings = &config.audit;
    let c = config.sde.at(config.sde.t_min());
    let x: Vec<f64> = if data.truth().is_some() {
        let index = settings.times.len() as u64;
        diffused_points(data, &c, settings.nll_points, config.seed, index).iter().map(|&v| f64::from(v)).collect()
    } else {
        let mut rng = Streams::new(config.seed).named("audit-nll");
        let mut rows = vec![0.0_f32; settings.nll_points * data.dim()];
        rows.chunks_exact_mut(data.dim()).for_each(|row| data.draw_held_out(&mut rng, row));
        rows.iter().map(|&v| f64::from(v)).collect()
    };
    let options = LikelihoodOptions {
        tolerance: Tolerance { absolute: settings.tolerance, relative: settings.tolerance },
        step_limit: settings.step_limit,
        divergence,
        seed: config.seed,
    };
    let log_p = log_prob(score, &x, &options, workers, &|_| {})?;
    let good: Vec<f64> = log_p.values.iter().copied().filter(|v| v.is_finite()).collect();
    found.nll_failed = log_p.values.len() - good.len();
    let mean = MeanSe::of(&good);
    found.nll = MeanSe { mean: -mean.mean, se: mean.se };
    #[allow(clippy::cast_precision_loss)]
    let evaluations = log_p.evaluations.iter().map(|&e| e as f64).collect::<Vec<_>>();
    found.nll_evaluations = MeanSe::of(&evaluations).mean;
    if let Some(truth) = data.truth() {
        let q = truth.diffused(&c);
        let points = x.chunks_exact(data.dim()).zip(&log_p.values).filter(|(_, v)| v.is_finite());
        found.true_nll = Some(MeanSe::of(&points.map(|(x, _)| -q.log_density(x)).collect::<Vec<_>>()).mean);
    }
    if data.levels().is_some() {
        let bits: Vec<f64> = good.iter().map(|&v| bits_per_dim(v, data.scaling(), data.dim())).collect();
        found.bits_per_dim = Some(MeanSe::of(&bits));
    }
    Ok(())
}
