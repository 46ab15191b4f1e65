//! Heun's method on the probability-flow ODE.

use serde::{Deserialize, Serialize};

use super::super::field::Field;
use super::super::method::{FIXED, FixedStep, FixedSteps, Method, Plan, Setting};
use super::super::time_grid::TimeGrid;
use crate::Error;

/// The probability-flow ODE by Heun's method in σ/m (Karras et al. 2022, arXiv 2206.00364, algorithm 1, without churn):
/// order 2, two evaluations a step.
///
/// ```
/// use fokker::sample::{Heun, Sampler};
/// assert_eq!(Sampler::from(Heun::default()).steps(), Some(50));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heun {
    /// Number of steps.
    pub steps: usize,
    /// Where they lie.
    pub grid: TimeGrid,
    /// Ends with E\[x₀ | x\].
    pub denoise: bool,
}

impl Default for Heun {
    /// 50 steps in ln(m/σ), denoised.
    fn default() -> Self {
        Self { steps: 50, grid: TimeGrid::LogSnr, denoise: true }
    }
}

impl Method for Heun {
    const ABOUT: &'static str = "The probability-flow ODE by Heun's method";

    const SETTINGS: &'static [Setting] = &FIXED;

    fn plan(&self) -> Result<Plan, Error> {
        Ok(Plan::Steps(FixedSteps::new(self.steps, self.grid, self.denoise, HeunStep::default)?))
    }
}

/// What takes the steps.
///
/// In y = x/m and v = σ/m the ODE is dy/dv = ε, ε = −σ s, for every linear SDE: algorithm 1 of Karras et al. with their best schedule,
/// s(t) = 1 and σ(t) = t. From v to v′, in terms of x: x′ = (m′/m) x + m′ (v′ − v) (ε + ε′)/2, with ε′ at the end of an Euler step.
#[derive(Default)]
struct HeunStep {
    score: Vec<f64>,
    end_score: Vec<f64>,
    end: Vec<f64>,
}

impl FixedStep for HeunStep {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let (from, to) = (field.sde().at(grid[at]), field.sde().at(grid[at + 1]));
        let scale = to.m / from.m;
        let step = to.sigma - scale * from.sigma;
        field.score(from.t, x, &mut self.score);
        self.end.clear();
        self.end.extend(x.iter().zip(&self.score).map(|(x, s)| scale * x - step * from.sigma * s));
        field.score(to.t, &self.end, &mut self.end_score);
        for ((x, s), end) in x.iter_mut().zip(&self.score).zip(&self.end_score) {
            *x = scale * *x - 0.5 * step * (from.sigma * s + to.sigma * end);
        }
    }
}
