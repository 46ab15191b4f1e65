//! Samples with the states on their way.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::encode::flow;
use super::fixed_step::FixedStepRun;
use super::method::{FixedSteps, Plan};
use super::methods::Sampler;
use super::request::wrong;
use super::samples::{Batch, Samples, prior, require};
use super::time_grid::TimeGrid;
use crate::Error;
use crate::flow::Run;
use crate::score::Score;
use crate::solve::Outcome;

/// States of all rows at some times.
///
/// ```
/// let found = fokker::sample::Trajectories { times: vec![1.0, 0.001], x: vec![0.3, -0.1, 0.7, 0.2] };
/// // Two rows of dimension 1: where they were at T.
/// assert_eq!(found.x[..2], [0.3, -0.1]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    /// K falling times from T to t_min.
    pub times: Vec<f64>,
    /// `K × rows × D`, in model coordinates; NaN from where a row failed.
    pub x: Vec<f64>,
}

/// As [`sample`](super::sample), and the states at `keep` times, from x_T to the sample itself (which comes last, denoised if the
/// sampler ends so).
///
/// Fixed steps: the times are those of the grid nearest to `keep` equal shares of the steps; `steps + 1` keeps every one. The samples
/// are those of [`sample`](super::sample) to the last bit. The adaptive ODE: the times are equally spaced in ln(m/σ), and the
/// solver goes from one to the next, so that the samples agree with those of [`sample`](super::sample) within the tolerance only and cost
/// some evaluations more.
///
/// ```
/// use fokker::{sample::{Heun, TimeGrid, sample_trajectories}, sde::Sde};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// let sampler = Heun { steps: 20, grid: TimeGrid::Karras, denoise: true }.into();
/// let (samples, states) = sample_trajectories::<f64>(&score, 3, &sampler, 21, 0, &Workers::new(1, 64)?, &|_| {})?;
/// assert_eq!((states.times.len(), states.x.len()), (21, 21 * 3 * 2));
/// assert_eq!(states.x[20 * 6..], samples.x);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`sample`](super::sample), and [`Error::Config`] if `keep` is less than 2 or more than the grid has times.
pub fn sample_trajectories<F: Real>(
    score: &dyn Score<F>, batch: impl Into<Batch>, sampler: &Sampler, keep: usize, seed: u64, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<(Samples, Trajectories), Error> {
    let plan = sampler.plan()?;
    let batch = batch.into();
    let n = batch.rows;
    if keep < 2 {
        return Err(wrong("keep", "must be at least 2: the first and the last state"));
    }
    require(n, score.dim(), keep)?;
    let (starts, streams) = prior(score.sde(), batch, score.dim(), seed);
    match plan {
        Plan::Steps(FixedSteps { steps, grid, denoise, start, .. }) => {
            if keep - 1 > steps {
                return Err(wrong(
                    "keep",
                    &format!("must be at most {}, the number of times", steps.saturating_add(1)),
                ));
            }
            let grid = grid.times(score.sde(), steps);
            // Rounded to the nearest; rising, since no two shares are closer than a step.
            let kept: Vec<usize> = (0..keep).map(|i| (i * steps + (keep - 1) / 2) / (keep - 1)).collect();
            let run = FixedStepRun { grid: &grid, denoise, kept: &kept, known: None, workers, progress };
            let (samples, x) = run.samples(score, &starts, &streams, &start)?;
            Ok((samples, Trajectories { times: kept.iter().map(|&i| grid[i]).collect(), x }))
        }
        Plan::Adaptive(tolerance, limits) => {
            let times = TimeGrid::LogSnr.times(score.sde(), keep - 1);
            let mut x = starts.clone();
            let mut samples: Option<Samples> = None;
            for (leg, span) in times.windows(2).enumerate() {
                // Rows count as done in proportion to the legs.
                let done = |rows: usize| progress((leg * n + rows) / (keep - 1));
                let run =
                    Run { tolerance, step_limit: limits.steps, span: (span[0], span[1]), workers, progress: &done };
                let next = flow(score, samples.as_ref().map_or(&starts, |samples| &samples.x), &run)?;
                x.extend_from_slice(&next.x);
                samples = Some(match samples {
                    Some(before) => before.followed_by(next),
                    None => next,
                });
            }
            let samples = samples.unwrap_or(Samples { x: starts, outcomes: Vec::new(), evaluations: Vec::new() });
            Ok((samples, Trajectories { times, x }))
        }
    }
}

impl Samples {
    /// The next leg's states, each row's first failure, all evaluations.
    fn followed_by(self, next: Self) -> Self {
        let first_failure = |(before, after): (Outcome, Outcome)| {
            if before.is_converged() || before.has_value() && !after.has_value() { after } else { before }
        };
        let outcomes = self.outcomes.into_iter().zip(next.outcomes).map(first_failure).collect();
        let evaluations = self.evaluations.iter().zip(&next.evaluations).map(|(a, b)| a + b).collect();
        Self { x: next.x, outcomes, evaluations }
    }
}
