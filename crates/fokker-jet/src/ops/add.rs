//! Sums.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::simd::multiversion;
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Shape};

/// `y = factor · (a + b)`; `b` may be one pixel, and then is added at every pixel.
#[derive(Debug, PartialEq)]
struct Add {
    a: NodeId,
    b: NodeId,
    factor: f64,
}

impl Graph {
    /// Adds `a + b`; `b` may be one pixel.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use fokker_jet::{Graph, Shape};
    /// let mut graph = Graph::new();
    /// let x = graph.image_input(Shape { height: 4, width: 6, channels: 8 });
    /// let bias = graph.input(8);
    /// let y = graph.add(x, bias);
    /// assert_eq!(graph.shape(y), graph.shape(x));
    /// ```
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.add_scaled(a, b, 1.0)
    }

    /// Adds `factor · (a + b)`; `b` may be one pixel, and then is added at every pixel.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let (a, b) = (graph.input(3), graph.input(3));
    /// let mean = graph.add_scaled(a, b, 0.5);
    /// assert_eq!(graph.width(mean), 3);
    /// ```
    pub fn add_scaled(&mut self, a: NodeId, b: NodeId, factor: f64) -> NodeId {
        let (shape, other) = (self.shape(a), self.shape(b));
        assert!(other == shape || other == Shape::vector(shape.channels), "add: {shape:?} and {other:?}");
        self.push(Add { a, b, factor }, shape)
    }
}

impl Operation for Add {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.a, self.b]
    }

    fn live(&self, _: &JetSet, operands: &[&Live]) -> Live {
        operands[0].union(operands[1])
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let operands = [0, 1].map(|i| Term { width: site.operands[i].0.len(), live: site.operands[i].1.clone() });
        Program::new(AddPasses { width: site.shape.len(), live: site.live.clone(), operands, factor: self.factor })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        let sum = image::flat(operands.pixels(0) + operands.pixels(1));
        if self.factor == 1.0 { sum } else { sum.scale(self.factor) }
    }
}

/// On the CPU, part by part.
struct AddPasses {
    width: usize,
    live: Live,
    operands: [Term; 2],
    factor: f64,
}

/// One of the two terms.
struct Term {
    width: usize,
    live: Live,
}

impl<F: Registers> Passes<F> for AddPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let n = pass.rows * self.width;
        for part in pass.parts.clone().filter(|&part| self.live.has(part)) {
            let [a, b] = [0, 1].map(|i| {
                let Term { width, live } = &self.operands[i];
                let m = pass.rows * width;
                live.has(part).then(|| &pass.operands.of(i)[live.slot(part) * m..][..m])
            });
            let y = &mut pass.y[self.live.slot(part) * n..][..n];
            sum(self.width, a, self.operands[1].width, b, F::of(self.factor), y);
        }
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let n = pass.rows * self.width;
        for (i, Term { width, live }) in self.operands.iter().enumerate() {
            let m = pass.rows * width;
            pass.pulls.write(i, |x_bar, add| {
                for part in (0..pass.pulled).filter(|&part| live.has(part)) {
                    let y_bar = &pass.y_bar[self.live.slot(part) * n..][..n];
                    let x_bar = &mut x_bar[live.slot(part) * m..][..m];
                    reverse_sum(self.width, y_bar, F::of(self.factor), *width, x_bar, add);
                }
            });
        }
    }
}

multiversion! {
    /// `y = factor · (a + b)` of one part, rows of `width` numbers, a term that is not live being left out; the rows of `b` may be
    /// narrower, and then are repeated.
    fn sum<F: Real>(
        width: usize, a: Option<&[F]>, narrow: usize, b: Option<&[F]>, factor: F, y: &mut [F]
    ) {
        match (a, b) {
            (Some(a), Some(b)) if narrow == width => {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = factor * (a + b);
                }
            }
            (a, Some(b)) => {
                for (row, (y, b)) in y.chunks_exact_mut(width).zip(b.chunks_exact(narrow)).enumerate() {
                    for (pixel, y) in y.chunks_exact_mut(narrow).enumerate() {
                        let at = row * width + pixel * narrow;
                        match a {
                            Some(a) => {
                                for ((y, &a), &b) in y.iter_mut().zip(&a[at..at + narrow]).zip(b) {
                                    *y = factor * (a + b);
                                }
                            }
                            None => {
                                for (y, &b) in y.iter_mut().zip(b) {
                                    *y = factor * b;
                                }
                            }
                        }
                    }
                }
            }
            (Some(a), None) => {
                for (y, &a) in y.iter_mut().zip(a) {
                    *y = factor * a;
                }
            }
            (None, None) => y.fill(F::ZERO),
        }
    }
}

multiversion! {
    /// The reverse of [`sum`] for one of its terms: `x̄ = factor · ȳ`, summed over the pixels if `x` is narrower; replacing or added.
    fn reverse_sum<F: Real>(
        width: usize, y_bar: &[F], factor: F, narrow: usize, x_bar: &mut [F], add: bool
    ) {
        if !add && narrow == width {
            for (x, &y) in x_bar.iter_mut().zip(y_bar) {
                *x = factor * y;
            }
            return;
        }
        if !add {
            x_bar.fill(F::ZERO);
        }
        for (y, x) in y_bar.chunks_exact(width).zip(x_bar.chunks_exact_mut(narrow)) {
            for y in y.chunks_exact(narrow) {
                for (x, &y) in x.iter_mut().zip(y) {
                    *x += factor * y;
                }
            }
        }
    }
}
