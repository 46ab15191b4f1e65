//! What is said about all chains together.

use super::options::SimulateOptions;
use crate::simulate::{ChainOutcome, State};

/// What [`simulate`](super::simulate) wrote.
///
/// ```
/// use fokker::jobs::Simulated;
/// let found = Simulated { frames: 20, chains: 100, blown_up: 1, first: Some((7, 350)), acceptance: None };
/// assert_eq!(found.first, Some((7, 350)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// Frames.
    pub frames: u64,
    /// Chains.
    pub chains: usize,
    /// Chains that blew up; their frames from then on are NaN.
    pub blown_up: usize,
    /// The number of the first of them, from 0, and its step.
    pub first: Option<(usize, u64)>,
    /// The part of the proposals that was accepted, for an integrator that proposes.
    pub acceptance: Option<f64>,
}

impl Simulated {
    pub(super) fn of(options: &SimulateOptions, state: &State) -> Self {
        let first = state.outcomes.iter().enumerate().find_map(|(chain, outcome)| match outcome {
            ChainOutcome::BlownUp { step } => Some((chain, *step)),
            ChainOutcome::Finished => None,
        });
        Self {
            frames: options.frames(),
            chains: state.outcomes.len(),
            blown_up: state.blown_up(),
            first,
            acceptance: state.acceptance().filter(|_| options.integrator.needs_values),
        }
    }
}
