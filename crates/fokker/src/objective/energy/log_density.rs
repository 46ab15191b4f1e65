//! R_scalar of an energy model: E w(t) |ρ|ᵐ, [scaled](super::super::fp::Scale), ρ = ∂ₜ log q − φ.

use std::borrow::{Borrow, BorrowMut};

use super::super::cost;
use super::super::fp::{FpConfig, NAME, Norm, TABLE};
use super::super::term::{Chunk, Needs, Share, Term, TermName};
use crate::Error;
use crate::residual::energy::{LogDensity, log_density, seed_log_density};
use crate::rows::{Rows, Scalar};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, RowTape};

/// The term.
#[derive(Clone, Debug)]
pub(in crate::objective) struct LogDensityTerm(pub FpConfig);

impl LogDensityTerm {
    /// Where the parts of ρ by a set of probes are.
    fn parts(&self, set: usize, dim: usize) -> LogDensity {
        let n = self.0.divergence.directions(dim);
        let time = 1 + self.0.sets() * n;
        let coefficient = self.0.divergence.coefficient();
        LogDensity { time, second: time + 1 + set * n, probes: n, coefficient }
    }
}

impl<R: Rows> Term<R> for LogDensityTerm {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        self.0.share()
    }

    /// The probes v (twice as many if `unbiased`), τ, every pair (v, v), and the cotangent of s.
    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        let (config, sets) = (&self.0, self.0.sets());
        cost::require(config.divergence, TABLE, 2 * sets, 3, dim)?;
        let n = sets * config.divergence.directions(dim);
        let mut kinds = vec![Space; n];
        kinds.extend([Time, Space]);
        let directions = (0..n).try_fold(Directions::new(&kinds), |directions, j| directions.pair(j, j))?.tangent()?;
        let (draw, stream) = config.draw();
        let probes = config.probing(false);
        Ok(Needs { draw, stream, probes: Some(probes), first: directions.parts() - 1, directions })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (config, rows, points) = (&self.0, chunk.rows, chunk.points());
        let factor = config.scale.of_log_density(config.norm, points.dim);
        let [s, d] = &mut *chunk.held;
        let (s, d): (&R::Array, &mut R::Array) = ((*s).borrow(), d.borrow_mut());
        let [rho, other] = &mut *chunk.columns;
        let (rho, other): (&mut R::Array, &mut R::Array) = (rho.borrow_mut(), other.borrow_mut());
        log_density(tape, points, self.parts(0, points.dim), s, rho);
        if config.unbiased {
            log_density(tape, points, self.parts(1, points.dim), s, other);
        }
        let mut sum = R::none(points.x);
        points.each(|at| {
            let weight = R::wide(at, |row| config.weight_at(&rows.sde[row]) * rows.weight[row] * factor);
            let scale = R::wide(at, |_| scale);
            let r = R::widen(R::get(at, rho));
            let (value, slope) = match (config.unbiased, config.norm) {
                (true, _) => {
                    let q = R::widen(R::get(at, other));
                    R::put(at, other, R::narrow(scale.clone() * weight.clone() * r.clone()));
                    (weight.clone() * r * q.clone(), weight * q)
                }
                (false, Norm::Second) => (weight.clone() * r.clone() * r.clone(), R::wide(at, |_| 2.0) * weight * r),
                (false, Norm::First) => (weight.clone() * r.clone().abs(), weight * r.signum()),
            };
            R::sum(&mut sum, value);
            R::put(at, rho, R::narrow(scale * slope));
        });
        seed_log_density(tape, points, self.parts(0, points.dim), rho, s, d);
        if config.unbiased {
            seed_log_density(tape, points, self.parts(1, points.dim), other, s, d);
        }
        sum
    }
}
