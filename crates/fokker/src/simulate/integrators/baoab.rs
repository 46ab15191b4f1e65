//! BAOAB (Leimkuhler & Matthews 2013, Applied Mathematics Research eXpress 2013(1), p. 34):
//!
//! > v ← v + ½Δt F/m,  x ← x + ½Δt v,  v ← e v + √(kT(1 − e²)/m) ξ,  x ← x + ½Δt v,  v ← v + ½Δt F/m,  e = e^{−γΔt}
//!
//! In a harmonic well the variance of x is kT/k for every stable Δt; elsewhere its error is of order Δt², of Δt⁴ at high friction.

use crate::simulate::Dynamics;
use crate::simulate::density::LogDensityEvaluator;
use crate::simulate::draws::Draws;
use crate::simulate::integrator::{Integrator, Step};
use crate::simulate::walkers::{Walkers, add_scaled};

pub(super) const BAOAB: Integrator = Integrator {
    name: "baoab",
    about: "Underdamped; positions exact in a harmonic well (Leimkuhler & Matthews 2013)",
    has_velocities: true,
    needs_values: false,
    start: |dynamics| Box::new(Baoab { dynamics: *dynamics, z: Vec::new() }),
};

struct Baoab {
    dynamics: Dynamics,
    z: Vec<f64>,
}

impl Step for Baoab {
    fn step(&mut self, chains: &mut Walkers, density: &mut dyn LogDensityEvaluator, draws: &mut dyn Draws) {
        let Dynamics { dt, kt, mass, .. } = self.dynamics;
        let (half, kick) = (0.5 * dt, 0.5 * dt * kt / mass);
        let (left, noise) = self.dynamics.thermostat();
        self.z.resize(chains.x.len(), 0.0);
        draws.normal(&mut self.z);
        add_scaled(&mut chains.v, kick, &chains.gradient);
        add_scaled(&mut chains.x, half, &chains.v);
        chains.v.iter_mut().zip(&self.z).for_each(|(v, z)| *v = left * *v + noise * z);
        add_scaled(&mut chains.x, half, &chains.v);
        density.evaluate(&chains.x, &mut chains.gradient, None);
        add_scaled(&mut chains.v, kick, &chains.gradient);
    }
}
