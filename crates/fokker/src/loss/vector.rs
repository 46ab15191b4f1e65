//! R_vec by the residual vector: its θ-gradient through a detached direction.
//!
//! ∇_θ R(ε) = ∇_θ (w·∂ₜs − ∂_wφ) with w = ∂R/∂ε held constant. Pass 1 computes {s, s_v, ∂ₜs} and ε by one reverse pass in x; pass 2
//! adds the parts {s_w, s_wv} and ends in the reverse pass in θ.

use fokker_jet::{JetError, Real};

use super::objective::{PanelRows, Probing};
use super::{FpConfig, Norm};
use crate::residual::equation::{self, Directional, Probes, seed_directional};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, ScoreTape};

/// Probes v, τ, then one w per set of probes with its pairs (w, v).
pub(super) fn directions(config: &FpConfig, dim: usize) -> Result<Directions, JetError> {
    let n = config.divergence.directions(dim);
    let sets = if config.unbiased { 2 } else { 1 };
    let mut kinds = vec![Space; sets * n];
    kinds.push(Time);
    kinds.extend(vec![Space; sets]);
    let mut directions = Directions::new(&kinds);
    for set in 0..sets {
        for j in 0..n {
            directions = directions.pair(sets * n + 1 + set, set * n + j)?;
        }
    }
    Ok(directions)
}

/// Parts that pass 1 needs.
pub(super) fn first_pass(probing_vectors: usize) -> usize {
    1 + probing_vectors + 1
}

/// The sum of w ‖ε‖ᵐ/Dᵐ over the panel; cotangents, times `scale`, are added to the seeds. Only pass 1's parts need have been
/// computed.
pub(super) fn term<F: Real>(
    tape: &mut dyn ScoreTape<F>, rows: &PanelRows<F>, config: &FpConfig, probing: &mut Probing<F>, scale: f64,
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
        seed_directional(tape, rows.points(), d, &probes, &probing.kappa);
    }
    sum
}

/// The value, and κ such that ∂R/∂ε = κ ε (of the other set of probes, if there are two).
fn hold<F: Real>(rows: &PanelRows<F>, config: &FpConfig, probing: &mut Probing<F>, scale: f64) -> f64 {
    let dim = rows.dim;
    #[allow(clippy::cast_precision_loss)]
    let d = dim as f64;
    probing.kappa.clear();
    let mut sum = 0.0;
    let last = if config.unbiased { 1 } else { 0 };
    for (row, c) in rows.sde.iter().enumerate() {
        let weight = config.time_weight.at(c) * rows.weight[row];
        let at = row * dim..(row + 1) * dim;
        let square = equation::dot(&probing.residual[0][at.clone()], &probing.residual[last][at]).as_f64();
        let (value, kappa) = match (config.unbiased, config.norm) {
            (true, _) => (weight * square / (d * d), weight / (d * d)),
            (false, Norm::Second) => (weight * square / (d * d), 2.0 * weight / (d * d)),
            (false, Norm::First) => {
                let norm = square.sqrt();
                (weight * norm / d, weight / (d * norm.max(f64::MIN_POSITIVE)))
            }
        };
        sum += value;
        probing.kappa.push(F::of(scale * kappa));
    }
    sum
}
