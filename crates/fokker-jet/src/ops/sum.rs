//! The sum of a row's numbers.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Shape};

/// `y = factor · Σᵢ xᵢ` over all numbers of a row.
#[derive(Debug, PartialEq)]
struct Sum {
    x: NodeId,
    factor: f64,
}

impl Graph {
    /// Adds `factor · Σᵢ xᵢ` over all numbers of a row: one number.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// // −½‖x‖², which is log N(0, I) up to a constant
    /// let mut graph = Graph::new();
    /// let x = graph.input(3);
    /// let square = graph.mul(x, x);
    /// let y = graph.sum(square, -0.5);
    /// assert_eq!(graph.width(y), 1);
    /// ```
    pub fn sum(&mut self, x: NodeId, factor: f64) -> NodeId {
        self.push(Sum { x, factor }, Shape::vector(1))
    }
}

impl Operation for Sum {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn live(&self, _: &JetSet, operands: &[&Live]) -> Live {
        operands[0].clone()
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        Program::new(SumPasses { width: site.operands[0].0.len(), factor: self.factor })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        operands.value(0).linear_map(|x| x.sum_dim(1).mul_scalar(self.factor))
    }
}

/// On the CPU, row by row of all parts.
struct SumPasses {
    width: usize,
    factor: f64,
}

impl<F: Registers> Passes<F> for SumPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let (rows, factor) = (pass.slots.start * pass.rows..pass.slots.end * pass.rows, F::of(self.factor));
        let x = &pass.operands.of(0)[rows.start * self.width..rows.end * self.width];
        for (y, x) in pass.y[rows].iter_mut().zip(x.chunks_exact(self.width)) {
            *y = factor * x.iter().copied().sum::<F>();
        }
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let (rows, factor) = (pass.own * pass.rows, F::of(self.factor));
        let y_bar = &pass.y_bar[..rows];
        pass.pulls.write(0, |x_bar, add| {
            for (x_bar, &y_bar) in x_bar.chunks_exact_mut(self.width).zip(y_bar) {
                let pulled = factor * y_bar;
                if add {
                    x_bar.iter_mut().for_each(|x_bar| *x_bar += pulled);
                } else {
                    x_bar.fill(pulled);
                }
            }
        });
    }
}
