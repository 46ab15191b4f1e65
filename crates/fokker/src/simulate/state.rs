//! Where chains are: all that is needed to go on.

use super::dynamics::Dynamics;
use super::outcome::ChainOutcome;

/// Where all chains are after a number of steps. A [`Simulation`](super::Simulation) that goes on from it is, bit for bit, the one that was
/// not interrupted.
///
/// ```
/// use fokker::simulate::{ChainOutcome, State};
/// let state = State {
///     step: 10, x: vec![0.5, f64::NAN], v: vec![2.0, f64::NAN],
///     outcomes: vec![ChainOutcome::Finished, ChainOutcome::BlownUp { step: 4 }], accepted: vec![9, 3],
/// };
/// assert_eq!((state.running(), state.blown_up()), (1, 1));
/// assert_eq!(state.acceptance(), Some(12.0 / 14.0));
/// assert_eq!(state.kinetic_temperature(3.0), Some(12.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps taken.
    pub step: u64,
    /// Positions, `chains × D`, in the units of the data; NaN for chains that blew up.
    pub x: Vec<f64>,
    /// Velocities, likewise; 0 for integrators without.
    pub v: Vec<f64>,
    /// What became of each chain so far.
    pub outcomes: Vec<ChainOutcome>,
    /// Steps that were accepted, of each chain; 0 for integrators that propose none.
    pub accepted: Vec<u64>,
}

impl State {
    /// Chains that go on.
    #[must_use]
    pub fn running(&self) -> usize {
        self.outcomes.len() - self.blown_up()
    }

    /// Chains that blew up.
    #[must_use]
    pub fn blown_up(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.is_finished()).count()
    }

    /// The part of all proposals that was accepted; `None` before the first step.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn acceptance(&self) -> Option<f64> {
        let steps = |outcome: &ChainOutcome| match outcome {
            ChainOutcome::Finished => self.step,
            ChainOutcome::BlownUp { step } => *step,
        };
        let proposed: f64 = self.outcomes.iter().map(|outcome| steps(outcome) as f64).sum();
        let accepted: f64 = self.accepted.iter().map(|&accepted| accepted as f64).sum();
        (proposed > 0.0).then(|| accepted / proposed)
    }

    /// The mean of m v² over coordinates and running chains, which is kT where velocities are in equilibrium; `None` if no chain runs.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn kinetic_temperature(&self, mass: f64) -> Option<f64> {
        let (sum, count) = self.v.iter().filter(|v| !v.is_nan()).fold((0.0, 0_u64), |(s, n), v| (s + v * v, n + 1));
        (count > 0).then(|| mass * sum / count as f64)
    }

    /// At the start: all chains at rest at `x`.
    pub(super) fn at_rest(x: Vec<f64>, chains: usize) -> Self {
        let v = vec![0.0; x.len()];
        Self { step: 0, x, v, outcomes: vec![ChainOutcome::Finished; chains], accepted: vec![0; chains] }
    }

    /// Makes standard normal numbers velocities in equilibrium, N(0, kT/m).
    pub(super) fn heat(&mut self, dynamics: &Dynamics) {
        let thermal = (dynamics.kt / dynamics.mass).sqrt();
        self.v.iter_mut().for_each(|v| *v *= thermal);
    }
}
