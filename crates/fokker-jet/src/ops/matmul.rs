//! Matrix products of two operands.

use std::sync::Arc;

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::matmul::{self, Factors, Scratch};
use crate::routines::parts::{Cotangents, Term};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId};

/// `y = factor · a b`, or `factor · a bᵀ`, within each row: matrices of pixels × channels.
#[derive(Debug, PartialEq)]
struct MatMul {
    /// Left factor, `m × k`.
    a: NodeId,
    /// Right factor, `k × n`, or `n × k` if it is transposed.
    b: NodeId,
    transposed: bool,
    factor: f64,
}

impl Graph {
    /// Adds, within each row, `factor · a b`, or `factor · a bᵀ` if `transposed`: matrices of pixels × channels. The result has `a`'s
    /// pixels.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use fokker_jet::{Graph, Shape};
    /// let mut graph = Graph::new();
    /// // Queries and keys of 24 pixels, 16 numbers each: a logit for each pair of pixels.
    /// let shape = Shape { height: 4, width: 6, channels: 16 };
    /// let (queries, keys) = (graph.image_input(shape), graph.image_input(shape));
    /// let logits = graph.matmul(queries, keys, true, 0.25);
    /// assert_eq!(graph.shape(logits), shape.with_channels(24));
    /// ```
    pub fn matmul(&mut self, a: NodeId, b: NodeId, transposed: bool, factor: f64) -> NodeId {
        let (shape, other) = (self.shape(a), self.shape(b));
        let (depth, columns) =
            if transposed { (other.channels, other.pixels()) } else { (other.pixels(), other.channels) };
        assert!(shape.channels == depth, "matmul: {shape:?} and {other:?}, transposed: {transposed}");
        self.push(MatMul { a, b, transposed, factor }, shape.with_channels(columns))
    }
}

impl Operation for MatMul {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.a, self.b]
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands[0].multiplied(operands[1], set)
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let (a, n) = (site.operands[0].0, site.shape.channels);
        let Self { transposed, factor, .. } = *self;
        let factors = Factors { rows: 0, m: a.pixels(), k: a.channels, n, transposed, factor };
        let live = [0, 1].map(|i| site.operands[i].1.clone());
        Program::new(MatMulPasses { factors, live, terms: site.product_rule(0, 1) })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        let right = operands.pixels(1);
        let right = if self.transposed { right.swap_dims(1, 2) } else { right };
        image::flat(operands.pixels(0).matmul(right).scale(self.factor))
    }
}

/// On the CPU, term by term of the product rule.
struct MatMulPasses {
    /// For no rows.
    factors: Factors,
    /// The operands' live parts.
    live: [Live; 2],
    terms: Arc<[Term]>,
}

impl<F: Registers> Passes<F> for MatMulPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let f = Factors { rows: pass.rows, ..self.factors };
        let n = f.rows * f.m * f.n;
        pass.y[pass.slots.start * n..pass.slots.end * n].fill(F::ZERO);
        for &term in self.terms.iter().filter(|term| pass.parts.contains(&term.part)) {
            matmul::forward(f, term, pass.operands.of(0), pass.operands.of(1), pass.y, pass.scratch.of());
        }
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let f = Factors { rows: pass.rows, ..self.factors };
        let cotangents = Cotangents { own: pass.y_bar, kept: pass.kept, first_kept: pass.own };
        for (x, other) in [(0, 1), (1, 0)] {
            let (slots, values) = (self.live[x].slot(pass.pulled), pass.operands.of(other));
            let scratch = pass.scratch.of::<Scratch<F>>();
            pass.pulls.add(x, slots, |x_bar| {
                // A kept cotangent is asked for by its own parts alone.
                let place = |term: &Term| if x == 0 { term.a } else { term.b };
                for &term in self.terms.iter().filter(|term| term.part < pass.parts && place(term) < slots) {
                    let (y_bar, y) = cotangents.of(term.y);
                    let pull = if x == 0 { matmul::reverse_a } else { matmul::reverse_b };
                    pull(f, Term { y, ..term }, values, y_bar, x_bar, scratch);
                }
            });
        }
    }
}
