//! R_vec by slices: E_u (u·ε)² = ‖ε‖² for u ~ N(0, I), from forward parts alone, so one reverse pass in θ.

use fokker_jet::Real;

use super::cost;
use super::draw::{ChunkRows, Probing};
use super::{FpConfig, Norm};
use crate::Error;
use crate::residual::equation::{Directional, Probes, directional, seed_along, seed_directional};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, ScoreTape};

/// √(π/2): E|u·ε| = √(2/π) ‖ε‖.
const FIRST_MOMENT: f64 = 1.253_314_137_315_500_3;

/// u, the probes v (twice as many if `unbiased`), τ, and every pair (u, v).
pub(super) fn directions(config: &FpConfig, dim: usize) -> Result<Directions, Error> {
    let sets = if config.unbiased { 2 } else { 1 };
    cost::require(config.divergence, "loss.fp", 2 * sets, 3, dim)?;
    let n = sets * config.divergence.directions(dim);
    let mut kinds = vec![Space; 1 + n];
    kinds.push(Time);
    Ok((0..n).try_fold(Directions::new(&kinds), |d, j| d.pair(0, 1 + j))?)
}

/// The sum of w ‖ε‖ᵐ, [scaled](super::Scale), over the chunk; cotangents, times `scale`, are added to the seeds. Part 0.. must be computed.
pub(super) fn term<F: Real>(
    tape: &mut dyn ScoreTape<F>, rows: &ChunkRows<F>, config: &FpConfig, probing: &mut Probing<F>, scale: f64,
) -> f64 {
    let n = config.divergence.directions(rows.dim);
    let Probing { u, v, residual } = probing;
    let time = 1 + v.len() + 1;
    let d = |set: usize| Directional { u: &u[..], along: 1, mixed: time + 1 + set * n, time };
    let coefficient = config.divergence.coefficient();
    let probes = |set: usize| Probes { vectors: &v[set * n..(set + 1) * n], first: 2 + set * n, coefficient };
    let sets = if config.unbiased { 2 } else { 1 };
    for (set, r) in residual.iter_mut().enumerate().take(sets) {
        r.resize(rows.sde.len(), F::ZERO);
        directional(tape, rows.points(), d(set), &probes(set), r);
    }
    let sum = hold(rows, config, residual, scale);
    for (set, kappa) in residual.iter().enumerate().take(sets) {
        seed_directional(tape, rows.points(), d(set), |row| kappa[row]);
        seed_along(tape, rows.points(), d(set), &probes(set), |row| kappa[row]);
    }
    sum
}

/// The value; each r = u·ε turns into κ = scale ∂R/∂r.
fn hold<F: Real>(rows: &ChunkRows<F>, config: &FpConfig, residual: &mut [Vec<F>; 2], scale: f64) -> f64 {
    let factor = config.scale.factor(config.norm, rows.dim);
    let [first, second] = residual;
    let mut sum = 0.0;
    for (row, c) in rows.sde.iter().enumerate() {
        let weight = config.time_weight.at(c) * rows.weight[row] * factor;
        let r = first[row].as_f64();
        let (value, slope) = match (config.unbiased, config.norm) {
            (true, _) => {
                let q = second[row].as_f64();
                second[row] = F::of(scale * weight * r);
                (weight * r * q, weight * q)
            }
            (false, Norm::Second) => (weight * r * r, 2.0 * weight * r),
            (false, Norm::First) => {
                let w = weight * FIRST_MOMENT;
                (w * r.abs(), w * r.signum())
            }
        };
        sum += value;
        first[row] = F::of(scale * slope);
    }
    sum
}
