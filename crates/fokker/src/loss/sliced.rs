//! R_vec by slices: E_u (u·ε)² = ‖ε‖² for u ~ N(0, I), from forward parts alone, so one reverse pass in θ.

use fokker_jet::{JetError, Real};

use super::objective::{PanelRows, Probing};
use super::{FpConfig, Norm};
use crate::residual::equation::{Directional, Probes, directional, seed_directional};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, ScoreTape};

/// √(π/2): E|u·ε| = √(2/π) ‖ε‖.
const FIRST_MOMENT: f64 = 1.253_314_137_315_500_3;

/// u, the probes v (twice as many if `unbiased`), τ, and every pair (u, v).
pub(super) fn directions(config: &FpConfig, dim: usize) -> Result<Directions, JetError> {
    let n = config.divergence.directions(dim) * if config.unbiased { 2 } else { 1 };
    let mut kinds = vec![Space; 1 + n];
    kinds.push(Time);
    (0..n).try_fold(Directions::new(&kinds), |d, j| d.pair(0, 1 + j))
}

/// The sum of w ‖ε‖ᵐ/Dᵐ over the panel; cotangents, times `scale`, are added to the seeds. Part 0.. must be computed.
pub(super) fn term<F: Real>(
    tape: &mut dyn ScoreTape<F>, rows: &PanelRows<F>, config: &FpConfig, probing: &Probing<F>, scale: f64,
) -> f64 {
    let n = config.divergence.directions(rows.dim);
    let time = 1 + probing.v.len() + 1;
    let d = |set: usize| Directional { u: &probing.u, along: 1, mixed: time + 1 + set * n, time };
    let probes = |set: usize| Probes {
        vectors: &probing.v[set * n..(set + 1) * n],
        first: 2 + set * n,
        coefficient: config.divergence.coefficient(),
    };
    let count = rows.sde.len();
    let mut first = vec![F::ZERO; count];
    directional(tape, rows.points(), d(0), &probes(0), &mut first);
    let second = config.unbiased.then(|| {
        let mut r = vec![F::ZERO; count];
        directional(tape, rows.points(), d(1), &probes(1), &mut r);
        r
    });
    #[allow(clippy::cast_precision_loss)]
    let dim = rows.dim as f64;
    let mut sum = 0.0;
    let mut kappa = vec![F::ZERO; count];
    let mut kappa_second = vec![F::ZERO; count];
    for row in 0..count {
        let weight = config.time_weight.at(&rows.sde[row]) * rows.weight[row];
        let r = first[row].as_f64();
        match (&second, config.norm) {
            (Some(second), _) => {
                let (w, q) = (weight / (dim * dim), second[row].as_f64());
                sum += w * r * q;
                kappa[row] = F::of(scale * w * q);
                kappa_second[row] = F::of(scale * w * r);
            }
            (None, Norm::Second) => {
                let w = weight / (dim * dim);
                sum += w * r * r;
                kappa[row] = F::of(scale * 2.0 * w * r);
            }
            (None, Norm::First) => {
                let w = weight * FIRST_MOMENT / dim;
                sum += w * r.abs();
                kappa[row] = F::of(scale * w * r.signum());
            }
        }
    }
    seed_directional(tape, rows.points(), d(0), &probes(0), &kappa);
    if config.unbiased {
        seed_directional(tape, rows.points(), d(1), &probes(1), &kappa_second);
    }
    sum
}
