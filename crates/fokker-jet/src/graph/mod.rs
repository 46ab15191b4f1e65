//! A network as data: one definition, run by every executor.

mod resampling;
mod shape;

pub use resampling::Resampling;
pub use shape::Shape;

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
    /// All ones.
    Ones,
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
    /// `y = x W + b` at every pixel, `W` of shape `[in, out]`.
    Dense {
        /// The input node.
        x: NodeId,
        /// `W`, shape `[in, out]`.
        weight: ParamId,
        /// `b`, shape `[out]`.
        bias: ParamId,
    },
    /// Convolution (cross-correlation) of images with zeros around them,
    /// `y[i, j, o] = b[o] + Σ W[d, e, c, o] x[i + d − r, j + e − r, c]`, of a square kernel of `2r + 1` pixels.
    Conv {
        /// The input node.
        x: NodeId,
        /// `W`, shape `[2r + 1, 2r + 1, in, out]`.
        weight: ParamId,
        /// `b`, shape `[out]`.
        bias: ParamId,
    },
    /// Group normalisation (Wu & He 2018, arXiv 1803.08494): within each row and group of channels, over all pixels,
    /// `y = γ (x − mean x) / √(var x + ε) + β`, with the biased variance.
    GroupNorm {
        /// The input node.
        x: NodeId,
        /// `γ`, one number a channel.
        gamma: ParamId,
        /// `β`, one number a channel.
        beta: ParamId,
        /// Number of groups, each of as many neighbouring channels.
        groups: usize,
        /// `ε`.
        epsilon: f64,
    },
    /// `y = f(x)`, element by element.
    Map {
        /// The input node.
        x: NodeId,
        /// The function.
        function: Function,
    },
    /// `y = factor · (a + b)`; `b` may be one pixel, and then is added at every pixel.
    Add {
        /// First term.
        a: NodeId,
        /// Second term.
        b: NodeId,
        /// The factor.
        factor: f64,
    },
    /// `y = a · b`, element by element; `b` may have width 1, and then multiplies the whole row.
    Mul {
        /// First factor.
        a: NodeId,
        /// Second factor.
        b: NodeId,
    },
    /// The channels of the inputs one after the other, at every pixel.
    Concat {
        /// What is joined.
        inputs: Vec<NodeId>,
    },
    /// Twice or half as many pixels along each axis.
    Resample {
        /// The input node.
        x: NodeId,
        /// How.
        kind: Resampling,
    },
    /// Within each row, the matrix product `y = factor · a b` or `factor · a bᵀ`, of matrices of pixels × channels.
    MatMul {
        /// Left factor, `m × k`.
        a: NodeId,
        /// Right factor, `k × n`, or `n × k` if it is transposed.
        b: NodeId,
        /// Is the right factor transposed?
        transposed: bool,
        /// The scalar factor.
        factor: f64,
    },
    /// `y_i = exp(x_i) / Σ_j exp(x_j)` over the channels of every pixel.
    Softmax {
        /// The input node.
        x: NodeId,
    },
}

/// A node: its operation and the shape of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// Pixels and channels of a row.
    pub shape: Shape,
}

