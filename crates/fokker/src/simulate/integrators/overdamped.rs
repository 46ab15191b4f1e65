//! Euler–Maruyama for overdamped dynamics (Maruyama 1955, Rendiconti del Circolo Matematico di Palermo 4, p. 48):
//!
//! > x ← x + h ∇ log q + √(2h) ξ,  h = kT Δt/(mγ)
//!
//! In a harmonic well the variance of x is (kT/k)/(1 − Δt k/(2mγ)).

use crate::simulate::density::LogDensityEvaluator;
use crate::simulate::draws::Draws;
use crate::simulate::integrator::{Integrator, Step};
use crate::simulate::walkers::Walkers;

pub(super) const OVERDAMPED: Integrator = Integrator {
    name: "overdamped",
    about: "Overdamped, Euler-Maruyama: without velocities, with an error of order dt",
    has_velocities: false,
    needs_values: false,
    start: |dynamics| Box::new(Overdamped { h: dynamics.overdamped_step(), z: Vec::new() }),
};

struct Overdamped {
    h: f64,
    z: Vec<f64>,
}

impl Step for Overdamped {
    fn step(&mut self, chains: &mut Walkers, density: &mut dyn LogDensityEvaluator, draws: &mut dyn Draws) {
        let (h, noise) = (self.h, (2.0 * self.h).sqrt());
        self.z.resize(chains.x.len(), 0.0);
        draws.normal(&mut self.z);
        for ((x, gradient), z) in chains.x.iter_mut().zip(&chains.gradient).zip(&self.z) {
            *x += h * gradient + noise * z;
        }
        density.evaluate(&chains.x, &mut chains.gradient, None);
    }
}
