//! The multilayer perceptron.

use fokker_jet::{Function, Graph, NodeId};

/// Checks the sizes; the error is the key at fault and the reason.
pub(super) fn validate(width: usize, depth: usize) -> Result<(), (String, String)> {
    super::within("network.width", width, 1, 65_536)?;
    super::within("network.depth", depth, 1, 1000)?;
    if width * width * depth > 1 << 30 {
        return Err(("network.width".into(), "width² × depth must be at most 2^30".into()));
    }
    Ok(())
}

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