impl Node {
    /// Numbers per row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.len()
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
        let id = self.push(Op::Input(self.inputs.len()), shape);
        self.inputs.push(id);
        id
    }

    /// Adds `x W + b` at every pixel, with parameters `NAME.weight` of shape `[in, out]` and `NAME.bias`, both drawn from
    /// U(−1/√in, 1/√in) (LeCun-style fan-in bound, PyTorch's default for its linear layer).
    pub fn dense(&mut self, name: &str, x: NodeId, channels: usize) -> NodeId {
        let shape = self.shape(x);
        let init = fan_in(shape.channels);
        let weight = self.parameter(format!("{name}.weight"), vec![shape.channels, channels], init);
        let bias = self.parameter(format!("{name}.bias"), vec![channels], init);
        self.push(Op::Dense { x, weight, bias }, shape.with_channels(channels))
    }

    /// Adds the convolution with a square kernel of `kernel` pixels, with parameters `NAME.weight` of shape
    /// `[kernel, kernel, in, out]` and `NAME.bias`, both drawn from U(−1/√n, 1/√n), n = kernel² in.
    ///
    /// # Panics
    /// If `kernel` is even.
    pub fn conv(&mut self, name: &str, x: NodeId, channels: usize, kernel: usize) -> NodeId {
        assert!(kernel % 2 == 1, "conv: a kernel of {kernel} pixels has no middle");
        let shape = self.shape(x);
        let init = fan_in(kernel * kernel * shape.channels);
        let weight = self.parameter(format!("{name}.weight"), vec![kernel, kernel, shape.channels, channels], init);
        let bias = self.parameter(format!("{name}.bias"), vec![channels], init);
        self.push(Op::Conv { x, weight, bias }, shape.with_channels(channels))
    }

    /// Adds group normalisation, with parameters `NAME.weight` (γ, ones) and `NAME.bias` (β, zeros).
    ///
    /// # Panics
    /// If `groups` does not divide the channels.
    pub fn group_norm(&mut self, name: &str, x: NodeId, groups: usize, epsilon: f64) -> NodeId {
        let shape = self.shape(x);
        assert!(shape.channels.is_multiple_of(groups), "group_norm: {groups} groups of {} channels", shape.channels);
        let gamma = self.parameter(format!("{name}.weight"), vec![shape.channels], Init::Ones);
        let beta = self.parameter(format!("{name}.bias"), vec![shape.channels], Init::Zeros);
        self.push(Op::GroupNorm { x, gamma, beta, groups, epsilon }, shape)
    }

    /// Adds `f(x)`, element by element.
    pub fn map(&mut self, x: NodeId, function: Function) -> NodeId {
        self.push(Op::Map { x, function }, self.shape(x))
    }

    /// Adds `a + b`; `b` may be one pixel.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.add_scaled(a, b, 1.0)
    }

    /// Adds `factor · (a + b)`; `b` may be one pixel.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add_scaled(&mut self, a: NodeId, b: NodeId, factor: f64) -> NodeId {
        let (shape, other) = (self.shape(a), self.shape(b));
        assert!(other == shape || other == Shape::vector(shape.channels), "add: {shape:?} and {other:?}");
        self.push(Op::Add { a, b, factor }, shape)
    }

    /// Adds `a · b`, element by element; `b` may have width 1.
    ///
    /// # Panics
    /// If the widths differ and `b`'s is not 1.
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (width, other) = (self.width(a), self.width(b));
        assert!(other == width || other == 1, "mul: widths {width} and {other}");
        self.push(Op::Mul { a, b }, self.shape(a))
    }

    /// Joins nodes along the channels.
    ///
    /// # Panics
    /// If there is none, or they differ in their pixels.
    pub fn concat(&mut self, inputs: &[NodeId]) -> NodeId {
        let shapes: Vec<Shape> = inputs.iter().map(|&i| self.shape(i)).collect();
        let channels = shapes.iter().map(|shape| shape.channels).sum();
        let shape = shapes[0].with_channels(channels);
        assert!(shapes.iter().all(|s| s.with_channels(channels) == shape), "concat: {shapes:?}");
        self.push(Op::Concat { inputs: inputs.to_vec() }, shape)
    }

    /// Adds twice or half as many pixels along each axis.
    ///
    /// # Panics
    /// If an odd number of pixels is to be halved.
    pub fn resample(&mut self, x: NodeId, kind: Resampling) -> NodeId {
        self.push(Op::Resample { x, kind }, kind.shape(self.shape(x)))
    }

    /// Adds, within each row, `factor · a b`, or `factor · a bᵀ` if `transposed`: matrices of pixels × channels. The result has `a`'s
    /// pixels.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn matmul(&mut self, a: NodeId, b: NodeId, transposed: bool, factor: f64) -> NodeId {
        let (shape, other) = (self.shape(a), self.shape(b));
        let (depth, columns) =
            if transposed { (other.channels, other.pixels()) } else { (other.pixels(), other.channels) };
        assert!(shape.channels == depth, "matmul: {shape:?} and {other:?}, transposed: {transposed}");
        self.push(Op::MatMul { a, b, transposed, factor }, shape.with_channels(columns))
    }

    /// Adds the softmax over the channels of every pixel.
    pub fn softmax(&mut self, x: NodeId) -> NodeId {
        self.push(Op::Softmax { x }, self.shape(x))
    }

    /// Says how the parameters of a dense layer, a convolution or a normalisation are to be drawn.
    ///
    /// # Panics
    /// If the node has no parameters.
    pub fn initialise(&mut self, node: NodeId, weight: Init, bias: Init) {
        let parameters = self.nodes[node.0].op.parameters();
        assert!(!parameters.is_empty(), "initialise: a node without parameters");
        for (parameter, init) in parameters.into_iter().zip([weight, bias]) {
            self.parameters[parameter.0].init = init;
        }
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

    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> ParamId {
        let spec = ParamSpec { name, shape, init, offset: self.parameter_count };
        self.parameter_count += spec.len();
        self.parameters.push(spec);
        ParamId(self.parameters.len() - 1)
    }

    fn push(&mut self, op: Op, shape: Shape) -> NodeId {
        self.nodes.push(Node { op, shape });
        NodeId(self.nodes.len() - 1)
    }
}

/// U(−1/√n, 1/√n).
fn fan_in(n: usize) -> Init {
    #[allow(clippy::cast_precision_loss)]
    let bound = 1.0 / (n.max(1) as f64).sqrt();
    Init::Uniform { bound }
}

impl Op {
    /// The nodes that it reads.
    #[must_use]
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Self::Input(_) => Vec::new(),
            Self::Dense { x, .. }
            | Self::Conv { x, .. }
            | Self::GroupNorm { x, .. }
            | Self::Map { x, .. }
            | Self::Resample { x, .. }
            | Self::Softmax { x } => vec![*x],
            Self::Add { a, b, .. } | Self::Mul { a, b } | Self::MatMul { a, b, .. } => vec![*a, *b],
            Self::Concat { inputs } => inputs.clone(),
        }
    }

    /// Its parameters: weight and bias, or γ and β.
    #[must_use]
    pub fn parameters(&self) -> Vec<ParamId> {
        match self {
            Self::Dense { weight, bias, .. } | Self::Conv { weight, bias, .. } => vec![*weight, *bias],
            Self::GroupNorm { gamma, beta, .. } => vec![*gamma, *beta],
            _ => Vec::new(),
        }
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
