//! Runs a graph over jets of tensors.

use burn::tensor::Tensor;

use super::image;
use super::jet::Jet;
use crate::{Graph, JetError, NodeId, Op, ParamId};

/// Runs a [`Graph`] over jets of Burn tensors: the graph's inputs `[rows, width]` to its output `[rows, output width]`.
///
/// `parameters` are the graph's parameters in their order, each flattened to one axis (any of them may require gradients); all
/// inputs share one jet set.
///
/// # Errors
/// [`JetError::NoOutput`] and [`JetError::InputCount`].
///
/// # Panics
/// If there are fewer parameters than the graph has, or the jets' sets or shapes do not fit.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fokker_jet::{Function, Graph, JetSet, tensor::{Jet, evaluate}};
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// let mut graph = Graph::new();
/// let x = graph.input(1);
/// let y = graph.map(x, Function::Power(2.0));
/// graph.set_output(y);
///
/// let x = Tensor::<2>::from_data([[3.0]], &Device::flex());
/// let x = Jet::new(JetSet::first_order(1), x.clone(), vec![(1, x.ones_like())]);
/// let y = evaluate(&graph, &[x], &[])?;
/// assert_eq!(y.part(1).map(|p| p.into_scalar::<f32>()), Some(6.0));
/// # Ok(()) }
/// ```
pub fn evaluate(graph: &Graph, inputs: &[Jet<2>], parameters: &[Tensor<1>]) -> Result<Jet<2>, JetError> {
    let output = graph.output()?;
    if graph.inputs().len() != inputs.len() {
        return Err(JetError::InputCount { inputs: graph.inputs().len(), given: inputs.len() });
    }
    Ok(evaluate_node(graph, output, inputs, parameters))
}

/// The value of one node, for inputs known to match the graph's.
pub(super) fn evaluate_node(graph: &Graph, wanted: NodeId, inputs: &[Jet<2>], parameters: &[Tensor<1>]) -> Jet<2> {
    let mut values: Vec<Jet<2>> = Vec::with_capacity(wanted.0 + 1);
    for node in &graph.nodes()[..=wanted.0] {
        let value = |id: &NodeId| values[id.0].clone();
        let parameter = |id: &ParamId| parameters[id.0].clone();
        let pixels = |id: &NodeId| image::pixels(value(id), graph.shape(*id));
        let next = match &node.op {
            Op::Input(number) => inputs[*number].clone(),
            Op::Dense { x, weight, bias } => {
                let weight = parameter(weight).reshape([graph.shape(*x).channels, node.shape.channels]);
                image::flat(pixels(x).dense(weight, Some(parameter(bias))))
            }
            Op::Conv { x, weight, bias } => {
                let dims = &graph.parameters()[weight.0].shape;
                let weight = parameter(weight).reshape([dims[0], dims[1], dims[2], dims[3]]);
                image::conv(value(x), graph.shape(*x), weight, parameter(bias))
            }
            Op::GroupNorm { x, gamma, beta, groups, epsilon } => {
                let channels_first = pixels(x).swap_dims(1, 2);
                let y = channels_first.group_norm(*groups, parameter(gamma), Some(parameter(beta)), *epsilon);
                image::flat(y.swap_dims(1, 2))
            }
            Op::Map { x, function } => value(x).map(*function),
            Op::Add { a, b, factor } => {
                let sum = image::flat(pixels(a) + pixels(b));
                if *factor == 1.0 { sum } else { sum.scale(*factor) }
            }
            Op::Mul { a, b } => value(a) * value(b),
            Op::Concat { inputs } => image::flat(Jet::cat(inputs.iter().map(pixels).collect(), 2)),
            Op::Resample { x, kind } => image::resample(value(x), graph.shape(*x), *kind),
            Op::MatMul { a, b, transposed, factor } => {
                let right = if *transposed { pixels(b).swap_dims(1, 2) } else { pixels(b) };
                image::flat(pixels(a).matmul(right).scale(*factor))
            }
            Op::Softmax { x } => image::flat(pixels(x).softmax()),
        };
        values.push(next);
    }
    values.swap_remove(wanted.0)
}
