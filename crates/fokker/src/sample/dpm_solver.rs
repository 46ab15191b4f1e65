//! DPM-Solver++(2M) on the probability-flow ODE.

use super::chunk::{Field, Scheme};
use crate::sde::Coefficients;

/// Fewer steps than these end with one of first order, if that is asked for: as in the authors' code.
const FEW: usize = 15;

/// The scheme of [`Sampler::DpmSolverPp`](super::Sampler::DpmSolverPp).
///
/// Lu et al. 2022, arXiv 2211.01095, algorithm 2, with α = m: the linear part of the ODE is solved exactly, the prediction of the
/// data x̂ = (x + σ² s)/m extrapolated linearly in λ = ln(m/σ) from the last two.
pub(super) struct DpmSolver {
    lower_order_final: bool,
    score: Vec<f64>,
    /// x̂ at the last step's start.
    before: Vec<f64>,
    data: Vec<f64>,
}

impl DpmSolver {
    pub fn new(lower_order_final: bool) -> Self {
        Self { lower_order_final, score: Vec::new(), before: Vec::new(), data: Vec::new() }
    }
}

impl Scheme for DpmSolver {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let lambda = |c: &Coefficients| c.m.ln() - c.sigma.ln();
        let (from, to) = (field.sde().at(grid[at]), field.sde().at(grid[at + 1]));
        let h = lambda(&to) - lambda(&from);
        field.score(from.t, x, &mut self.score);
        std::mem::swap(&mut self.before, &mut self.data);
        self.data.clear();
        self.data.extend(x.iter().zip(&self.score).map(|(x, s)| (x + from.sigma * from.sigma * s) / from.m));
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
