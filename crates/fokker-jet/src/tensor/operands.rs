//! What an operation sees of a graph's evaluation.

use burn::tensor::Tensor;

use super::image;
use super::jet::Jet;
use crate::Shape;

/// The values of a node's operands and parameters, by their places in its lists.
pub(crate) struct Operands<'a> {
    /// The shape of the result.
    pub result: Shape,
    pub values: Vec<(Jet<2>, Shape)>,
    /// Each flattened to one axis, and its shape.
    pub parameters: Vec<(Tensor<1>, &'a [usize])>,
}

impl<'a> Operands<'a> {
    /// An operand, `[rows, width]`.
    pub fn value(&self, operand: usize) -> Jet<2> {
        self.values[operand].0.clone()
    }

    /// An operand's shape.
    pub fn shape(&self, operand: usize) -> Shape {
        self.values[operand].1
    }

    /// An operand as `[rows, pixels, channels]`.
    pub fn pixels(&self, operand: usize) -> Jet<3> {
        image::pixels(self.value(operand), self.shape(operand))
    }

    /// A parameter, flattened.
    pub fn parameter(&self, parameter: usize) -> Tensor<1> {
        self.parameters[parameter].0.clone()
    }

    /// A parameter's shape.
    pub fn parameter_shape(&self, parameter: usize) -> &'a [usize] {
        self.parameters[parameter].1
    }
}
