//! Runs a graph over jets of tensors.

use burn::tensor::Tensor;

use super::jet::Jet;
use super::operands::Operands;
use crate::graph::Source;
use crate::{Graph, JetError, NodeId, ParamId};

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
    let mut values: Vec<Jet<2>> = Vec::with_capacity(wanted.index() + 1);
    for node in &graph.nodes()[..=wanted.index()] {
        let next = match &node.source {
            Source::Input(number) => inputs[*number].clone(),
            Source::Operation(operation) => {
                let value = |x: NodeId| (values[x.index()].clone(), graph.shape(x));
                let parameter = |id: ParamId| {
                    let id = id.index();
                    (parameters[id].clone(), &graph.parameters()[id].shape[..])
                };
                operation.evaluate(&Operands {
                    result: node.shape,
                    values: operation.operands().into_iter().map(value).collect(),
                    parameters: operation.parameters().into_iter().map(parameter).collect(),
                })
            }
        };
        values.push(next);
    }
    values.swap_remove(wanted.index())
}
