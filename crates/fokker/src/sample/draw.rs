//! Samples by any sampler.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::encode::decode;
use super::fixed_step::FixedStepRun;
use super::method::Plan;
use super::methods::Sampler;
use super::samples::{Batch, Samples, prior, require};
use crate::Error;
use crate::score::Score;

/// Draws samples, so many or a [`Batch`] of them, in model coordinates, from x_T ~ N(0, prior std² I). `progress` is called, from any thread, with the number
/// of rows done so far.
///
/// The equations are at the kinds of [`Sampler`]. The state is `f64`, the score is evaluated in `F`. By the ODE a sample is one of
/// p_{t_min}, up to the discretisation; so is one by fixed steps unless it is denoised.
///
/// ```
/// use fokker::{sample::{Sampler, sample}, sde::Sde};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// let samples = sample::<f64>(&score, 20, &Sampler::default(), 0, &Workers::new(1, 64)?, &|_| {})?;
/// assert!(samples.x.chunks_exact(2).all(|x| (x[0].hypot(x[1]) - 1.5).abs() < 0.6));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] as [`Sampler::validate`] says; [`Error::Jet`] if the score cannot be evaluated; [`Error::Memory`]. Rows that fail
/// are no error: see [`Samples::outcomes`].
pub fn sample<F: Real>(
    score: &dyn Score<F>, batch: impl Into<Batch>, sampler: &Sampler, seed: u64, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    let plan = sampler.plan()?;
    let batch = batch.into();
    let n = batch.rows;
    require(n, score.dim(), 0)?;
    let (starts, streams) = prior(score.sde(), batch, score.dim(), seed);
    match plan {
        Plan::Adaptive(tolerance, limits) => decode(score, &starts, tolerance, limits, workers, progress),
        Plan::Steps(fixed) => {
            let grid = fixed.grid.times(score.sde(), fixed.steps);
            let run = FixedStepRun { grid: &grid, denoise: fixed.denoise, kept: &[], known: None, workers, progress };
            Ok(run.samples(score, &starts, &streams, &fixed.start)?.0)
        }
    }
}
