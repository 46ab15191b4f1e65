//! Reverse diffusion sampling: the reverse of a discretised forward process.

use super::chunk::{Field, Scheme};
use crate::sde::{Coefficients, Sde};

/// The exact transition of the forward SDE between two times: x_to given x_from is N(scale x_from, variance I).
#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    pub scale: f64,
    pub variance: f64,
}

impl Transition {
    /// From an earlier to a later time: scale = m′/m, variance = σ′² − scale² σ².
    pub fn between(sde: &Sde, from: f64, to: f64) -> Self {
        let (early, late): (Coefficients, Coefficients) = (sde.at(from), sde.at(to));
        let scale = late.m / early.m;
        // Rounding could make the variance of a tiny step negative.
        let variance = (late.sigma * late.sigma - (scale * early.sigma).powi(2)).max(0.0);
        Self { scale, variance }
    }
}

/// The scheme of [`Sampler::ReverseDiffusion`](super::Sampler::ReverseDiffusion).
#[derive(Default)]
pub(super) struct ReverseDiffusion {
    score: Vec<f64>,
    noise: Vec<f64>,
}

impl Scheme for ReverseDiffusion {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let Transition { scale, variance } = Transition::between(field.sde(), grid[at + 1], grid[at]);
        self.noise.resize(x.len(), 0.0);
        field.score(grid[at], x, &mut self.score);
        field.noise(&mut self.noise);
        let spread = variance.sqrt();
        for ((x, s), z) in x.iter_mut().zip(&self.score).zip(&self.noise) {
            *x += (1.0 - scale) * *x + variance * s + spread * z;
        }
    }
}
