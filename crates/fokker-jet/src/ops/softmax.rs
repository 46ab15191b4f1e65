//! Softmax.

use std::sync::Arc;

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::parts::{Cotangents, Part};
use crate::routines::softmax;
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Shape};

/// `y_i = exp(x_i) / Σ_j exp(x_j)` over the channels of every pixel.
#[derive(Debug, PartialEq)]
struct Softmax {
    x: NodeId,
}

impl Graph {
    /// Adds the softmax over the channels of every pixel, `y_i = exp(x_i) / Σ_j exp(x_j)`.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let x = graph.input(3);
    /// let y = graph.softmax(x);
    /// assert_eq!(graph.width(y), 3);
    /// ```
    pub fn softmax(&mut self, x: NodeId) -> NodeId {
        self.push(Softmax { x }, self.shape(x))
    }
}

impl Operation for Softmax {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands[0].mapped(set)
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let live = site.operands[0].1.clone();
        Program::new(SoftmaxPasses { shape: site.shape, live, parts: site.chain_rule(0) })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        image::flat(operands.pixels(0).softmax())
    }
}

/// On the CPU.
struct SoftmaxPasses {
    shape: Shape,
    /// The operand's live parts.
    live: Live,
    parts: Arc<[Part]>,
}

impl<F: Registers> Passes<F> for SoftmaxPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let sizes = (pass.rows * self.shape.len(), self.shape.channels);
        let parts = &self.parts[..pass.slots.end];
        softmax::forward(parts, pass.slots.start, sizes, pass.operands.of(0), pass.y, pass.scratch.of());
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let sizes = (pass.rows * self.shape.len(), self.shape.channels);
        let y_bar = Cotangents { own: pass.y_bar, kept: pass.kept, first_kept: pass.own };
        let (parts, wanted) = (&self.parts[..pass.stored], self.live.slot(pass.pulled));
        let (a, y, scratch) = (pass.operands.of(0), pass.y, pass.scratch.of());
        pass.pulls.write(0, |a_bar, add| softmax::reverse(parts, sizes, a, y, y_bar, a_bar, add, wanted, scratch));
    }
}
