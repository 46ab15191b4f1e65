//! The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, Bernoulli 2(4), p. 341): an [overdamped](super::overdamped) step
//! from x is a proposal y, which is accepted with the probability
//!
//! > min(1, q(y) p(x | y) / (q(x) p(y | x))),  p(y | x) = N(y; x + h ∇ log q(x), 2h),  h = kT Δt/(mγ)
//!
//! so that q is left alone exactly, whatever Δt is. With d = y − x and g = ∇ log q the logarithm of that ratio is
//!
//! > log q(y) − log q(x) − ½ d·(g(x) + g(y)) − ¼h (‖g(y)‖² − ‖g(x)‖²)
//!
//! A proposal where log q or its gradient is not finite is rejected.

use crate::simulate::density::LogDensityEvaluator;
use crate::simulate::draws::Draws;
use crate::simulate::integrator::{Integrator, Step};
use crate::simulate::walkers::Walkers;

pub(super) const MALA: Integrator = Integrator {
    name: "mala",
    about: "Overdamped, Metropolis-adjusted: exact for every dt; for models that give log q (Roberts & Tweedie 1996)",
    has_velocities: false,
    needs_values: true,
    start: |dynamics| Box::new(Mala { h: dynamics.overdamped_step(), ..Mala::default() }),
};

#[derive(Default)]
struct Mala {
    h: f64,
    /// Proposals, first the noise that makes them; their gradients and log-densities.
    y: Vec<f64>,
    gradient: Vec<f64>,
    log_density: Vec<f64>,
    /// A uniform number for each chain.
    u: Vec<f64>,
}

impl Step for Mala {
    fn step(&mut self, chains: &mut Walkers, density: &mut dyn LogDensityEvaluator, draws: &mut dyn Draws) {
        let (h, noise) = (self.h, (2.0 * self.h).sqrt());
        let (values, rows) = (chains.x.len(), chains.rows());
        self.y.resize(values, 0.0);
        self.gradient.resize(values, 0.0);
        self.log_density.resize(rows, 0.0);
        self.u.resize(rows, 0.0);
        draws.normal(&mut self.y);
        draws.uniform(&mut self.u);
        for ((y, x), gradient) in self.y.iter_mut().zip(&chains.x).zip(&chains.gradient) {
            *y = x + h * gradient + noise * *y;
        }
        density.evaluate(&self.y, &mut self.gradient, Some(&mut self.log_density));
        for row in 0..rows {
            let at = row * chains.dim..(row + 1) * chains.dim;
            let (x, g) = (&mut chains.x[at.clone()], &mut chains.gradient[at.clone()]);
            let (y, g_y) = (&self.y[at.clone()], &self.gradient[at]);
            let rise = self.log_density[row] - chains.log_density[row];
            // A comparison with NaN is false.
            if self.u[row].ln() < rise + log_proposals(h, x, y, g, g_y) && g_y.iter().all(|g| g.is_finite()) {
                x.copy_from_slice(y);
                g.copy_from_slice(g_y);
                chains.log_density[row] = self.log_density[row];
                chains.accepted[row] += 1;
            }
        }
    }
}

/// log p(x | y) − log p(y | x), from the points and the gradients there.
fn log_proposals(h: f64, x: &[f64], y: &[f64], g_x: &[f64], g_y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y).zip(g_x.iter().zip(g_y));
    pairs.map(|((x, y), (a, b))| -0.5 * (y - x) * (a + b) - 0.25 * h * (b - a) * (b + a)).sum()
}

#[cfg(test)]
mod tests {
    use super::log_proposals;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_ratio_of_proposals_is_that_of_two_normal_densities(
            h in 1e-3..2.0_f64,
            rows in proptest::collection::vec([-2.0..2.0_f64, -2.0..2.0_f64, -2.0..2.0_f64, -2.0..2.0_f64], 1..4),
        ) {
            let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<f64>>();
            let (x, y, g_x, g_y) = (column(0), column(1), column(2), column(3));
            let log_p = |to: &[f64], from: &[f64], g: &[f64]| -> f64 {
                let square = |((to, from), g): ((&f64, &f64), &f64)| (to - from - h * g).powi(2);
                -to.iter().zip(from).zip(g).map(square).sum::<f64>() / (4.0 * h)
            };
            let expected = log_p(&x, &y, &g_y) - log_p(&y, &x, &g_x);
            prop_assert!((log_proposals(h, &x, &y, &g_x, &g_y) - expected).abs() < 1e-9 * (1.0 + 1.0 / h));
            // The way back has the opposite sign.
            let back = log_proposals(h, &y, &x, &g_y, &g_x);
            prop_assert!((log_proposals(h, &x, &y, &g_x, &g_y) + back).abs() < 1e-12);
        }
    }
}
