//! log p of the probability-flow ODE; beside it a lower bound of log p of the reverse SDE ([`bound()`]).
//!
//! The ODE dx/dt = a x − ½ g² s has the marginals of the SDE if s is its score (Song et al. 2021, arXiv 2011.13456, eq. 13). Along
//! it the log-density changes by −div (dx/dt) (Chen et al. 2018, arXiv 1806.07366, theorem 1), so that
//!
//! log p_{t_min}(x) = log prior(x_T) + ∫ div (dx/dt) dt from t_min to T, div (dx/dt) = a D − ½ g² div s (Song et al., eq. 39).
//!
//! Every row has its own adaptive step, and its own probes where div s is estimated: its value depends on nothing else in the
//! batch.

pub mod bound;
pub(crate) mod flow;
mod forms;
mod log_prob;
mod repeats;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::memory;
use crate::rng::Streams;
use crate::score::Differentiable;
use crate::sde::T_MAX;
use crate::solve::Tolerance;
pub use bound::{Bound, BoundOptions, bound};
use flow::{Fill, FlowScore, Run, Trace};
use forms::TOGETHER;
pub use log_prob::LogProb;
pub use repeats::{Repeated, Repeats, Start, repeated_bound, repeated_log_prob};

/// The largest dimension D in which [`LikelihoodOptions::for_dim`] takes exact divergences.
///
/// ```
/// use fokker::{likelihood::{DEFAULT_EXACT_DIM, LikelihoodOptions}, divergence::Divergence};
/// assert_eq!(LikelihoodOptions::for_dim(DEFAULT_EXACT_DIM).divergence, Divergence::Exact {});
/// ```
pub const DEFAULT_EXACT_DIM: usize = 64;

/// Probes beyond that dimension.
const DEFAULT_PROBES: usize = 8;

/// Bytes that log p of so many rows (draws of noise count as rows) takes beside the network's own: where they start, go and end, and
/// what is known of each.
///
/// ```
/// assert!(fokker::likelihood::bytes(1000, 2, 8) < 1 << 20);
/// assert_eq!(fokker::likelihood::bytes(usize::MAX, 2, 8), u64::MAX);
/// ```
#[must_use]
pub fn bytes(rows: usize, dim: usize, probes: usize) -> u64 {
    let numbers = dim.saturating_mul(4).saturating_add(probes.saturating_mul(2)).saturating_add(OF_ROW);
    memory::product(&[rows, numbers, size_of::<f64>()])
}

/// What is known of a row beside its numbers, in units of one of these.
const OF_ROW: usize = 50;

/// How log p is computed.
///
/// ```
/// use fokker::{likelihood::LikelihoodOptions, solve::Tolerance};
/// let options = LikelihoodOptions { tolerance: Tolerance::both(1e-7), ..LikelihoodOptions::for_dim(2) };
/// assert_eq!(options.step_limit, 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodOptions {
    /// The error allowed to log p: `absolute + relative · D/10` nats. Steps are judged by what they do to log p, and are short enough
    /// for the error in the end to be of that size, ten times it at the most on all that was measured.
    pub tolerance: Tolerance,
    /// The most steps of one row, rejected ones included.
    pub step_limit: usize,
    /// How div s is had. Probes are drawn once for each row and held fixed along its path, which keeps the ODE's right-hand side
    /// smooth and the estimate of log p unbiased (Grathwohl et al. 2019, arXiv 1810.01367, section 3.1).
    pub divergence: Divergence,
    /// Seed of the probes.
    pub seed: u64,
    /// Number of the first row, from which the probes of each row are drawn: a table done in pieces gets the values that it
    /// would get in one.
    pub first_row: u64,
}

impl LikelihoodOptions {
    /// Tolerance 1e-5, 10,000 steps, seed 0; the exact divergence up to [`DEFAULT_EXACT_DIM`], beyond it 8 Rademacher probes.
    ///
    /// ```
    /// use fokker::{likelihood::LikelihoodOptions, divergence::Divergence};
    /// assert_eq!(LikelihoodOptions::for_dim(2).divergence.directions(2), 2);
    /// assert_eq!(LikelihoodOptions::for_dim(3072).divergence.directions(3072), 8);
    /// ```
    #[must_use]
    pub fn for_dim(dim: usize) -> Self {
        let distribution = ProbeDistribution::Rademacher;
        let divergence = if dim <= DEFAULT_EXACT_DIM {
            Divergence::Exact {}
        } else {
            Divergence::Hutchinson { probes: DEFAULT_PROBES, distribution }
        };
        Self { tolerance: Tolerance::default(), step_limit: 10_000, divergence, seed: 0, first_row: 0 }
    }

    fn check(&self) -> Result<(), Error> {
        if !self.tolerance.is_usable() {
            return Err(request("tolerance", "must be positive and finite"));
        }
        if self.divergence.directions(1) == 0 {
            return Err(request("divergence.probes", "must be at least 1"));
        }
        Ok(())
    }
}

/// Refuses points that are not whole rows.
fn whole_rows(x: &[f64], dim: usize) -> Result<(), Error> {
    if x.len().is_multiple_of(dim) {
        return Ok(());
    }
    Err(request("x", &format!("{} numbers are not whole rows of dimension {dim}", x.len())))
}

fn request(key: &str, reason: &str) -> Error {
    Error::Config { origin: "likelihood".into(), key: key.into(), reason: reason.into() }
}

/// log p, in nats, of points `x` (`rows × D`, in model coordinates) at time t_min, with the SDE's prior at T. `progress` is
/// called, from any thread, with the number of rows done so far.
///
/// The equation is [the module's](self). The state is `f64`, the score is evaluated in `F`. Rows are cut into one run for each
/// shard of `workers`; as many rows are evaluated together as its chunks hold.
///
/// ```
/// use fokker::{likelihood::{LikelihoodOptions, log_prob}, sde::Sde};
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
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
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
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
fn along_flow<F: Real>(
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
    let trajectories = run.integrate(FlowScore::Jets(score), trace, &starts)?;
    Ok(LogProb::of(&trajectories, dim, trace.components, base))
}

#[cfg(test)]
mod tests;
