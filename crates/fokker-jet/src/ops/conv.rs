//! Convolutions.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::conv::{self, Geometry};
use crate::routines::dense::{self, Scratch, Weight};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, Init, JetSet, Live, NodeId, ParamId};

/// Convolution (cross-correlation) of images with zeros around them,
/// `y[i, j, o] = b[o] + Σ W[d, e, c, o] x[i + d − r, j + e − r, c]`, of a square kernel of `2r + 1` pixels.
#[derive(Debug, PartialEq)]
struct Conv {
    x: NodeId,
    /// `W`, shape `[2r + 1, 2r + 1, in, out]`.
    weight: ParamId,
    /// `b`, shape `[out]`.
    bias: ParamId,
}

impl Graph {
    /// Adds the convolution (cross-correlation) with a square kernel of `kernel` pixels, zeros around the images, with parameters
    /// `NAME.weight` of shape `[kernel, kernel, in, out]` and `NAME.bias`, both drawn from U(−1/√n, 1/√n), n = kernel² in:
    /// `y[i, j, o] = b[o] + Σ W[d, e, c, o] x[i + d − r, j + e − r, c]`, r = (kernel − 1)/2.
    ///
    /// # Panics
    /// If `kernel` is even.
    ///
    /// ```
    /// use fokker_jet::{Graph, Shape};
    /// let mut graph = Graph::new();
    /// let x = graph.image_input(Shape { height: 4, width: 6, channels: 2 });
    /// let y = graph.conv("layer", x, 8, 3);
    /// assert_eq!(graph.shape(y), Shape { height: 4, width: 6, channels: 8 });
    /// assert_eq!(graph.parameter_count(), 3 * 3 * 2 * 8 + 8);
    /// ```
    pub fn conv(&mut self, name: &str, x: NodeId, channels: usize, kernel: usize) -> NodeId {
        assert!(kernel % 2 == 1, "conv: a kernel of {kernel} pixels has no middle");
        let shape = self.shape(x);
        let init = Init::fan_in(kernel * kernel * shape.channels);
        let weight = self.parameter(format!("{name}.weight"), vec![kernel, kernel, shape.channels, channels], init);
        let bias = self.parameter(format!("{name}.bias"), vec![channels], init);
        self.push(Conv { x, weight, bias }, shape.with_channels(channels))
    }
}

impl Operation for Conv {
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
        let (shape, kernel) = (site.operands[0].0, site.parameters[0][0]);
        let geometry = Geometry { shape, kernel, channels: site.shape.channels };
        let scratch = (geometry.padded_size() as u64).saturating_mul(site.live.count() as u64);
        Program::new(ConvPasses(geometry)).scratch(scratch)
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        use burn::tensor::ops::ConvOptions;
        let &[height, width, from, to] = operands.parameter_shape(0) else { unreachable!("a kernel has four axes") };
        let weight = operands.parameter(0).reshape([height, width, from, to]).permute([3, 2, 0, 1]);
        let options = ConvOptions::new([1, 1], [height / 2, height / 2], [1, 1], 1);
        let x = image::channels_first(operands.value(0), operands.shape(0));
        image::channels_last(x.conv2d(weight, Some(operands.parameter(1)), options))
    }
}

/// On the CPU: all images of all parts, the bias on the primal alone.
struct ConvPasses(Geometry);

impl ConvPasses {
    /// Numbers of an image of the operand and of the result.
    fn sizes(&self) -> [usize; 2] {
        let Geometry { shape, channels, .. } = self.0;
        [shape.len(), shape.pixels() * channels]
    }
}

impl<F: Registers> Passes<F> for ConvPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let (g, rows, slots) = (self.0, pass.rows, pass.slots.clone());
        let [m, n] = self.sizes().map(|size| size * rows);
        let micro_panels = pass.parameters.micro_panels(0, false);
        let w = Weight { k: g.shape.channels, n: g.channels, flat: pass.parameters.flat(0), micro_panels };
        let biased = if slots.start == 0 && !slots.is_empty() { rows } else { 0 };
        let x = &pass.operands.of(0)[slots.start * m..slots.end * m];
        let y = &mut pass.y[slots.start * n..slots.end * n];
        conv::forward(biased, g, x, w, pass.parameters.flat(1), y, pass.scratch.of());
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let (g, rows, own, stored) = (self.0, pass.rows, pass.own, pass.stored);
        let [m, n] = self.sizes().map(|size| size * rows);
        let (y_bar, scratch) = (&pass.y_bar[..own * n], pass.scratch.of::<Scratch<F>>());
        if let Some(gradients) = &mut pass.gradients {
            let x = pass.operands.of(0);
            let (w_bar, add) = gradients.of(0);
            conv::reverse_weight(g, &x[..own * m], y_bar, w_bar, add, scratch);
            let kept = &pass.kept[..(stored - own) * n];
            conv::reverse_weight(g, &x[own * m..stored * m], kept, w_bar, true, scratch);
            let (b_bar, add) = gradients.of(1);
            dense::reverse_bias(rows * g.shape.pixels(), g.channels, y_bar, b_bar, add);
        }
        let micro_panels = pass.parameters.micro_panels(0, true);
        let w = Weight { k: g.shape.channels, n: g.channels, flat: pass.parameters.flat(0), micro_panels };
        pass.pulls.write(0, |x_bar, add| conv::reverse_input(g, y_bar, w, &mut x_bar[..own * m], add, scratch));
    }
}
