//! The multilayer perceptron.

use fokker_jet::{Function, Graph, NodeId};

/// Joins `inputs`, then `depth` layers h ← f(h W + b) (with `skip`, h ← h + f(h W + b) from the second on), then a linear layer.
pub(super) fn build(
    graph: &mut Graph, inputs: &[NodeId], width: usize, depth: usize, function: Function, skip: bool, outputs: usize,
) -> NodeId {
    let mut h = graph.concat(inputs);
    for layer in 0..depth {
        let a = graph.dense(&format!("layers.{layer}"), h, width);
        let y = graph.map(a, function);
        h = if skip && layer > 0 { graph.add(h, y) } else { y };
    }
    graph.dense("output", h, outputs)
}
