//! The probability-flow ODE on all shards.

use std::sync::atomic::{AtomicUsize, Ordering};

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::density::{DensityFlow, Trace};
use super::points::{PointFlow, Points};
use crate::Error;
use crate::score::{Differentiable, Score};
use crate::solve::{Dopri5, Limits, System, Tolerance, Trajectory};

/// Numbers of the rows' states that a shard integrates together, each of which a solver holds about twelve times: 48 MiB.
const MOST_STATE: usize = 1 << 19;

/// Integrates a shard's system.
type Solve<'a> = &'a dyn Fn(&mut dyn System) -> Vec<Trajectory>;

/// How the flow is integrated.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub tolerance: Tolerance,
    pub step_limit: usize,
    pub span: (f64, f64),
    pub workers: &'a Workers,
    /// Called with the number of rows done so far.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl Run<'_> {
    /// Integrates x of each row of `starts` (`rows × D`) over the span.
    pub fn points<F: Real>(&self, score: &dyn Score<F>, starts: &[f64]) -> Result<Vec<Trajectory>, Error> {
        let (sde, dim) = (score.sde(), score.dim());
        let together = self.together(starts.len() / dim, dim);
        let evaluators: Result<Vec<_>, _> = (0..self.workers.shards()).map(|_| score.evaluator(together)).collect();
        Ok(self.integrate(starts, dim, together, evaluators?, |evaluator, _, solve| {
            solve(&mut PointFlow { sde, dim, evaluator: &mut **evaluator, points: Points::new(), score: Vec::new() })
        }))
    }

    /// Integrates x and the estimates of ∫ div of each row of `starts` (`rows × (D + components)`) over the span.
    pub fn densities<F: Real>(
        &self, score: &dyn Differentiable<F>, trace: &Trace<'_, F>, starts: &[f64],
    ) -> Result<Vec<Trajectory>, Error> {
        let (sde, dim) = (score.sde(), score.dim());
        let width = dim + trace.components;
        let together = self.together(starts.len() / width, width);
        let directions = trace.forms().directions();
        let tapes: Result<Vec<_>, _> = (0..self.workers.shards()).map(|_| score.tape(&directions, together)).collect();
        Ok(self.integrate(starts, width, together, tapes?, |tape, first, solve| {
            let (points, forms) = (Points::new(), trace.forms());
            solve(&mut DensityFlow { sde, dim, tape: &mut **tape, trace, first, points, forms })
        }))
    }

    /// The rows that a shard evaluates together.
    fn together(&self, rows: usize, width: usize) -> usize {
        self.workers.chunk_rows().min(rows.div_ceil(self.workers.shards())).min(MOST_STATE / width.max(1)).max(1)
    }

    /// Each shard takes one run of consecutive rows. `solve_shard` makes its system, from what evaluates the score and the number of the
    /// first row, and hands it to the solver.
    fn integrate<T: Send>(
        &self, starts: &[f64], width: usize, together: usize, fields: Vec<T>,
        solve_shard: impl Fn(&mut T, usize, Solve<'_>) -> Vec<Trajectory> + Sync,
    ) -> Vec<Trajectory> {
        let (rows, shards) = (starts.len() / width, self.workers.shards());
        let share = rows.div_ceil(shards);
        let limits = Limits { steps: self.step_limit };
        let solver = Dopri5 { tolerance: self.tolerance, limits, active: together };
        let done = AtomicUsize::new(0);
        // As many chunks as shards: one job for each shard.
        let trajectories = self.workers.map(shards * self.workers.chunk_rows(), fields, |field, shard, _| {
            let (first, end) = ((shard * share).min(rows), ((shard + 1) * share).min(rows));
            solve_shard(field, first, &|system| {
                solver.integrate(system, self.span, &starts[first * width..end * width], width, &mut |_| {
                    (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1);
                })
            })
        });
        trajectories.into_iter().flatten().collect()
    }
}
