//! Dense layers.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::dense::{self, Scratch, Weight};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, Init, JetSet, Live, NodeId, ParamId};

/// `y = x W + b` at every pixel.
#[derive(Debug, PartialEq)]
struct Dense {
    x: NodeId,
    /// `W`, shape `[in, out]`.
    weight: ParamId,
    /// `b`, shape `[out]`.
    bias: ParamId,
}

impl Graph {
    /// Adds `x W + b` at every pixel, with parameters `NAME.weight` of shape `[in, out]` and `NAME.bias`, both drawn from
    /// U(−1/√in, 1/√in) (LeCun-style fan-in bound, PyTorch's default for its linear layer).
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let x = graph.input(3);
    /// let y = graph.dense("layer", x, 5);
    /// assert_eq!((graph.width(y), graph.parameter_count()), (5, 3 * 5 + 5));
    /// ```
    pub fn dense(&mut self, name: &str, x: NodeId, channels: usize) -> NodeId {
        let shape = self.shape(x);
        let init = Init::fan_in(shape.channels);
        let weight = self.parameter(format!("{name}.weight"), vec![shape.channels, channels], init);
        let bias = self.parameter(format!("{name}.bias"), vec![channels], init);
        self.push(Dense { x, weight, bias }, shape.with_channels(channels))
    }
}

impl Operation for Dense {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn parameters(&self) -> Vec<ParamId> {
        vec![self.weight, self.bias]
    }

    fn packed(&self) -> Option<usize> {
        Some(0)
    }

    fn live(&self, _: &JetSet, operands: &[&Live]) -> Live {
        operands[0].clone()
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let k = site.operands[0].0.channels;
        Program::new(DensePasses { pixels: site.shape.pixels(), k, n: site.shape.channels })
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        let weight = operands.parameter(0).reshape([operands.shape(0).channels, operands.result.channels]);
        image::flat(operands.pixels(0).dense(weight, Some(operands.parameter(1))))
    }
}

/// On the CPU: all parts in one matrix product, the bias on the primal alone.
struct DensePasses {
    pixels: usize,
    k: usize,
    n: usize,
}

impl<F: Registers> Passes<F> for DensePasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let Self { pixels, k, n } = *self;
        let (rows, slots) = (pass.rows * pixels, pass.slots.clone());
        let (weight, bias) = (pass.parameters.flat(0), pass.parameters.flat(1));
        let w = Weight { k, n, flat: weight, micro_panels: pass.parameters.micro_panels(0, false) };
        let biased = if slots.start == 0 && !slots.is_empty() { rows } else { 0 };
        let x = &pass.operands.of(0)[slots.start * rows * k..];
        let y = &mut pass.y[slots.start * rows * n..slots.end * rows * n];
        dense::forward(rows * slots.len(), biased, x, w, bias, y);
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let Self { pixels, k, n } = *self;
        let primal = pass.rows * pixels;
        let rows = primal * pass.own;
        if let Some(gradients) = &mut pass.gradients {
            let (x, scratch) = (pass.operands.of(0), pass.scratch.of::<Scratch<F>>());
            let (w_bar, add) = gradients.of(0);
            dense::reverse_weight(rows, (k, n), x, pass.y_bar, w_bar, add, scratch);
            let of_kept = primal * (pass.stored - pass.own);
            if of_kept > 0 {
                dense::reverse_weight(of_kept, (k, n), &x[rows * k..], pass.kept, w_bar, true, scratch);
            }
            let (b_bar, add) = gradients.of(1);
            dense::reverse_bias(primal, n, pass.y_bar, b_bar, add);
        }
        let micro_panels = pass.parameters.micro_panels(0, true);
        let w = Weight { k, n, flat: pass.parameters.flat(0), micro_panels };
        pass.pulls.write(0, |x_bar, add| dense::reverse_input(rows, pass.y_bar, w, &mut x_bar[..rows * k], add));
    }
}
