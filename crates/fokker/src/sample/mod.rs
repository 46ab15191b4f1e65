//! Samples from a score model: from the prior at T down to t_min; the way back, and samples that are held to what is known.
//!
//! | | |
//! | --- | --- |
//! | [`sample`] | samples, by any [`Sampler`] |
//! | [`sample_paths`] | the same, with the states on the way |
//! | [`encode`], [`decode`] | data to latents and back, along the probability-flow ODE |
//! | [`inpaint`] | samples some of whose coordinates are given |
//! | [`PosteriorScore`] | the score given y = A x + noise, for any sampler |
//!
//! Each row draws from its own named stream, so it is the same whatever the batch and the threads.

mod chunk;
mod dpm_solver;
mod encode;
mod euler_maruyama;
mod grid;
mod heun;
mod inpaint;
mod inverse;
mod langevin;
mod paths;
mod reverse_diffusion;
mod sampler;
mod walk;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};

use crate::Error;
use crate::memory;
use crate::rng::{Stream, Streams};
use crate::score::Score;
use crate::sde::Sde;
use crate::solve::Outcome;

pub use encode::{decode, encode};
pub use grid::Grid;
pub use inpaint::{Inpaint, Resample, inpaint};
pub use inverse::{Covariance, LinearObservation, PosteriorScore};
pub use paths::{Paths, sample_paths};
pub use sampler::{Predictor, Sampler};
use sampler::{Steps, Way};
use walk::Walk;

/// What is known of a row beside its numbers, in units of one of these: stream, outcome, evaluations, and where its numbers are.
const OF_ROW: usize = 50;

/// Samples, and how each was had.
///
/// ```
/// use fokker::{sample::Samples, solve::Outcome};
/// let samples = Samples { x: vec![0.1, -0.2], outcomes: vec![Outcome::Converged], evaluations: vec![80] };
/// assert_eq!(samples.failed(), 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `rows × D`, in model coordinates; NaN in rows whose outcome [has no value](Outcome::has_value).
    pub x: Vec<f64>,
    /// How each row ended.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score, by row.
    pub evaluations: Vec<u64>,
}

impl Samples {
    /// Number of rows without a sample.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.has_value()).count()
    }
}

/// Draws `n` samples in model coordinates, from x_T ~ N(0, prior std² I). `progress` is called, from any thread, with the number
/// of rows done so far.
///
/// The equations are at the variants of [`Sampler`]. The state is `f64`, the score is evaluated in `F`. By the ODE a sample is one of
/// p_{t_min}, up to the discretisation; so is one by fixed steps unless it is denoised.
///
/// ```
/// use fokker::{sample::{Sampler, sample}, sde::Sde};
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
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
    score: &dyn Score<F>, n: usize, sampler: &Sampler, seed: u64, workers: &Workers, progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    sampler.validate()?;
    require(n, score.dim(), 0)?;
    let (starts, streams) = prior(score.sde(), n, score.dim(), seed);
    match sampler.way() {
        Way::Flow(tolerance, limits) => decode(score, &starts, tolerance, limits, workers, progress),
        Way::Steps(Steps { steps, grid, denoise, recipe }) => {
            let grid = grid.times(score.sde(), steps);
            let walk = Walk { grid: &grid, denoise, kept: &[], known: None, workers, progress };
            Ok(walk.run(score, &starts, &streams, &|| recipe.scheme())?.0)
        }
    }
}

/// Refuses samples that take more memory than there may be.
fn require(n: usize, dim: usize, states: usize) -> Result<(), Error> {
    Ok(memory::require(&format!("{n} samples"), bytes(n, dim, states))?)
}

/// Bytes that `n` samples of dimension `dim` take while they are drawn, `states` states of each being kept on the way: where they
/// start, go and end, and what is known of each row.
///
/// ```
/// assert!(fokker::sample::bytes(1000, 2, 0) < 1 << 20);
/// assert_eq!(fokker::sample::bytes(usize::MAX, 2, 0), u64::MAX);
/// ```
#[must_use]
pub fn bytes(n: usize, dim: usize, states: usize) -> u64 {
    let numbers = dim.saturating_mul(states.saturating_mul(2).saturating_add(4)).saturating_add(OF_ROW);
    memory::product(&[n, numbers, size_of::<f64>()])
}

/// Each row's x_T, and its stream thereafter.
fn prior(sde: &Sde, n: usize, dim: usize, seed: u64) -> (Vec<f64>, Vec<Stream>) {
    let streams = Streams::new(seed);
    let mut x = vec![0.0; n * dim];
    let row = |(row, x): (usize, &mut [f64])| {
        let mut stream = streams.at("sample", row as u64, 0);
        fill_normal(&mut stream, x);
        x.iter_mut().for_each(|x| *x *= sde.prior_std());
        stream
    };
    let streams = x.chunks_exact_mut(dim).enumerate().map(row).collect();
    (x, streams)
}

/// Fills `out` with independent standard normal draws.
fn fill_normal(stream: &mut Stream, out: &mut [f64]) {
    out.iter_mut().for_each(|z| *z = StandardNormal.sample(stream));
}

#[cfg(test)]
mod tests;
