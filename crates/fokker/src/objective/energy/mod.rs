//! Passes of an energy model, whose score s = ∇ₓ log q is a gradient.
//!
//! The θ-gradient of what depends on s is that of ⟨d, s⟩ = ∂_d log q with the cotangent d of s held constant. So a pass goes forward
//! for log q (and the parts that a term needs), back in x for s, and forward once more along d; then one reverse pass in θ has the
//! gradient of all terms. The cotangents of log q in the reverse pass in x are those of ∂_d log q in the last one, at every node: d is
//! the tangent of the first, and nothing of third order is needed.

mod denoising;
mod log_density;

use std::borrow::BorrowMut;

pub(super) use denoising::EnergyDenoising;
pub(super) use log_density::LogDensityTerm;

use super::term::{Chunk, Needs};
use crate::rows::Rows;
use crate::score::Trainable;

/// Puts s into the chunk's first array, and no cotangent into the second. The tape's first parts have been computed.
pub(super) fn begin<R: Rows>(tape: &mut dyn Trainable<R>, chunk: &mut Chunk<'_, R>) {
    tape.record();
    let points = chunk.points();
    let seed = tape.seed(0);
    points.each(|at| R::put(at, seed, R::constant(at, 1.0)));
    let [s, d] = &mut *chunk.held;
    R::copy(s.borrow_mut(), tape.pull_x(1));
    points.each(|at| R::scale(at, d.borrow_mut(), &R::constant(at, 0.0)));
}

/// Takes log q along the cotangent d of s, in the chunk's second array.
pub(super) fn finish<R: Rows>(tape: &mut dyn Trainable<R>, chunk: &mut Chunk<'_, R>, needs: &Needs) {
    let (last, parts) = (needs.directions.kinds().len() - 1, needs.directions.parts());
    R::copy(tape.direction(last), chunk.held[1].borrow_mut());
    tape.forward(parts - 1..parts);
    // With the cotangents kept, the seed of that part is known; without, this is it.
    let points = chunk.points();
    let seed = tape.seed(parts - 1);
    points.each(|at| R::put(at, seed, R::constant(at, 1.0)));
}
