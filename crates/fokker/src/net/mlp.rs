//! The multilayer perceptron.

use fokker_jet::{Function, Graph, NodeId};

/// Checks the sizes; the error is the key at fault and the reason.
pub(super) fn validate(width: usize, depth: usize, dropout: f64) -> Result<(), (String, String)> {
    super::check_dropout(dropout)?;
    super::within("network.width", width, 1, 65_536)?;
    super::within("network.depth", depth, 1, 1000)?;
    if width * width * depth > 1 << 30 {
        return Err(("network.width".into(), "width² × depth must be at most 2^30".into()));
    }
    Ok(())
}

/// The hidden layers.
pub(super) struct Layers {
    pub width: usize,
    pub depth: usize,
    pub function: Function,
    pub skip: bool,
    /// Are there masks?
    pub dropout: bool,
}

/// Joins `inputs`, then `depth` layers h ← f(h W + b) (with `skip`, h ← h + f(h W + b) from the second on), then a linear layer. With
/// dropout f(h W + b) is multiplied by a mask, an input of the graph.
pub(super) fn build(graph: &mut Graph, inputs: &[NodeId], layers: &Layers, outputs: usize) -> NodeId {
    let Layers { width, depth, function, skip, dropout } = *layers;
    let mut h = graph.concat(inputs);
    for layer in 0..depth {
        let a = graph.dense(&format!("layers.{layer}"), h, width);
        let mut y = graph.map(a, function);
        if dropout {
            let mask = graph.input(width);
            y = graph.mul(y, mask);
        }
        h = if skip && layer > 0 { graph.add(h, y) } else { y };
    }
    graph.dense("output", h, outputs)
}
