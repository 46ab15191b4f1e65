//! The forward pass of one node.

use std::ops::Range;

use super::layout::Layout;
use super::scratch::Scratch;
use crate::Real;
use crate::routines::matrix::MicroPanel;
use crate::routines::packed::Packed;

/// What a node reads and writes on the way forward: the stored parts one after the other, `rows × width` numbers each.
pub(crate) struct Forward<'a, F> {
    /// Rows of the chunk.
    pub rows: usize,
    /// The parts to be computed, by number.
    pub parts: Range<usize>,
    /// The same by their places among the stored parts of the result.
    pub slots: Range<usize>,
    /// The operands' stored parts.
    pub operands: Operands<'a, F>,
    pub parameters: Weights<'a, F>,
    /// All stored parts of the result; those before `slots` are there.
    pub y: &'a mut [F],
    /// What the node saves for its later passes, [`Program::saved`](super::program::Program::saved) numbers per row.
    pub saved: &'a mut [F],
    pub scratch: &'a mut Scratch,
}

/// The values of the nodes that a node reads.
#[derive(Clone, Copy)]
pub(crate) struct Operands<'a, F> {
    pub rows: usize,
    pub layout: &'a Layout,
    pub nodes: &'a [usize],
    /// The values of all nodes that may be among them.
    pub values: &'a [Vec<F>],
}

impl<'a, F: Real> Operands<'a, F> {
    /// All stored parts of an operand.
    pub fn of(&self, operand: usize) -> &'a [F] {
        let node = self.nodes[operand];
        &self.values[node][..self.rows * self.layout.stored[node]]
    }
}

/// A node's parameters.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a, F> {
    pub layout: &'a Layout,
    pub parameters: &'a [usize],
    pub flat: &'a [F],
    pub packed: &'a Packed<F>,
}

impl<'a, F: Real> Weights<'a, F> {
    /// A parameter's numbers.
    pub fn flat(&self, parameter: usize) -> &'a [F] {
        &self.flat[self.layout.spans[self.parameters[parameter]].clone()]
    }

    /// The micro-panels of its matrices, or of their transposes, if the operation asks for them
    /// ([`Operation::packed`](crate::operation::Operation::packed)) and they are used.
    pub fn micro_panels(&self, parameter: usize, transposed: bool) -> &'a [MicroPanel<F>] {
        self.packed.of(self.parameters[parameter], transposed)
    }
}
