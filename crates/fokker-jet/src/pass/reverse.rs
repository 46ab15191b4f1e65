//! The reverse pass of one node.

use std::ops::Range;

use super::forward::{Operands, Weights};
use super::layout::{Layout, Recording};
use super::scratch::Scratch;
use crate::Real;

/// What a node reads and writes on the way back.
///
/// The cotangents of the result are those of the parts below `pulled`, in `y_bar`, and those of the parts `pulled..parts`, which an
/// earlier pass has kept for the tangent, in `kept`. Of the operands' cotangents, those of the parts below `pulled` are wanted.
pub(crate) struct Reverse<'a, F> {
    /// Rows of the chunk.
    pub rows: usize,
    /// The parts that count are those below this number.
    pub parts: usize,
    /// The first part whose cotangents are kept ones; `parts` if there is none.
    pub pulled: usize,
    /// Stored parts of the result below `pulled`.
    pub own: usize,
    /// Stored parts of the result below `parts`.
    pub stored: usize,
    pub y_bar: &'a mut [F],
    pub kept: &'a [F],
    /// The operand's cotangent is to take the place of `y_bar`.
    pub in_place: bool,
    pub operands: Operands<'a, F>,
    /// All stored parts of the result.
    pub y: &'a [F],
    /// What the forward pass saved.
    pub saved: &'a mut [F],
    pub parameters: Weights<'a, F>,
    /// The gradients of the parameters; `None` if the pass is not about them.
    pub gradients: Option<Gradients<'a, F>>,
    pub pulls: Pulls<'a, F>,
    pub scratch: &'a mut Scratch,
}

/// The gradients of a node's parameters.
pub(crate) struct Gradients<'a, F> {
    pub layout: &'a Layout,
    pub parameters: &'a [usize],
    /// Those of all parameters, as they lie in the flat vector.
    pub values: &'a mut [F],
    /// For every parameter: has nothing been written since the gradient was cleared?
    pub fresh: &'a mut [bool],
}

impl<F: Real> Gradients<'_, F> {
    /// A parameter's gradient, and whether to add to what is there or to replace it.
    pub fn of(&mut self, parameter: usize) -> (&mut [F], bool) {
        let parameter = self.parameters[parameter];
        let add = !std::mem::replace(&mut self.fresh[parameter], false);
        (&mut self.values[self.layout.spans[parameter].clone()], add)
    }

    /// The gradients of some parameters, ready to be added to.
    pub fn sums<const N: usize>(&mut self, parameters: [usize; N]) -> [&mut [F]; N] {
        for parameter in parameters {
            if let (gradient, false) = self.of(parameter) {
                gradient.fill(F::ZERO);
            }
        }
        let spans: [Range<usize>; N] =
            parameters.map(|parameter| self.layout.spans[self.parameters[parameter]].clone());
        self.values.get_disjoint_mut(spans).unwrap_or_else(|_| unreachable!("parameters do not overlap"))
    }
}

/// The cotangents of the nodes that a node reads.
pub(crate) struct Pulls<'a, F> {
    pub rows: usize,
    pub layout: &'a Layout,
    pub nodes: &'a [usize],
    /// For every node of the network: does the pass need its cotangent?
    pub wanted: &'a [bool],
    /// For every node: has its cotangent been written in this pass?
    pub touched: &'a mut [bool],
    pub recording: Recording,
    pub buffers: &'a mut [Vec<F>],
    /// For every node, the cotangents kept for the tangent.
    pub kept: &'a mut [Vec<F>],
}

impl<F: Real> Pulls<'_, F> {
    /// Marks an operand's cotangent as written. `None` if it is not wanted; else whether it was written before, so that more is
    /// to be added to it.
    pub fn touch(&mut self, operand: usize) -> Option<bool> {
        let node = self.nodes[operand];
        self.wanted[node].then(|| std::mem::replace(&mut self.touched[node], true))
    }

    /// Calls `write` with an operand's cotangent, if it is wanted, and whether to add to what is there or to replace it.
    pub fn write_if_wanted<R>(&mut self, operand: usize, write: impl FnOnce(Option<(&mut [F], bool)>) -> R) -> R {
        let Some(add) = self.touch(operand) else { return write(None) };
        let node = self.nodes[operand];
        let at_once = self.layout.kept_at_once(node, self.recording);
        let buffer = if at_once { &mut self.kept[node] } else { &mut self.buffers[self.layout.cotangent[node]] };
        write(Some((buffer, add)))
    }

    /// The same, if it is wanted.
    pub fn write(&mut self, operand: usize, write: impl FnOnce(&mut [F], bool)) {
        self.write_if_wanted(operand, |cotangent| {
            if let Some((cotangent, add)) = cotangent {
                write(cotangent, add);
            }
        });
    }

    /// Calls `add` with an operand's cotangent, if it is wanted, of its first `slots` stored parts, ready to be added to.
    pub fn add(&mut self, operand: usize, slots: usize, add: impl FnOnce(&mut [F])) {
        let size = self.rows * self.layout.width[self.nodes[operand]] * slots;
        self.write(operand, |cotangent, written| {
            let cotangent = &mut cotangent[..size];
            if !written {
                cotangent.fill(F::ZERO);
            }
            add(cotangent);
        });
    }
}
