//! DPM-Solver++(2M) on the probability-flow ODE.

use serde::{Deserialize, Serialize};

use super::super::field::Field;
use super::super::method::{FIXED, FixedStep, FixedSteps, Method, Plan, Setting};
use super::super::time_grid::TimeGrid;
use crate::Error;
use crate::sde::Coefficients;

/// Fewer steps than these end with one of first order, if that is asked for: as in the authors' code.
const FEW: usize = 15;

/// The probability-flow ODE by DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2): order 2, one evaluation a
/// step. The first step is of order 1.
///
/// ```
/// use fokker::sample::{DpmSolverPp, Sampler};
/// assert_eq!(Sampler::from(DpmSolverPp::default()).steps(), Some(50));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DpmSolverPp {
    /// Number of steps.
    pub steps: usize,
    /// Where they lie.
    pub grid: TimeGrid,
    /// Makes the last step of fewer than 15 one of order 1, which is steadier.
    pub lower_order_final: bool,
    /// Ends with E\[x₀ | x\].
    pub denoise: bool,
}

impl Default for DpmSolverPp {
    /// 50 steps in ln(m/σ), a last one of order 1 if there are few, denoised.
    fn default() -> Self {
        Self { steps: 50, grid: TimeGrid::LogSnr, lower_order_final: true, denoise: true }
    }
}

impl Method for DpmSolverPp {
    const ABOUT: &'static str = "The probability-flow ODE by DPM-Solver++(2M)";

    const SETTINGS: &'static [Setting] = &FIXED;

    fn plan(&self) -> Result<Plan, Error> {
        let lower_order_final = self.lower_order_final;
        let start = move || Multistep { lower_order_final, ..Multistep::default() };
        Ok(Plan::Steps(FixedSteps::new(self.steps, self.grid, self.denoise, start)?))
    }
}

/// What takes the steps.
///
/// With α = m in the paper's notation: the linear part of the ODE is solved exactly, the prediction of the data x̂ = (x + σ² s)/m
/// extrapolated linearly in λ = ln(m/σ) from the last two.
#[derive(Default)]
struct Multistep {
    lower_order_final: bool,
    score: Vec<f64>,
    /// x̂ at the last step's start.
    before: Vec<f64>,
    data: Vec<f64>,
}

impl FixedStep for Multistep {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let lambda = |c: &Coefficients| c.m.ln() - c.sigma.ln();
        let (from, to) = (field.sde().at(grid[at]), field.sde().at(grid[at + 1]));
        let h = lambda(&to) - lambda(&from);
        field.score(from.t, x, &mut self.score);
        std::mem::swap(&mut self.before, &mut self.data);
        self.data.clear();
        self.data.extend(x.iter().zip(&self.score).map(|(x, s)| from.denoised(*x, *s)));
        let steps = grid.len() - 1;
        let is_last_of_few = self.lower_order_final && steps < FEW && at + 1 == steps;
        // 1/(2 r), r = h_last/h: the share of the difference that the extrapolation adds.
        let share = if at == 0 || is_last_of_few {
            0.0
        } else {
            0.5 * h / (lambda(&from) - lambda(&field.sde().at(grid[at - 1])))
        };
        let (keep, take) = (to.sigma / from.sigma, -to.m * (-h).exp_m1());
        for (i, x) in x.iter_mut().enumerate() {
            let slope = if share == 0.0 { 0.0 } else { self.data[i] - self.before[i] };
            *x = keep * *x + take * (self.data[i] + share * slope);
        }
    }
}
