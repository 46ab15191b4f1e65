//! A network as data: one definition, run by every executor.

use std::sync::Arc;

use crate::operation::Operation;
use crate::{Init, JetError, NodeId, ParamId, ParamSpec, Shape};

/// A node of a [`Graph`]: where its values come from, and the shape of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Pixels and channels of a row.
    pub shape: Shape,
    pub(crate) source: Source,
}

/// Where a node's values come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The graph's input with this number.
    Input(usize),
    /// Earlier nodes.
    Operation(Arc<dyn Operation>),
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Input(a), Self::Input(b)) => a == b,
            (Self::Operation(a), Self::Operation(b)) => **a == **b,
            _ => false,
        }
    }
}

impl Node {
    /// Numbers per row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.len()
    }

    /// The nodes that it reads; none if it is an input.
    #[must_use]
    pub fn operands(&self) -> Vec<NodeId> {
        self.operation().map_or_else(Vec::new, Operation::operands)
    }

    /// Its parameters: weight and bias, or γ and β, or none.
    #[must_use]
    pub fn parameters(&self) -> Vec<ParamId> {
        self.operation().map_or_else(Vec::new, Operation::parameters)
    }

    /// Its operation; `None` if it is an input.
    pub(crate) fn operation(&self) -> Option<&dyn Operation> {
        match &self.source {
            Source::Input(_) => None,
            Source::Operation(operation) => Some(&**operation),
        }
    }
}

/// A network: nodes in order of evaluation, parameters in one flat vector.
///
/// ```
/// use fokker_jet::{Function, Graph};
/// let mut graph = Graph::new();
/// let x = graph.input(2);
/// let h = graph.dense("hidden", x, 16);
/// let h = graph.map(h, Function::Silu);
/// let y = graph.dense("out", h, 2);
/// graph.set_output(y);
/// assert_eq!(graph.parameter_count(), 2 * 16 + 16 + 16 * 2 + 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    inputs: Vec<NodeId>,
    parameters: Vec<ParamSpec>,
    output: Option<NodeId>,
    parameter_count: usize,
    /// What stands before the names of new parameters.
    prefix: String,
    /// Nodes that are not evaluated where a factor is 0.
    weighted: Vec<Weighted>,
}

