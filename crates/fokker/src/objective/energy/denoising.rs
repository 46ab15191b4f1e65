//! Denoising score matching of an energy model: J_DSM = ½ E λ(t) ‖∇ₓ log q + z/σ‖².

use std::borrow::{Borrow, BorrowMut};

use super::super::dsm::{NAME, SHARE, Weighting, needs};
use super::super::term::{Chunk, Needs, Share, Term, TermName};
use crate::Error;
use crate::rows::Rows;
use crate::score::{Directions, RowTape};

/// The term.
#[derive(Clone, Copy, Debug)]
pub(in crate::objective) struct EnergyDenoising {
    pub weighting: Weighting,
}

impl<R: Rows> Term<R> for EnergyDenoising {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        SHARE
    }

    fn needs(&self, _: usize) -> Result<Needs, Error> {
        // The direction along the cotangent of s.
        Ok(needs(Directions::space(1).tangent()?))
    }

    fn value(&self, _: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points) = (chunk.rows, chunk.points());
        let [s, d] = &mut *chunk.held;
        let (s, z, d): (&R::Array, &R::Array, &mut R::Array) = ((*s).borrow(), rows.target.borrow(), d.borrow_mut());
        let mut sum = R::none(points.x);
        points.each(|at| {
            let inverse = points.number(at, |c| 1.0 / c.sigma);
            let weight = R::wide(at, |row| self.weighting.lambda(&rows.sde[row]) * rows.weight[row]);
            let k = R::narrow(R::wide(at, |_| scale) * weight.clone());
            R::accumulate(at, d, [(k.clone(), s), (k * inverse.clone(), z)]);
            // ‖s + z/σ‖².
            let (ss, sz, zz) = (R::dot(at, s, s), R::dot(at, s, z), R::dot(at, z, z));
            let square = ss + inverse.clone() * (R::constant(at, 2.0) * sz + inverse * zz);
            R::sum(&mut sum, R::wide(at, |_| 0.5) * weight * R::widen(square));
        });
        sum
    }
}
