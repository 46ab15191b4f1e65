//! The integrator of ScoreMD's experiments (Plainer et al., NeurIPS 2025), exponential Euler:
//!
//! > v ← e v + ((1 − e)/γ) F/m + √(kT(1 − e²)/m) ξ,  x ← x + Δt v,  e = e^{−γΔt}
//!
//! In a harmonic well the variance of x is above kT/k by a part of order Δt²; it is here so that figures can be compared.

use crate::simulate::Dynamics;
use crate::simulate::density::LogDensityEvaluator;
use crate::simulate::draws::Draws;
use crate::simulate::integrator::{Integrator, Step};
use crate::simulate::walkers::{Walkers, add_scaled};

pub(super) const SCOREMD: Integrator = Integrator {
    name: "scoremd",
    about: "Underdamped, exponential Euler: for comparison with ScoreMD (Plainer et al. 2025)",
    has_velocities: true,
    needs_values: false,
    start: |dynamics| Box::new(ScoreMd { dynamics: *dynamics, z: Vec::new() }),
};

struct ScoreMd {
    dynamics: Dynamics,
    z: Vec<f64>,
}

impl Step for ScoreMd {
    fn step(&mut self, chains: &mut Walkers, density: &mut dyn LogDensityEvaluator, draws: &mut dyn Draws) {
        let Dynamics { dt, kt, mass, friction } = self.dynamics;
        let (left, noise) = self.dynamics.thermostat();
        let kick = -(-friction * dt).exp_m1() / friction * kt / mass;
        self.z.resize(chains.x.len(), 0.0);
        draws.normal(&mut self.z);
        for ((v, gradient), z) in chains.v.iter_mut().zip(&chains.gradient).zip(&self.z) {
            *v = left * *v + kick * gradient + noise * z;
        }
        add_scaled(&mut chains.x, dt, &chains.v);
        density.evaluate(&chains.x, &mut chains.gradient, None);
    }
}
