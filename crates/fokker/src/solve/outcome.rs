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
    /// It used up its steps. Allow more, or a larger tolerance; in `f32` a tolerance far below 1e-6 cannot be met.
    StepLimit {
        /// How far it came.
        t: f64,
    },
    /// The state or its rate became infinite or NaN, however small the step.
    NonFinite {
        /// The last time with a finite state.
        t: f64,
    },
}

impl Outcome {
    /// Did it reach the end?
    #[must_use]
    pub fn is_converged(self) -> bool {
        self == Self::Converged
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converged => write!(f, "converged"),
            Self::StepLimit { t } => write!(f, "step limit reached at t = {t}"),
            Self::NonFinite { t } => write!(f, "not finite beyond t = {t}"),
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
    /// The state at the end if it [converged](Outcome::Converged), else at the time that `outcome` names.
    pub y: Vec<f64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: u64,
    /// Steps tried and given up.
    pub rejected: u64,
    /// Evaluations of the rate.
    pub evaluations: u64,
}
