//! v·(J v) of a score along many directions v, some of them at a time.

use std::ops::Range;

use fokker_jet::Real;

use crate::rows::dot;
use crate::score::{Directions, ScoreTape};
use crate::sde::Coefficients;

/// The most directions that go through a network together. More would hardly be faster, and their memory would grow with the
/// dimension, or with the number of probes.
pub(crate) const TOGETHER: usize = 64;

/// Some directions of a batch of rows, and what becomes of them.
pub(crate) struct Forms<F> {
    count: usize,
    /// The directions of a group, `rows × D` each.
    group: Vec<Vec<F>>,
}

impl<F: Real> Forms<F> {
    /// For `count` directions, up to `together` of them at a time.
    pub fn new(count: usize, together: usize) -> Self {
        Self { count, group: vec![Vec::new(); count.min(together)] }
    }

    /// The directions that a tape must have.
    pub fn directions(&self) -> Directions {
        Directions::space(self.group.len())
    }

    /// Evaluates the score at the points `x`, which is left on the tape, and its forms. `fill(j, v)` fills direction `j` of all rows
    /// (`rows × D`); `each(row, j, v·(J v))` takes the forms, those of a row in the order of `j`.
    pub fn evaluate(
        &mut self, tape: &mut dyn ScoreTape<F>, x: &[F], at: &[Coefficients], fill: &mut dyn FnMut(usize, &mut [F]),
        each: &mut dyn FnMut(usize, usize, f64),
    ) {
        tape.begin(x, at);
        let dim = x.len() / at.len().max(1);
        let mut parts = 0..1;
        for first in (0..self.count).step_by(self.group.len().max(1)) {
            let size = self.group.len().min(self.count - first);
            for (slot, v) in self.group[..size].iter_mut().enumerate() {
                v.resize(x.len(), F::ZERO);
                fill(first + slot, v);
                tape.direction(slot).copy_from_slice(v);
            }
            parts.end = 1 + size;
            tape.forward(parts.clone());
            self.hand_out(tape, dim, first..first + size, each);
            // The score itself stays as it is.
            parts.start = 1;
        }
        if self.count == 0 {
            tape.forward(parts);
        }
    }

    fn hand_out(&self, tape: &dyn ScoreTape<F>, dim: usize, of: Range<usize>, each: &mut dyn FnMut(usize, usize, f64)) {
        for (slot, j) in of.enumerate() {
            let rows = self.group[slot].chunks_exact(dim).zip(tape.part(1 + slot).chunks_exact(dim));
            for (row, (v, along)) in rows.enumerate() {
                each(row, j, dot(v, along).as_f64());
            }
        }
    }
}
