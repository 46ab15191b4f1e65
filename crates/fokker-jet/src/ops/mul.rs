//! Products.

use std::sync::Arc;

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::parts::{Cotangents, Term};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Real};

/// `y = a · b`, element by element; `b` may have width 1, and then multiplies the whole row.
#[derive(Debug, PartialEq)]
struct Mul {
    a: NodeId,
    b: NodeId,
}

impl Graph {
    /// Adds `a · b`, element by element; `b` may have width 1, and then multiplies the whole row.
    ///
    /// # Panics
    /// If the widths differ and `b`'s is not 1.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let (x, factor) = (graph.input(3), graph.input(1));
    /// let y = graph.mul(x, factor);
    /// assert_eq!(graph.width(y), 3);
    /// ```
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (width, other) = (self.width(a), self.width(b));
        assert!(other == width || other == 1, "mul: widths {width} and {other}");
        self.push(Mul { a, b }, self.shape(a))
    }
}

impl Operation for Mul {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.a, self.b]
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands[0].multiplied(operands[1], set)
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let (width, b_width) = (site.shape.len(), site.operands[1].0.len());
        let live = [0, 1].map(|i| site.operands[i].1.clone());
        Program::new(MulPasses { width, b_width, live, terms: site.product_rule(0, 1) })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        operands.value(0) * operands.value(1)
    }
}

/// On the CPU, term by term of the product rule.
struct MulPasses {
    width: usize,
    b_width: usize,
    /// The operands' live parts.
    live: [Live; 2],
    terms: Arc<[Term]>,
}

impl<F: Registers> Passes<F> for MulPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let block = Block { rows: pass.rows, width: self.width, b_width: self.b_width };
        let n = block.len();
        pass.y[pass.slots.start * n..pass.slots.end * n].fill(F::ZERO);
        for &term in self.terms.iter().filter(|term| pass.parts.contains(&term.part)) {
            forward(term, block, pass.operands.of(0), pass.operands.of(1), pass.y);
        }
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let block = Block { rows: pass.rows, width: self.width, b_width: self.b_width };
        let cotangents = Cotangents { own: pass.y_bar, kept: pass.kept, first_kept: pass.own };
        for (x, other) in [(0, 1), (1, 0)] {
            let (slots, values) = (self.live[x].slot(pass.pulled), pass.operands.of(other));
            pass.pulls.add(x, slots, |x_bar| {
                // A kept cotangent is asked for by its own parts alone.
                let place = |term: &Term| if x == 0 { term.a } else { term.b };
                for &term in self.terms.iter().filter(|term| term.part < pass.parts && place(term) < slots) {
                    let (y_bar, y) = cotangents.of(term.y);
                    let pull = if x == 0 { reverse_a } else { reverse_b };
                    pull(Term { y, ..term }, block, values, y_bar, x_bar);
                }
            });
        }
    }
}

/// Sizes of a part: of rows of `width` numbers, those of `b` of `b_width`.
#[derive(Clone, Copy)]
struct Block {
    rows: usize,
    width: usize,
    b_width: usize,
}

impl Block {
    fn len(self) -> usize {
        self.rows * self.width
    }
}

/// Adds the term to the part of `y` that it belongs to; `b` may be one number per row.
fn forward<F: Real>(term: Term, block: Block, a: &[F], b: &[F], y: &mut [F]) {
    let n = block.len();
    let (a, y) = (&a[term.a * n..][..n], &mut y[term.y * n..][..n]);
    if block.b_width == block.width {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(&b[term.b * n..][..n]) {
            *y += a * b;
        }
    } else {
        let b = &b[term.b * block.rows..][..block.rows];
        for ((y, a), &b) in y.chunks_exact_mut(block.width).zip(a.chunks_exact(block.width)).zip(b) {
            for (y, &a) in y.iter_mut().zip(a) {
                *y += a * b;
            }
        }
    }
}

/// `ā_p += ȳ b_q`.
fn reverse_a<F: Real>(term: Term, block: Block, b: &[F], y_bar: &[F], a_bar: &mut [F]) {
    let swapped = Term { y: term.a, a: term.y, ..term };
    forward(swapped, block, y_bar, b, a_bar);
}

/// `b̄_q += ȳ a_p`, summed over the row if `b` is one number per row.
fn reverse_b<F: Real>(term: Term, block: Block, a: &[F], y_bar: &[F], b_bar: &mut [F]) {
    let n = block.len();
    let (a, y_bar) = (&a[term.a * n..][..n], &y_bar[term.y * n..][..n]);
    if block.b_width == block.width {
        for ((b, &a), &y) in b_bar[term.b * n..][..n].iter_mut().zip(a).zip(y_bar) {
            *b += a * y;
        }
    } else {
        let b_bar = &mut b_bar[term.b * block.rows..][..block.rows];
        for ((b, a), y) in b_bar.iter_mut().zip(a.chunks_exact(block.width)).zip(y_bar.chunks_exact(block.width)) {
            *b += a.iter().zip(y).map(|(&a, &y)| a * y).sum();
        }
    }
}
