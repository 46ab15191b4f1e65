//! Simulations against closed forms.

mod chains;
mod double_well;
mod harmonic;
mod temperature;

use fokker_jet::cpu::Workers;

use super::{Dynamics, Integrator, LogDensity, LogDensityFn, Simulation, State};
use crate::stats::MeanSe;

fn integrator(name: &str) -> Integrator {
    Integrator::named(name).unwrap()
}

fn workers() -> Workers {
    Workers::new(2, 64).unwrap()
}

/// A harmonic well U = ½ k x² in each dimension, at kT.
fn well(dim: usize, k: f64, kt: f64) -> LogDensityFn<'static> {
    LogDensityFn::new(dim, move |x, gradient| {
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -k * x / kt);
        -0.5 * k / kt * x.iter().map(|x| x * x).sum::<f64>()
    })
}

/// How a mean over time is taken.
struct Means<'a> {
    density: &'a dyn LogDensity,
    name: &'a str,
    dynamics: Dynamics,
    start: Vec<f64>,
    burn_in: u64,
    frames: u64,
    every: u64,
}

impl Means<'_> {
    /// The mean of `of(x, v)` over time, with its standard error over chains, which know nothing of each other.
    fn of<const N: usize>(&self, seed: u64, of: impl Fn(&[f64], &[f64]) -> [f64; N]) -> [MeanSe; N] {
        let (workers, dim) = (workers(), self.density.dim());
        let method = integrator(self.name);
        let mut run = Simulation::new(self.density, &method, &self.dynamics, &self.start, seed, &workers).unwrap();
        run.advance(self.burn_in);
        let mut sums = vec![[0.0; N]; self.start.len() / dim];
        for _ in 0..self.frames {
            run.advance(self.every);
            let State { x, v, .. } = run.state();
            for (sum, (x, v)) in sums.iter_mut().zip(x.chunks(dim).zip(v.chunks(dim))) {
                sum.iter_mut().zip(of(x, v)).for_each(|(sum, value)| *sum += value / self.frames as f64);
            }
        }
        std::array::from_fn(|at| MeanSe::of(&sums.iter().map(|sum| sum[at]).collect::<Vec<_>>()))
    }
}

/// How many standard errors a mean is off.
fn errors(found: MeanSe, truth: f64) -> f64 {
    ((found.mean - truth) / found.se).abs()
}
