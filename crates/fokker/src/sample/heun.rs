//! Heun's method on the probability-flow ODE.

use super::chunk::{Field, Scheme};

/// The scheme of [`Sampler::Heun`](super::Sampler::Heun).
///
/// In y = x/m and v = σ/m the ODE is dy/dv = ε, ε = −σ s, for every linear SDE: algorithm 1 of Karras et al. 2022 (arXiv
/// 2206.00364) with their best schedule, s(t) = 1 and σ(t) = t. From v to v′, in terms of x:
/// x′ = (m′/m) x + m′ (v′ − v) (ε + ε′)/2, with ε′ at the end of an Euler step.
#[derive(Default)]
pub(super) struct Heun {
    score: Vec<f64>,
    end_score: Vec<f64>,
    end: Vec<f64>,
}

impl Scheme for Heun {
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