/// Neighbouring nodes, the last of them a product with a factor, of which others read that one alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighted {
    pub first: usize,
    pub product: usize,
    /// An input.
    pub factor: usize,
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next input: a vector of the given width.
    pub fn input(&mut self, width: usize) -> NodeId {
        self.image_input(Shape::vector(width))
    }

    /// Adds the next input: images (or vectors) of the given shape.
    pub fn image_input(&mut self, shape: Shape) -> NodeId {
        let id = self.node(Source::Input(self.inputs.len()), shape);
        self.inputs.push(id);
        id
    }

    /// Says how the parameters of a dense layer, a convolution or a normalisation are to be drawn.
    ///
    /// # Panics
    /// If the node has no parameters.
    pub fn initialise(&mut self, node: NodeId, weight: Init, bias: Init) {
        let parameters = self.nodes[node.0].parameters();
        assert!(!parameters.is_empty(), "initialise: a node without parameters");
        for (parameter, init) in parameters.into_iter().zip([weight, bias]) {
            self.parameters[parameter.0].init = init;
        }
    }

    /// Builds with `prefix` before the names of the parameters that are added.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let x = graph.input(2);
    /// graph.named_below("part.0.", |graph| graph.dense("output", x, 1));
    /// assert_eq!(graph.parameters()[0].name, "part.0.output.weight");
    /// ```
    pub fn named_below<T>(&mut self, prefix: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.prefix.len();
        self.prefix.push_str(prefix);
        let built = build(self);
        self.prefix.truncate(before);
        built
    }

    /// Adds `a · factor`, `a` being what `build` adds and returns, `factor` an input of width 1. An executor may leave out what
    /// `build` added where the factor and its derivatives are 0 in all rows; nothing else should read it.
    ///
    /// # Panics
    /// As [`mul`](Self::mul) does.
    ///
    /// ```
    /// use fokker_jet::Graph;
    /// let mut graph = Graph::new();
    /// let (x, weight) = (graph.input(2), graph.input(1));
    /// let y = graph.weighted(weight, |graph| graph.dense("sometimes", x, 3));
    /// assert_eq!(graph.width(y), 3);
    /// ```
    pub fn weighted(&mut self, factor: NodeId, build: impl FnOnce(&mut Self) -> NodeId) -> NodeId {
        let first = self.nodes.len();
        let a = build(self);
        let product = self.mul(a, factor);
        if matches!(self.nodes[factor.0].source, Source::Input(_)) {
            self.weighted.push(Weighted { first, product: product.0, factor: factor.0 });
        }
        product
    }

    /// Those of the [weighted](Self::weighted) nodes that nothing else reads.
    pub(crate) fn separate(&self) -> Vec<Weighted> {
        let output = self.output.map(|output| output.0);
        let inside = |w: &Weighted, node: usize| (w.first..w.product).contains(&node);
        let reads = |w: &Weighted, node: usize| {
            let own = inside(w, node) || node == w.product;
            let operands = self.nodes[node].operands();
            !own && operands.iter().any(|x| inside(w, x.0) && self.nodes[x.0].operation().is_some())
        };
        let alone = |w: &&Weighted| {
            !output.is_some_and(|output| inside(w, output)) && !(0..self.nodes.len()).any(|node| reads(w, node))
        };
        self.weighted.iter().filter(alone).cloned().collect()
    }

    /// Names the node whose value is the network's.
    pub fn set_output(&mut self, node: NodeId) {
        self.output = Some(node);
    }

    /// The output node.
    ///
    /// # Errors
    /// [`JetError::NoOutput`] if none was named.
    pub fn output(&self) -> Result<NodeId, JetError> {
        self.output.ok_or(JetError::NoOutput)
    }

    /// The nodes, each after those that it reads.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The inputs, in order.
    #[must_use]
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// The parameters, in the order of the flat vector.
    #[must_use]
    pub fn parameters(&self) -> &[ParamSpec] {
        &self.parameters
    }

    /// Length of the flat parameter vector.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameter_count
    }

    /// The shape of a node's rows.
    #[must_use]
    pub fn shape(&self, node: NodeId) -> Shape {
        self.nodes[node.0].shape
    }

    /// A node's numbers per row.
    #[must_use]
    pub fn width(&self, node: NodeId) -> usize {
        self.shape(node).len()
    }

    /// Adds a parameter at the end of the flat vector; its name is put below the [prefix](Self::named_below).
    pub(crate) fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> ParamId {
        let name = format!("{}{name}", self.prefix);
        let spec = ParamSpec { name, shape, init, offset: self.parameter_count };
        self.parameter_count += spec.len();
        self.parameters.push(spec);
        ParamId(self.parameters.len() - 1)
    }

    /// Adds a node.
    pub(crate) fn push(&mut self, operation: impl Operation + 'static, shape: Shape) -> NodeId {
        self.node(Source::Operation(Arc::new(operation)), shape)
    }

    fn node(&mut self, source: Source, shape: Shape) -> NodeId {
        self.nodes.push(Node { shape, source });
        NodeId(self.nodes.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Function;

    #[test]
    fn graphs_are_equal_if_their_operations_are() {
        let graph = |function, width| {
            let mut graph = Graph::new();
            let x = graph.input(2);
            let h = graph.dense("hidden", x, width);
            let y = graph.map(h, function);
            graph.set_output(y);
            graph
        };
        assert_eq!(graph(Function::Silu, 3), graph(Function::Silu, 3));
        assert_ne!(graph(Function::Silu, 3), graph(Function::Tanh, 3));
        assert_ne!(graph(Function::Silu, 3), graph(Function::Silu, 4));
        // Nodes of different types.
        let (mut a, mut b) = (graph(Function::Silu, 3), graph(Function::Silu, 3));
        let (last, input) = (a.output().unwrap(), a.inputs()[0]);
        a.softmax(last);
        b.map(last, Function::Silu);
        assert_ne!(a, b);
        assert_eq!((a.nodes()[1].operands(), a.nodes()[1].parameters().len()), (vec![input], 2));
        assert!(a.nodes()[0].operands().is_empty());
    }
}
