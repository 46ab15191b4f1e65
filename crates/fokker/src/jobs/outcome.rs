//! How a row ended, as it is kept in `FILE.part`.

use crate::solve::Outcome;

/// The code of an outcome, and the t at which it was met, if it was at one.
pub(super) fn code(outcome: Outcome) -> (u8, f64) {
    match outcome {
        Outcome::Converged => (0, 0.0),
        Outcome::StepLimit { t } => (1, t),
        Outcome::NonFinite { t } => (2, t),
        Outcome::PrecisionFloor => (3, 0.0),
        Outcome::FarOut { t } => (4, t),
    }
}

/// The inverse of [`code`].
pub(super) fn outcome(code: u8, t: f64) -> Outcome {
    match code {
        0 => Outcome::Converged,
        1 => Outcome::StepLimit { t },
        3 => Outcome::PrecisionFloor,
        4 => Outcome::FarOut { t },
        _ => Outcome::NonFinite { t },
    }
}
