//! Reverse diffusion sampling: the reverse of a discretised forward process.

use serde::{Deserialize, Serialize};

use super::super::field::Field;
use super::super::method::{FIXED, FixedStep, FixedSteps, Method, Plan, Setting};
use super::super::time_grid::TimeGrid;
use crate::Error;
use crate::sde::Transition;

/// x ← x + (1 − R) x + Q s + √Q z with N(R x, Q I) the exact forward transition over the step, R = m′/m, Q = σ′² − R² σ²
/// (Song et al. 2021, arXiv 2011.13456, eq. 46; for VE and VP their appendix E): weak order 1, one evaluation a step.
///
/// ```
/// use fokker::sample::{ReverseDiffusion, Sampler};
/// assert_eq!(Sampler::from(ReverseDiffusion::default()).steps(), Some(500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReverseDiffusion {
    /// Number of steps.
    pub steps: usize,
    /// Where they lie.
    pub grid: TimeGrid,
    /// Ends with E\[x₀ | x\].
    pub denoise: bool,
}

impl Default for ReverseDiffusion {
    /// 500 steps in ln(m/σ), denoised.
    fn default() -> Self {
        Self { steps: 500, grid: TimeGrid::LogSnr, denoise: true }
    }
}

impl Method for ReverseDiffusion {
    const ABOUT: &'static str = "The reverse of a discretised forward process";

    const SETTINGS: &'static [Setting] = &FIXED;

    fn plan(&self) -> Result<Plan, Error> {
        Ok(Plan::Steps(FixedSteps::new(self.steps, self.grid, self.denoise, ReverseTransition::default)?.markov()))
    }
}

/// What takes the steps.
#[derive(Default)]
pub(super) struct ReverseTransition {
    score: Vec<f64>,
    noise: Vec<f64>,
}

impl FixedStep for ReverseTransition {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let (early, late) = (field.sde().at(grid[at + 1]), field.sde().at(grid[at]));
        let forward = Transition::between(&early, &late);
        self.noise.resize(x.len(), 0.0);
        field.score(grid[at], x, &mut self.score);
        field.noise(&mut self.noise);
        let spread = forward.std();
        for ((x, s), z) in x.iter_mut().zip(&self.score).zip(&self.noise) {
            *x += (1.0 - forward.scale) * *x + forward.variance * s + spread * z;
        }
    }
}
