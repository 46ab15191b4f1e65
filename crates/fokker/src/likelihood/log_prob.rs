//! log p along the probability-flow ODE.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::found::LogProb;
use super::options::LikelihoodOptions;
use super::request::whole_rows;
use crate::Error;
use crate::divergence::Divergence;
use crate::flow::{Fill, Run, TOGETHER, Trace};
use crate::rng::Streams;
use crate::score::Differentiable;
use crate::sde::T_MAX;

/// log p, in nats, of points `x` (`rows × D`, in model coordinates) at time t_min, with the SDE's prior at T. `progress` is
/// called, from any thread, with the number of rows done so far.
///
/// The equation is [the module's](super). The state is `f64`, the score is evaluated in `F`. Rows are cut into one run for each
/// shard of `workers`; as many rows are evaluated together as its chunks hold.
///
/// ```
/// use fokker::{likelihood::{LikelihoodOptions, log_prob}, sde::Sde};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // N(0, 1) is what VP keeps, so log p at 0 is −½ ln 2π.
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let found = log_prob::<f64>(&score, &[0.0], &LikelihoodOptions::for_dim(1), &Workers::new(1, 64)?, &|_| {})?;
/// assert_eq!(found.failed(), 0);
/// assert!((found.values[0] + 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-4);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] if `x` is not whole rows, the tolerance is not positive or there are no probes; [`Error::Jet`] if the score
/// cannot carry the jets. Rows on which the solver fails are no error: see [`LogProb::outcomes`].
pub fn log_prob<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], options: &LikelihoodOptions, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<LogProb, Error> {
    log_prob_with_base(score, x, options, |x| score.sde().log_prior(x), workers, progress)
}

/// As [`log_prob`], with another log-density (nats) of x_T at the end in place of the prior's.
///
/// ```
/// use fokker::{likelihood::{LikelihoodOptions, log_prob_with_base}, sde::{Sde, T_MAX}};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (mixture, sde) = (Mixture::ring(8, 1.5, 0.15)?, Sde::ve());
/// let score = AnalyticScore::new(mixture.clone(), sde.clone());
/// let (start, end) = (mixture.diffused(&sde.at(sde.t_min())), mixture.diffused(&sde.at(T_MAX)));
/// let (options, workers) = (LikelihoodOptions::for_dim(2), Workers::new(1, 64)?);
/// let base = |x: &[f64]| end.log_density(x);
/// let found = log_prob_with_base::<f64>(&score, &[1.4, 0.1], &options, base, &workers, &|_| {})?;
/// assert!((found.values[0] - start.log_density(&[1.4, 0.1])).abs() < 1e-3);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`log_prob`].
pub fn log_prob_with_base<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], options: &LikelihoodOptions, base: impl Fn(&[f64]) -> f64,
    workers: &Workers, progress: &(dyn Fn(usize) + Sync),
) -> Result<LogProb, Error> {
    options.check()?;
    let streams = Streams::new(options.seed);
    match options.divergence {
        Divergence::Exact {} => {
            let fill = |_: usize, j: usize, v: &mut [F]| {
                v.fill(F::ZERO);
                v[j] = F::ONE;
            };
            let trace = Trace { components: 1, group: score.dim(), fill: &fill, together: TOGETHER };
            let found = along_flow(score, x, options, &trace, &base, workers, progress)?;
            Ok(LogProb { probe_se: None, ..found })
        }
        Divergence::Hutchinson { probes, distribution } => {
            let fill = |row: usize, j: usize, v: &mut [F]| {
                distribution.fill(&mut streams.at("likelihood-probes", options.first_row + row as u64, j as u64), v);
            };
            let trace = Trace { components: probes, group: 1, fill: &fill as Fill<'_, F>, together: TOGETHER };
            along_flow(score, x, options, &trace, &base, workers, progress)
        }
    }
}

/// log p with whatever estimates of the divergence.
pub(super) fn along_flow<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], options: &LikelihoodOptions, trace: &Trace<'_, F>,
    base: &dyn Fn(&[f64]) -> f64, workers: &Workers, progress: &(dyn Fn(usize) + Sync),
) -> Result<LogProb, Error> {
    let dim = score.dim();
    whole_rows(x, dim)?;
    let mut starts = Vec::with_capacity(x.len() / dim * (dim + trace.components));
    for row in x.chunks_exact(dim) {
        starts.extend_from_slice(row);
        starts.resize(starts.len() + trace.components, 0.0);
    }
    let LikelihoodOptions { tolerance, step_limit, .. } = *options;
    let run = Run { tolerance, step_limit, span: (score.sde().t_min(), T_MAX), workers, progress };
    let trajectories = run.densities(score, trace, &starts)?;
    Ok(LogProb::of(&trajectories, dim, trace.components, base))
}
