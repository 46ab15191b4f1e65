//! What became of a chain.

use std::fmt;

/// What became of a chain.
///
/// ```
/// use fokker::simulate::ChainOutcome;
/// assert!(ChainOutcome::Finished.is_finished());
/// assert_eq!(ChainOutcome::BlownUp { step: 7 }.to_string(), "blown up at step 7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainOutcome {
    /// It took all its steps (or still goes on).
    Finished,
    /// Its position, velocity or gradient became infinite or NaN, or it went [far off](super::LogDensity::is_far_off): Δt is too large for
    /// the forces there. Take a smaller one.
    BlownUp {
        /// The step after which this was so, from 1; 0: it started so.
        step: u64,
    },
}

impl ChainOutcome {
    /// Did it take all its steps?
    #[must_use]
    pub fn is_finished(self) -> bool {
        self == Self::Finished
    }
}

impl fmt::Display for ChainOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => write!(f, "finished"),
            Self::BlownUp { step } => write!(f, "blown up at step {step}"),
        }
    }
}
