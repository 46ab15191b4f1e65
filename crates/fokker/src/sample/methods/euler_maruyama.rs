//! The reverse SDE by Euler–Maruyama.

use serde::{Deserialize, Serialize};

use super::super::field::Field;
use super::super::method::{FIXED, FixedStep, FixedSteps, Method, Plan, Setting};
use super::super::time_grid::TimeGrid;
use crate::Error;
use crate::flow::reverse_drift;
use crate::solve::{self, NoisySystem};

/// The reverse SDE dx = (a x − g² s) dt + g dw̄ (Anderson 1982, Stoch. Proc. Appl. 12(3); Song et al. 2021, arXiv 2011.13456, eq. 6) by
/// Euler–Maruyama: weak order 1, one evaluation a step.
///
/// ```
/// use fokker::sample::{EulerMaruyama, TimeGrid};
/// let defaults = EulerMaruyama::default();
/// assert_eq!((defaults.steps, defaults.grid, defaults.denoise), (500, TimeGrid::LogSnr, true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EulerMaruyama {
    /// Number of steps.
    pub steps: usize,
    /// Where they lie.
    pub grid: TimeGrid,
    /// Ends with E\[x₀ | x\].
    pub denoise: bool,
}

impl Default for EulerMaruyama {
    /// 500 steps in ln(m/σ), denoised.
    fn default() -> Self {
        Self { steps: 500, grid: TimeGrid::LogSnr, denoise: true }
    }
}

impl Method for EulerMaruyama {
    const ABOUT: &'static str = "The reverse SDE by Euler-Maruyama";

    const SETTINGS: &'static [Setting] = &FIXED;

    fn plan(&self) -> Result<Plan, Error> {
        Ok(Plan::Steps(FixedSteps::new(self.steps, self.grid, self.denoise, ReverseEulerMaruyama::default)?.markov()))
    }
}

/// What takes the steps.
#[derive(Default)]
pub(super) struct ReverseEulerMaruyama {
    stepper: solve::EulerMaruyama,
    score: Vec<f64>,
}

impl FixedStep for ReverseEulerMaruyama {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let mut system = ReverseSde { field, score: &mut self.score };
        self.stepper.step(&mut system, grid[at], grid[at + 1] - grid[at], x);
    }
}

/// The reverse SDE of a field.
struct ReverseSde<'a> {
    field: &'a mut dyn Field,
    score: &'a mut Vec<f64>,
}

impl NoisySystem for ReverseSde<'_> {
    fn drift(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let c = self.field.sde().at(t);
        self.field.score(t, y, self.score);
        for ((dy, x), s) in dy.iter_mut().zip(y).zip(&*self.score) {
            *dy = reverse_drift(&c, *x, *s);
        }
    }

    fn diffusion(&self, t: f64) -> f64 {
        self.field.sde().at(t).g2.sqrt()
    }

    fn noise(&mut self, z: &mut [f64]) {
        self.field.noise(z);
    }
}
