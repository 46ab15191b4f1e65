//! The log-density form of the score FPE for an energy model, row by row: ρ = ∂ₜ log q − φ, φ = ½g²(Δ log q + ‖s‖²) − a x·s − a D
//! (Lai et al. 2023, arXiv 2210.04296, eq. 5; s = ∇ₓ log q). The tape's parts are those of log q.

use std::borrow::Borrow;

use super::equation::Points;
use crate::rows::Rows;
use crate::score::RowTape;

/// Where the parts of ρ are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogDensity {
    /// The part ∂ₜ log q.
    pub time: usize,
    /// The first of the parts vᵀ∇²(log q) v, of which there are so many.
    pub second: usize,
    pub probes: usize,
    /// Δ log q is c times their sum.
    pub coefficient: f64,
}

/// ρ, one number a row, into `out`; `s` is ∇ₓ log q.
pub(crate) fn log_density<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &T, points: Points<'_, R>, parts: LogDensity, s: &R::Array, out: &mut R::Array,
) {
    points.each(|at| {
        let (a, half) = (points.number(at, |c| c.a), points.number(at, |c| 0.5 * c.g2));
        #[allow(clippy::cast_precision_loss)]
        let dim = R::constant(at, points.dim as f64);
        let second = (0..parts.probes).map(|j| R::get(at, tape.part(parts.second + j)));
        let laplacian = second.fold(R::constant(at, 0.0), |sum, part| sum + part) * R::constant(at, parts.coefficient);
        let phi = half * (laplacian + R::dot(at, s, s)) - a * (R::dot(at, points.x, s) + dim);
        R::put(at, out, R::get(at, tape.part(parts.time)) - phi);
    });
}

/// Adds κ (of the row) times the gradient of ρ to the seeds of its parts, and with respect to s to `d`, the direction along which
/// log q is differentiated once more: κ (a x − g² s).
pub(crate) fn seed_log_density<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, parts: LogDensity, kappa: &R::Array, s: &R::Array, d: &mut R::Array,
) {
    let seed = tape.seed(parts.time);
    points.each(|at| R::put(at, seed, R::get(at, seed) + R::get(at, kappa)));
    for j in 0..parts.probes {
        let seed = tape.seed(parts.second + j);
        points.each(|at| {
            let half = R::get(at, kappa) * points.number(at, |c| -0.5 * c.g2 * parts.coefficient);
            R::put(at, seed, R::get(at, seed) + half);
        });
    }
    points.each(|at| {
        let k = R::get(at, kappa);
        let (ka, kg2) = (k.clone() * points.number(at, |c| c.a), -k * points.number(at, |c| c.g2));
        R::accumulate(at, d, [(ka, points.x.borrow()), (kg2, s)]);
    });
}
