//! Concatenation.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::simd::multiversion;
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Real, Shape};

/// The channels of the operands one after the other, at every pixel.
#[derive(Debug, PartialEq)]
struct Concat {
    operands: Vec<NodeId>,
}

impl Graph {
    /// Joins nodes along the channels: those of the first, then those of the next, at every pixel.
    ///
    /// # Panics
    /// If there is none, or they differ in their pixels.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let (x, t) = (graph.input(3), graph.input(1));
    /// let both = graph.concat(&[x, t]);
    /// assert_eq!(graph.width(both), 4);
    /// ```
    pub fn concat(&mut self, inputs: &[NodeId]) -> NodeId {
        let shapes: Vec<Shape> = inputs.iter().map(|&i| self.shape(i)).collect();
        let channels = shapes.iter().map(|shape| shape.channels).sum();
        let shape = shapes[0].with_channels(channels);
        assert!(shapes.iter().all(|s| s.with_channels(channels) == shape), "concat: {shapes:?}");
        self.push(Concat { operands: inputs.to_vec() }, shape)
    }
}

impl Operation for Concat {
    fn operands(&self) -> Vec<NodeId> {
        self.operands.clone()
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands.iter().fold(Live::parts(set, &[]), |all, live| all.union(live))
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let columns = |&(shape, live): &(Shape, &Live)| Columns { width: shape.channels, live: live.clone() };
        Program::new(ConcatPasses {
            shape: site.shape,
            live: site.live.clone(),
            operands: site.operands.iter().map(columns).collect(),
        })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        image::flat(Jet::cat((0..self.operands.len()).map(|i| operands.pixels(i)).collect(), 2))
    }
}

/// On the CPU, part by part.
struct ConcatPasses {
    shape: Shape,
    live: Live,
    operands: Vec<Columns>,
}

/// The channels of an operand.
struct Columns {
    width: usize,
    live: Live,
}

impl<F: Registers> Passes<F> for ConcatPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let (pixels, width) = (pass.rows * self.shape.pixels(), self.shape.channels);
        let mut column = 0;
        for (i, from) in self.operands.iter().enumerate() {
            let m = pixels * from.width;
            for part in pass.parts.clone().filter(|&part| self.live.has(part)) {
                let y = &mut pass.y[self.live.slot(part) * pixels * width..][..pixels * width];
                let slot = from.live.has(part).then(|| from.live.slot(part));
                place(from.width, slot.map(|slot| &pass.operands.of(i)[slot * m..][..m]), y, width, column);
            }
            column += from.width;
        }
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let (pixels, width) = (pass.rows * self.shape.pixels(), self.shape.channels);
        let mut column = 0;
        for (i, to) in self.operands.iter().enumerate() {
            let m = pixels * to.width;
            pass.pulls.write(i, |x_bar, add| {
                for part in (0..pass.pulled).filter(|&part| to.live.has(part)) {
                    let y_bar = &pass.y_bar[self.live.slot(part) * pixels * width..][..pixels * width];
                    let x_bar = &mut x_bar[to.live.slot(part) * m..][..m];
                    gather(to.width, y_bar, width, column, x_bar, add);
                }
            });
            column += to.width;
        }
    }
}

/// Copies a part (zeros if it is not live) of width `width` into the columns of a wider part.
fn place<F: Real>(width: usize, from: Option<&[F]>, to: &mut [F], to_width: usize, column: usize) {
    let columns = to.chunks_exact_mut(to_width).map(|to| &mut to[column..column + width]);
    match from {
        Some(from) => columns.zip(from.chunks_exact(width)).for_each(|(to, from)| to.copy_from_slice(from)),
        None => columns.for_each(|to| to.fill(F::ZERO)),
    }
}

multiversion! {
    /// The reverse of [`place`]: the columns of a wider part, replacing or added to a part of width `width`.
    fn gather<F: Real>(
        width: usize, from: &[F], from_width: usize, column: usize, to: &mut [F], add: bool
    ) {
        for (from, to) in from.chunks_exact(from_width).zip(to.chunks_exact_mut(width)) {
            let from = &from[column..column + width];
            if add {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to += from;
                }
            } else {
                to.copy_from_slice(from);
            }
        }
    }
}
