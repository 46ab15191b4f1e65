//! A network as data: one definition, run by every executor.

use crate::{Function, JetError};

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub(crate) usize);

/// A parameter of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId(pub(crate) usize);

/// How a parameter is drawn before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zeros.
    Zeros,
    /// Uniform on `[-bound, bound]`.
    Uniform {
        /// The bound.
        bound: f64,
    },
}

/// Name, shape and place of a parameter in the flat parameter vector.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Unique dotted name, as in the model file.
    pub name: String,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// How it is drawn before training.
    pub init: Init,
    /// Where it begins in the flat vector.
    pub offset: usize,
}

impl ParamSpec {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Has the parameter no element?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a node computes from earlier nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The graph's input with this number.
    Input(usize),
    /// `y = x W + b`, `W` of shape `[in, out]`.
    Dense {
        /// The input node.
        x: NodeId,
        /// `W`, shape `[in, out]`.
        weight: ParamId,
        /// `b`, shape `[out]`.
        bias: ParamId,
    },
    /// `y = f(x)`, element by element.
    Map {
        /// The input node.
        x: NodeId,
        /// The function.
        function: Function,
    },
    /// `y = a + b`, of equal width.
    Add {
        /// First term.
        a: NodeId,
        /// Second term.
        b: NodeId,
    },
    /// `y = a · b`, element by element; `b` may have width 1, and then multiplies the whole row.
    Mul {
        /// First factor.
        a: NodeId,
        /// Second factor.
        b: NodeId,
    },
    /// The rows of the parts one after the other.
    Concat {
        /// What is joined.
        inputs: Vec<NodeId>,
    },
}

/// A node: its operation and its width (features per row).
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// Features per row.
    pub width: usize,
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
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next input, of the given width.
    pub fn input(&mut self, width: usize) -> NodeId {
        let id = self.push(Op::Input(self.inputs.len()), width);
        self.inputs.push(id);
        id
    }

    /// Adds `x W + b` with parameters `NAME.weight` of shape `[in, out]` and `NAME.bias`, both drawn from
    /// U(−1/√in, 1/√in) (LeCun-style fan-in bound, PyTorch's default for its linear layer).
    pub fn dense(&mut self, name: &str, x: NodeId, width: usize) -> NodeId {
        let fan_in = self.nodes[x.0].width;
        #[allow(clippy::cast_precision_loss)]
        let init = Init::Uniform { bound: 1.0 / (fan_in.max(1) as f64).sqrt() };
        let weight = self.parameter(format!("{name}.weight"), vec![fan_in, width], init);
        let bias = self.parameter(format!("{name}.bias"), vec![width], init);
        self.push(Op::Dense { x, weight, bias }, width)
    }

    /// Adds `f(x)`, element by element.
    pub fn map(&mut self, x: NodeId, function: Function) -> NodeId {
        let width = self.nodes[x.0].width;
        self.push(Op::Map { x, function }, width)
    }

    /// Adds `a + b`.
    ///
    /// # Panics
    /// If the widths differ.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let width = self.nodes[a.0].width;
        assert_eq!(width, self.nodes[b.0].width, "add: widths differ");
        self.push(Op::Add { a, b }, width)
    }

    /// Adds `a · b`; `b` may have width 1.
    ///
    /// # Panics
    /// If the widths differ and `b`'s is not 1.
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (width, other) = (self.nodes[a.0].width, self.nodes[b.0].width);
        assert!(other == width || other == 1, "mul: widths {width} and {other}");
        self.push(Op::Mul { a, b }, width)
    }

    /// Joins nodes along the features.
    pub fn concat(&mut self, inputs: &[NodeId]) -> NodeId {
        let width = inputs.iter().map(|i| self.nodes[i.0].width).sum();
        self.push(Op::Concat { inputs: inputs.to_vec() }, width)
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

    /// A node's features per row.
    #[must_use]
    pub fn width(&self, node: NodeId) -> usize {
        self.nodes[node.0].width
    }

    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> ParamId {
        let spec = ParamSpec { name, shape, init, offset: self.parameter_count };
        self.parameter_count += spec.len();
        self.parameters.push(spec);
        ParamId(self.parameters.len() - 1)
    }

    fn push(&mut self, op: Op, width: usize) -> NodeId {
        self.nodes.push(Node { op, width });
        NodeId(self.nodes.len() - 1)
    }
}

impl NodeId {
    /// The node's place in [`Graph::nodes`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl ParamId {
    /// The parameter's place in [`Graph::parameters`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}
