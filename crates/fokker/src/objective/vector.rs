//! R_vec by the residual vector: its θ-gradient through a detached direction.
//!
//! ∇_θ R(ε) = ∇_θ (∂_wφ − w·∂ₜs) with w = −∂R/∂ε held constant. Pass 1 computes {s, s_v, ∂ₜs} and ε by one reverse pass in x; pass 2
//! adds the parts {s_w, s_wv} and ends in the reverse pass in θ. ∂_wφ is the derivative along w of the φ that pass 1 pulled back to
//! x, so the cotangents of {s_w, s_wv} are those of {s, s_v} there: w is the tangent of pass 1, and 15 forward-equivalents do.

use fokker_jet::Real;

use super::cost;
use super::draw::{ChunkRows, Probing};
use super::{FpConfig, Norm};
use crate::Error;
use crate::residual::equation::{self, Directional, Probes, seed_along, seed_directional};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, ScoreTape};

/// Probes v, τ, then one w per set of probes with its pairs (w, v).
pub(super) fn directions(config: &FpConfig, dim: usize) -> Result<Directions, Error> {
    let sets = if config.unbiased { 2 } else { 1 };
    cost::require(config.divergence, "loss.fp", 2 * sets, 2 + sets, dim)?;
    let n = config.divergence.directions(dim);
    let mut kinds = vec![Space; sets * n];
    kinds.push(Time);
    kinds.extend(vec![Space; sets]);
    let mut directions = Directions::new(&kinds);
    for set in 0..sets {
        for j in 0..n {
            directions = directions.pair(sets * n + 1 + set, set * n + j)?;
        }
    }
    // With two sets of probes each w belongs to a pass of its own.
    if config.unbiased { Ok(directions) } else { Ok(directions.tangent()?) }
}

/// Parts that pass 1 needs.
pub(super) fn first_pass(probing_vectors: usize) -> usize {
    1 + probing_vectors + 1
}

/// The sum of w ‖ε‖ᵐ, [scaled](super::Scale), over the chunk; cotangents, times `scale`, are added to the seeds. Only pass 1's parts need have been
/// computed, and the tape must be recording if there is one set of probes.
pub(super) fn term<F: Real>(
    tape: &mut dyn ScoreTape<F>, rows: &ChunkRows<F>, config: &FpConfig, probing: &mut Probing<F>, scale: f64,
) -> f64 {
    let n = config.divergence.directions(rows.dim);
    let sets = probing.v.len() / n.max(1);
    let time = 1 + sets * n;
    let coefficient = config.divergence.coefficient();
    for set in 0..sets {
        let probes = Probes { vectors: &probing.v[set * n..(set + 1) * n], first: 1 + set * n, coefficient };
        let out = &mut probing.residual[set];
        out.resize(rows.x.len(), F::ZERO);
        equation::vector(tape, rows.points(), &[probes], time, time, out);
    }
    let sum = hold(rows, config, probing, scale);
    for set in 0..sets {
        let w = &probing.residual[sets - 1 - set];
        tape.direction(time + set).copy_from_slice(w);
    }
    tape.forward(time + 1..1 + sets * n + 1 + sets + sets * n);
    for set in 0..sets {
        let d = Directional {
            u: &probing.residual[sets - 1 - set],
            along: time + 1 + set,
            mixed: time + 1 + sets + set * n,
            time,
        };
        let probes = Probes { vectors: &probing.v[set * n..(set + 1) * n], first: 1 + set * n, coefficient };
        seed_directional(tape, rows.points(), d, |_| -F::ONE);
        if config.unbiased {
            seed_along(tape, rows.points(), d, &probes, |_| -F::ONE);
        }
    }
    sum
}

/// The value; each ε turns into w = −scale ∂R/∂ε (of the other set's ε, if there are two sets of probes).
fn hold<F: Real>(rows: &ChunkRows<F>, config: &FpConfig, probing: &mut Probing<F>, scale: f64) -> f64 {
    let dim = rows.dim;
    let factor = config.scale.factor(config.norm, dim);
    let mut sum = 0.0;
    let last = if config.unbiased { 1 } else { 0 };
    for (row, c) in rows.sde.iter().enumerate() {
        let weight = config.time_weight.at(c) * rows.weight[row] * factor;
        let at = row * dim..(row + 1) * dim;
        let square = equation::dot(&probing.residual[0][at.clone()], &probing.residual[last][at.clone()]).as_f64();
        let (value, slope) = match (config.unbiased, config.norm) {
            (true, _) => (weight * square, weight),
            (false, Norm::Second) => (weight * square, 2.0 * weight),
            (false, Norm::First) => {
                let norm = square.sqrt();
                // Where ε is 0 (a network that begins with nothing of its own may satisfy the equation), 0 is a subgradient.
                (weight * norm, if norm > 0.0 { weight / norm } else { 0.0 })
            }
        };
        sum += value;
        let held = F::of(-scale * slope);
        for residual in &mut probing.residual[..=last] {
            residual[at.clone()].iter_mut().for_each(|e| *e *= held);
        }
    }
    sum
}
