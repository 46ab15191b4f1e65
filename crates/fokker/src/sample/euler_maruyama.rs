//! The reverse SDE dx = (a x − g² s) dt + g dw̄ by Euler–Maruyama.

use super::chunk::{Field, Scheme};
use crate::solve::{EulerMaruyama, NoisySystem};

/// The scheme of [`Sampler::EulerMaruyama`](super::Sampler::EulerMaruyama).
#[derive(Default)]
pub(super) struct ReverseEulerMaruyama {
    stepper: EulerMaruyama,
    score: Vec<f64>,
}

impl Scheme for ReverseEulerMaruyama {
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
            *dy = c.a * x - c.g2 * s;
        }
    }

    fn diffusion(&self, t: f64) -> f64 {
        self.field.sde().at(t).g2.sqrt()
    }

    fn noise(&mut self, z: &mut [f64]) {
        self.field.noise(z);
    }
}
