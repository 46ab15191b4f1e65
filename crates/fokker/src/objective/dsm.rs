//! Denoising score matching: J_DSM = ½ E λ(t) ‖s + z/σ‖² (Vincent 2011; Song et al. 2021, arXiv 2011.13456, eq. 7).

use fokker_jet::Real;

use super::Weighting;
use super::draw::ChunkRows;
use crate::score::ScoreTape;

/// The term's sum over the chunk; its cotangents, times `scale`, are added to the seeds of s.
pub(super) fn term<F: Real>(tape: &mut dyn ScoreTape<F>, rows: &ChunkRows<F>, weighting: Weighting, scale: f64) -> f64 {
    let dim = rows.dim;
    let (s, seed) = tape.part_and_seed(0, 0);
    let mut sum = 0.0;
    for (row, c) in rows.sde.iter().enumerate() {
        let weight = weighting.lambda(c) * rows.weight[row];
        let (inverse, k) = (F::of(1.0 / c.sigma), F::of(scale * weight));
        let mut square = F::ZERO;
        for i in row * dim..(row + 1) * dim {
            let error = s[i] + rows.z[i] * inverse;
            square += error * error;
            seed[i] += k * error;
        }
        sum += 0.5 * weight * square.as_f64();
    }
    sum
}
