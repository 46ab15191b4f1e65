//! The probability-flow ODE with adaptive steps.

use serde::{Deserialize, Serialize};

use super::super::method::{Method, Plan, Setting, Values};
use super::super::request::wrong;
use crate::Error;
use crate::solve::{Limits, Tolerance};

/// The ODE dx/dt = a x − ½ g² s from T to t_min, adaptive (Song et al. 2021, arXiv 2011.13456, eq. 13).
///
/// ```
/// use fokker::{sample::{ProbabilityFlow, Sampler}, solve::Tolerance};
/// let fine = Sampler::from(ProbabilityFlow { tolerance: Tolerance::both(1e-8), ..ProbabilityFlow::default() });
/// assert!(fine.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbabilityFlow {
    /// The error allowed to one step.
    pub tolerance: Tolerance,
    /// The most steps of one row, rejected ones included.
    pub step_limit: usize,
}

impl Default for ProbabilityFlow {
    /// Tolerance 1e-5, 10,000 steps.
    fn default() -> Self {
        Self { tolerance: Tolerance::default(), step_limit: 10_000 }
    }
}

impl Method for ProbabilityFlow {
    const ABOUT: &'static str = "The probability-flow ODE, adaptive";

    const SETTINGS: &'static [Setting] =
        &[Setting { key: "tolerance", about: "Tolerance of the probability-flow ODE", values: Values::Tolerance }];

    fn plan(&self) -> Result<Plan, Error> {
        if !self.tolerance.is_usable() {
            return Err(wrong("tolerance", "must be positive and finite"));
        }
        if self.step_limit == 0 {
            return Err(wrong("step_limit", "must be at least 1"));
        }
        Ok(Plan::Adaptive(self.tolerance, Limits { steps: self.step_limit }))
    }
}
