//! What the equations of residual and objective ask of a tape, wherever its rows are.

use std::ops::Range;

use fokker_jet::Real;

use super::ScoreTape;
use crate::rows::{Host, Rows};

/// A tape on which a batch has begun; see [`ScoreTape`] for what its parts and seeds are.
pub(crate) trait RowTape<R: Rows> {
    /// The rows of a direction in x, to be filled in.
    fn direction(&mut self, direction: usize) -> &mut R::Array;
    /// Computes the given parts; those below `parts.start` must have been computed before.
    fn forward(&mut self, parts: Range<usize>);
    /// A part of the score.
    fn part(&self, part: usize) -> &R::Array;
    /// A part of the score, and the cotangent of a part, to be filled in.
    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&R::Array, &mut R::Array);
    /// ∇ₓ of Σ over parts below `parts` of ⟨seed, part⟩, directions held constant.
    fn pull_x(&mut self, parts: usize) -> &R::Array;
    /// The cotangent of a part alone.
    fn seed(&mut self, part: usize) -> &mut R::Array {
        self.part_and_seed(0, part).1
    }
}

/// A tape whose score has parameters to be trained.
pub(crate) trait Trainable<R: Rows>: RowTape<R> {
    /// Keeps the cotangents of the next [`pull_x`](RowTape::pull_x) for the parts along the tangent; see [`fokker_jet::Tape::record`].
    fn record(&mut self);
    /// Adds ∇_θ of Σ over all parts below `parts` of ⟨seed, part⟩ to the parameters' gradient.
    fn pull_parameters(&mut self, parts: usize);
}

impl<F: Real, T: ScoreTape<F> + ?Sized> RowTape<Host<F>> for T {
    fn direction(&mut self, direction: usize) -> &mut [F] {
        ScoreTape::direction(self, direction)
    }

    fn forward(&mut self, parts: Range<usize>) {
        ScoreTape::forward(self, parts);
    }

    fn part(&self, part: usize) -> &[F] {
        ScoreTape::part(self, part)
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        ScoreTape::part_and_seed(self, part, seed)
    }

    fn pull_x(&mut self, parts: usize) -> &[F] {
        ScoreTape::pull_x(self, parts)
    }
}
