//! Many chains on their way.

use std::sync::{Mutex, PoisonError};

use fokker_jet::cpu::Workers;

use super::density::{LogDensity, LogDensityEvaluator};
use super::draws::{ChainDraws, Draws};
use super::dynamics::Dynamics;
use super::integrator::{Integrator, Step};
use super::state::State;
use super::walkers::Walkers;
use crate::Error;
use crate::rng::Streams;

/// Many chains on their way.
///
/// ```
/// use fokker::simulate::{ChainOutcome, Dynamics, Integrator, LogDensityFn, Simulation};
/// use fokker::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let normal = LogDensityFn::new(2, |x, gradient| {
///     gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -x);
///     -0.5 * x.iter().map(|x| x * x).sum::<f64>()
/// });
/// let (workers, dynamics) = (Workers::new(2, 64)?, Dynamics::of(0.1));
/// let mut run = Simulation::new(&normal, &Integrator::default(), &dynamics, &[0.0; 6], 0, &workers)?;
/// run.advance(5);
/// let half = run.state();
/// run.advance(5);
///
/// // It goes on from a state as if it had never stopped.
/// let mut again = Simulation::resume(&normal, &Integrator::default(), &dynamics, half, 0, &workers)?;
/// again.advance(5);
/// assert_eq!(again.state(), run.state());
/// assert!(run.state().outcomes.iter().all(|outcome| *outcome == ChainOutcome::Finished));
/// # Ok(()) }
/// ```
pub struct Simulation<'a> {
    density: &'a dyn LogDensity,
    integrator: Integrator,
    streams: Streams,
    workers: &'a Workers,
    shards: Vec<Mutex<Shard<'a>>>,
    chunks: Vec<Mutex<Walkers>>,
    chains: usize,
    step: u64,
}

/// What takes the steps of one chunk after the other.
struct Shard<'a> {
    density: Box<dyn LogDensityEvaluator + Send + 'a>,
    step: Box<dyn Step + Send>,
    draws: ChainDraws,
}

impl<'a> Simulation<'a> {
    /// A chain from each row of `start` (`chains × D`, in the units of the data); velocities are drawn from N(0, kT/m). A row that is not
    /// finite, or where the density is not, is a chain that blew up at step 0.
    ///
    /// # Errors
    /// [`Error::Config`] as [`Dynamics::validate`] says, and if the integrator needs log q of a density that has none;
    /// [`Error::Dimension`] if `start` is not a whole number of rows; as [`LogDensity::evaluator`].
    pub fn new(
        density: &'a dyn LogDensity, integrator: &Integrator, dynamics: &Dynamics, start: &[f64], seed: u64,
        workers: &'a Workers,
    ) -> Result<Self, Error> {
        let dim = density.dim().max(1);
        if !start.len().is_multiple_of(dim) {
            return Err(Error::Dimension { what: "start".into(), expected: dim, found: start.len() % dim });
        }
        let chains = start.len() / dim;
        let mut state = State::at_rest(start.to_vec(), chains);
        if integrator.has_velocities {
            let mut draws = ChainDraws::default();
            draws.begin(&Streams::new(seed), 0, &(0..chains).collect::<Vec<_>>());
            draws.normal(&mut state.v);
            state.heat(dynamics);
        }
        Self::resume(density, integrator, dynamics, state, seed, workers)
    }

    /// Goes on from a state that a simulation with the same density, integrator, dynamics and seed came to.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn resume(
        density: &'a dyn LogDensity, integrator: &Integrator, dynamics: &Dynamics, state: State, seed: u64,
        workers: &'a Workers,
    ) -> Result<Self, Error> {
        dynamics.validate()?;
        if integrator.needs_values && !density.has_values() {
            return Err(Error::Config {
                origin: "integrator".into(),
                key: integrator.name.into(),
                reason: "needs log q, of which the gradient alone is known".into(),
            });
        }
        let (chains, dim) = (state.outcomes.len(), density.dim());
        if [state.x.len(), state.v.len()] != [chains * dim; 2] || state.accepted.len() != chains {
            return Err(Error::Dimension { what: "state".into(), expected: dim, found: state.x.len() / chains.max(1) });
        }
        // No chain's way depends on how many are taken together.
        let size = chains.div_ceil(workers.shards()).clamp(1, workers.chunk_rows());
        let shard = |_| {
            let (density, step) = (density.evaluator(size)?, (integrator.start)(dynamics));
            Ok(Mutex::new(Shard { density, step, draws: ChainDraws::default() }))
        };
        let shards: Result<Vec<_>, Error> = (0..workers.shards()).map(shard).collect();
        let chunk = |first: usize| Mutex::new(Walkers::of(&state, dim, first, chains.min(first + size)));
        let mut run = Self {
            density,
            integrator: *integrator,
            streams: Streams::new(seed),
            workers,
            shards: shards?,
            chunks: (0..chains).step_by(size).map(chunk).collect(),
            chains,
            step: state.step,
        };
        run.begin();
        Ok(run)
    }

    /// Steps taken.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Takes `steps` steps of every chain that goes on.
    pub fn advance(&mut self, steps: u64) {
        let (first, last) = (self.step + 1, self.step + steps);
        self.each_chunk(&|shard, chains| {
            for step in first..=last {
                if chains.rows() == 0 {
                    break;
                }
                shard.draws.begin(&self.streams, step, &chains.chains);
                shard.step.step(chains, shard.density.as_mut(), &mut shard.draws);
                chains.end_lost(step, &|x| self.density.is_far_off(x));
            }
        });
        self.step = last;
    }

    /// Where the chains are.
    #[must_use]
    pub fn state(&self) -> State {
        let mut state = State::at_rest(vec![0.0; self.chains * self.density.dim()], self.chains);
        state.step = self.step;
        for chunk in &self.chunks {
            chunk.lock().unwrap_or_else(PoisonError::into_inner).write(&mut state);
        }
        state
    }

    /// Evaluates the density where the chains are.
    fn begin(&mut self) {
        let (step, values) = (self.step, self.integrator.needs_values);
        self.each_chunk(&|shard, chains| {
            chains.evaluate(shard.density.as_mut(), values);
            chains.end_lost(step, &|x| self.density.is_far_off(x));
        });
    }

    fn each_chunk(&self, job: &(dyn Fn(&mut Shard<'a>, &mut Walkers) + Sync)) {
        self.workers.run(1, self.chunks.len(), &self.shards, |shard, chunk, _| {
            job(shard, &mut self.chunks[chunk].lock().unwrap_or_else(PoisonError::into_inner));
        });
    }
}
