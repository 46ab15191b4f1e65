//! How a trajectory ended.

use std::fmt;

/// How a trajectory ended. Times are in the unit of the caller's t.
///
/// ```
/// use fokker::solve::Outcome;
/// assert!(Outcome::Converged.is_converged());
/// assert_eq!(Outcome::StepLimit { t: 0.5 }.to_string(), "step limit reached at t = 0.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It reached the end, every step within the tolerance.
    Converged,
    /// It reached the end, but the tolerance is below what rounding makes of the rates: steps whose estimated errors were as small as
    /// their rounding errors were taken, since shorter ones would not be better, or the rounding errors of all steps together are
    /// more than four times the error allowed to one. Evaluate the rate in a higher precision, or allow a larger tolerance.
    PrecisionFloor,
    /// It used up its steps. Allow more, or a larger tolerance.
    StepLimit {
        /// How far it came.
        t: f64,
    },
    /// The state or its rate became infinite or NaN, however small the step.
    NonFinite {
        /// The last time with a finite state.
        t: f64,
    },
    /// It was given up early, as points far from all data are: its rounding errors outgrew what the system allows
    /// ([`System::most_rounding`](super::System::most_rounding)), or its steps became so short that three times those left would not do.
    FarOut {
        /// How far it came.
        t: f64,
    },
}

impl Outcome {
    /// A number for how it ended, and the t at which it did, if it was at one.
    pub(crate) fn code(self) -> (u8, f64) {
        match self {
            Self::Converged => (0, 0.0),
            Self::StepLimit { t } => (1, t),
            Self::NonFinite { t } => (2, t),
            Self::PrecisionFloor => (3, 0.0),
            Self::FarOut { t } => (4, t),
        }
    }

    /// The inverse of [`code`](Self::code).
    pub(crate) fn of_code(code: u8, t: f64) -> Self {
        match code {
            0 => Self::Converged,
            1 => Self::StepLimit { t },
            3 => Self::PrecisionFloor,
            4 => Self::FarOut { t },
            _ => Self::NonFinite { t },
        }
    }

    /// Did it reach the end, every step within the tolerance?
    #[must_use]
    pub fn is_converged(self) -> bool {
        self == Self::Converged
    }

    /// Did it reach the end, be it at the [floor of the precision](Self::PrecisionFloor)?
    ///
    /// ```
    /// use fokker::solve::Outcome;
    /// assert!(Outcome::PrecisionFloor.has_value() && !Outcome::PrecisionFloor.is_converged());
    /// assert!(!Outcome::FarOut { t: 0.1 }.has_value());
    /// ```
    #[must_use]
    pub fn has_value(self) -> bool {
        matches!(self, Self::Converged | Self::PrecisionFloor)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converged => write!(f, "converged"),
            Self::PrecisionFloor => write!(f, "at the floor of the precision"),
            Self::StepLimit { t } => write!(f, "step limit reached at t = {t}"),
            Self::NonFinite { t } => write!(f, "not finite beyond t = {t}"),
            Self::FarOut { t } => write!(f, "far out, given up at t = {t}"),
        }
    }
}

/// One trajectory, integrated.
///
/// ```
/// use fokker::solve::{Dopri5, System};
/// struct Decay;
/// impl System for Decay {
///     fn rate(&mut self, _rows: &[usize], _t: &[f64], y: &[f64], dy: &mut [f64]) {
///         dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = -y);
///     }
/// }
/// let found = Dopri5::default().integrate(&mut Decay, (0.0, 1.0), &[1.0], 1, &mut |_| {});
/// assert!(found[0].outcome.is_converged());
/// assert!((found[0].y[0] - (-1.0_f64).exp()).abs() < 1e-5);
/// assert_eq!(found[0].evaluations, 2 + 6 * (found[0].steps + found[0].rejected));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// The state at the end if it [has one](Outcome::has_value), else at the time that `outcome` names.
    pub y: Vec<f64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: u64,
    /// Steps tried and given up.
    pub rejected: u64,
    /// Evaluations of the rate: two at the start, six for each step tried, and those that showed the size of rounding errors.
    pub evaluations: u64,
    /// The size of the rounding errors of all steps together, 1 at the error allowed to one step, where it was estimated; 0 where it was
    /// beyond doubt too small to matter.
    pub rounding: f64,
}
