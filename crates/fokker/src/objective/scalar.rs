//! R_scalar: the log-density form, from one forward pass.

use fokker_jet::Real;

use super::cost;
use super::draw::{ChunkRows, Probing};
use super::{ScalarConfig, ScalarForm};
use crate::Error;
use crate::residual::equation::{Probes, log_density_rate, seed_log_density_rate};
use crate::score::{Directions, ScoreTape};

/// The probes alone.
pub(super) fn directions(config: &ScalarConfig, dim: usize) -> Result<Directions, Error> {
    cost::require(config.divergence, "loss.scalar", 1, 1, dim)?;
    Ok(Directions::space(config.divergence.directions(dim)))
}

/// The sum over the chunk; cotangents, times `scale`, are added to the seeds. For the product form rows 2i and 2i+1 have the same
/// t and independent x, and each pair counts for two rows.
pub(super) fn term<F: Real>(
    tape: &mut dyn ScoreTape<F>, rows: &ChunkRows<F>, config: &ScalarConfig, probing: &mut Probing<F>, scale: f64,
) -> f64 {
    let Probing { v, residual: [phi, kappa], .. } = probing;
    let probes = Probes { vectors: v, first: 1, coefficient: config.divergence.coefficient() };
    phi.resize(rows.sde.len(), F::ZERO);
    kappa.resize(rows.sde.len(), F::ZERO);
    log_density_rate(tape, rows.points(), &probes, phi);
    let mut sum = 0.0;
    #[allow(clippy::cast_precision_loss)]
    let dim = rows.dim as f64;
    match config.form {
        ScalarForm::Product => {
            for pair in 0..phi.len() / 2 {
                let (i, j) = (2 * pair, 2 * pair + 1);
                let weight = 2.0 * config.time_weight.at(&rows.sde[i]) * rows.weight[i];
                let (p, q) = (phi[i].as_f64(), phi[j].as_f64());
                sum += weight * p * q;
                kappa[i] = F::of(scale * weight * q);
                kappa[j] = F::of(scale * weight * p);
            }
        }
        ScalarForm::Published => {
            for (row, c) in rows.sde.iter().enumerate() {
                let weight = config.time_weight.at(c) * rows.weight[row] / dim;
                let value = phi[row].as_f64() + c.a * dim;
                sum += weight * value.abs();
                kappa[row] = F::of(scale * weight * value.signum());
            }
        }
    }
    seed_log_density_rate(tape, rows.points(), &probes, kappa);
    sum
}
