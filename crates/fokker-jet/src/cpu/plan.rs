//! Compiling a graph for a jet set: which parts of which node exist, who needs a cotangent, where it is kept.

use std::sync::Arc;

use super::conv::Geometry;
use super::matmul::Factors;
use super::norm::Norm;
use super::resample::Taps;
use super::{map, product};
use crate::{Graph, JetError, JetSet, Live, Node, NodeId, Op, ParamId, Real};

/// A graph compiled for a jet set. Cheap to clone; shared by all workers.
#[derive(Clone, Debug)]
pub struct Plan(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub graph: Graph,
    pub set: JetSet,
    pub output: NodeId,
    /// Live parts of every node.
    pub live: Vec<Live>,
    /// Does the node depend on any parameter?
    pub on_parameters: Vec<bool>,
    /// For every input: does the node depend on it?
    pub on_input: Vec<Vec<bool>>,
    /// For every node, the buffer that holds its cotangent.
    pub cotangent: Vec<usize>,
    /// Elements per row that each cotangent buffer must hold.
    pub cotangent_size: Vec<usize>,
    /// For every `Map` node: does its operand's cotangent take the place of its own?
    pub in_place: Vec<bool>,
    /// What is known of the parts along the tangent.
    pub tangent: Option<Tangent>,
    /// For every `Map`, `GroupNorm` and `Softmax` node its parts, in stored order (empty for other nodes).
    pub map_parts: Vec<Arc<[map::Part]>>,
    /// For every `Mul` and `MatMul` node the terms of its product rule (empty for other nodes).
    pub mul_terms: Vec<Arc<[product::Term]>>,
    /// For every `Resample` node its map and the transposed one.
    pub taps: Vec<Option<[Taps; 2]>>,
}

/// The parts along the set's tangent.
#[derive(Debug)]
pub(super) struct Tangent {
    /// The only input that moves along it.
    pub input: usize,
    /// The first of its parts, which are the last of all.
    pub first: usize,
    /// For every node, the stored places of the parts whose derivatives along the tangent are live there, in order.
    pub kept: Vec<Arc<[usize]>>,
}

/// Lists that follow from the live parts of some nodes. Many nodes have the same live parts, and then share the list: a plan of
/// thousands of parts is small beside the workspaces that it is for.
struct Lists<T, const N: usize>(Vec<([Live; N], Arc<[T]>)>);

impl<T, const N: usize> Lists<T, N> {
    /// The list for these live parts, which `make` makes the first time.
    fn of(&mut self, live: [&Live; N], make: impl FnOnce() -> Vec<T>) -> Arc<[T]> {
        let same = |known: &[Live; N]| known.iter().zip(live).all(|(a, b)| a.is(b));
        if let Some((_, list)) = self.0.iter().find(|(known, _)| same(known)) {
            return Arc::clone(list);
        }
        let list: Arc<[T]> = make().into();
        self.0.push((live.map(Live::clone), Arc::clone(&list)));
        list
    }
}

impl Tangent {
    fn new(set: &JetSet, inputs: &[Live], live: &[Live]) -> Result<Option<Self>, JetError> {
        let Some(first) = set.tangent() else { return Ok(None) };
        let moves = |live: &Live| live.has(first);
        let Some(input) = inputs.iter().position(moves) else {
            return Err(JetError::Tangent { reason: "no input moves along it" });
        };
        if inputs.iter().filter(|live| moves(live)).count() > 1 {
            return Err(JetError::Tangent { reason: "more than one input moves along it" });
        }
        if (first + 1..set.parts()).any(|part| inputs[input].has(part)) {
            return Err(JetError::Tangent { reason: "an input has a second-order part along it" });
        }
        let mut lists = Lists(Vec::new());
        let kept = |live: &Live| {
            lists.of([live], || {
                let slots = live.slots();
                let parts = (first..set.parts()).filter(|&part| live.has(part));
                parts.filter_map(|part| set.undifferentiated(part)).map(|part| slots[part]).collect()
            })
        };
        Ok(Some(Self { input, first, kept: live.iter().map(kept).collect() }))
    }
}

impl Plan {
    /// Compiles `graph` for jets of `set`; `inputs` says for every graph input which of its parts are live.
    ///
    /// # Errors
    /// [`JetError`] if the graph has no output, `inputs` does not fit graph and set, or the set has a tangent along which not just
    /// one input moves.
    pub fn new(graph: &Graph, set: &JetSet, inputs: &[Live]) -> Result<Self, JetError> {
        let output = graph.output()?;
        if inputs.len() != graph.inputs().len() {
            return Err(JetError::InputCount { inputs: graph.inputs().len(), given: inputs.len() });
        }
        for (input, live) in inputs.iter().enumerate() {
            if live.0.len() != set.parts() {
                return Err(JetError::LiveParts { input, reason: "made for a set with another number of parts" });
            }
        }
        let live = live_parts(graph, set, inputs);
        let on_parameters = dependence(graph, |op| !op.parameters().is_empty());
        let on_input =
            (0..inputs.len()).map(|i| dependence(graph, |op| matches!(op, Op::Input(j) if *j == i))).collect();
        let in_place = in_place(graph, &live, output);
        let tangent = Tangent::new(set, inputs, &live)?;
        let (cotangent, cotangent_size) = cotangent_buffers(graph, &live, &in_place, output);
        let (mut parts, mut terms) = (Lists(Vec::new()), Lists(Vec::new()));
        let map_parts = graph.nodes().iter().zip(&live).map(|(node, y)| match &node.op {
            Op::Map { x, .. } | Op::GroupNorm { x, .. } | Op::Softmax { x } => {
                let a = &live[x.index()];
                parts.of([a, y], || map_parts(set, a, y))
            }
            _ => Arc::default(),
        });
        let mul_terms = graph.nodes().iter().zip(&live).map(|(node, y)| match &node.op {
            Op::Mul { a, b } | Op::MatMul { a, b, .. } => {
                let (a, b) = (&live[a.index()], &live[b.index()]);
                terms.of([a, b, y], || product::terms(set, a, b, y))
            }
            _ => Arc::default(),
        });
        let taps = graph.nodes().iter().map(|node| match &node.op {
            Op::Resample { x, kind } => {
                let taps = Taps::new(*kind, graph.shape(*x));
                let transposed = taps.transposed();
                Some([taps, transposed])
            }
            _ => None,
        });
        let (map_parts, mul_terms, taps) = (map_parts.collect(), mul_terms.collect(), taps.collect());
        let (graph, set) = (graph.clone(), set.clone());
        Ok(Self(Arc::new(Inner {
            graph,
            set,
            output,
            live,
            on_parameters,
            on_input,
            cotangent,
            cotangent_size,
            in_place,
            tangent,
            map_parts,
            mul_terms,
            taps,
        })))
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.graph
    }

    /// Numbers that a workspace holds for each row: all parts of all nodes, their functions' kernels, the
    /// cotangents kept, and the cotangent buffers.
    #[must_use]
    pub fn numbers_per_row(&self) -> usize {
        let p = &*self.0;
        let nodes = p.graph.nodes().iter().enumerate();
        let stored =
            nodes.map(|(i, node)| product_of(node.width(), p.live[i].count() + p.kept(i).len()) + p.kernel(i) as u64);
        let sum = stored.chain(p.cotangent_size.iter().map(|&size| size as u64)).fold(0, u64::saturating_add);
        usize::try_from(sum).unwrap_or(usize::MAX)
    }

    /// Bytes that a workspace for `rows` rows takes, all told; in a reverse pass in the parameters it takes
    /// [`Graph::parameter_count`] numbers more. (A plan itself is small, so a workspace can be counted before it is made.)
    #[must_use]
    pub fn workspace_bytes<F: Real>(&self, rows: usize) -> u64 {
        let p = &*self.0;
        let width = p.graph.width(p.output);
        let widest = p.graph.inputs().iter().map(|&i| p.graph.width(i)).fold(width, usize::max);
        // Seeds, a part of zeros, the gradient in an input; images with zeros around them.
        let more = [product_of(width, p.live[p.output.index()].count()), width as u64, widest as u64, self.padded()];
        let numbers = more.into_iter().fold(self.numbers_per_row() as u64, u64::saturating_add);
        numbers.saturating_mul(rows as u64).saturating_mul(size_of::<F>() as u64)
    }

    /// Numbers per row that the largest convolution copies, forward or back.
    fn padded(&self) -> u64 {
        let p = &*self.0;
        let of = |(node, live): (&Node, &Live)| match node.op {
            Op::Conv { x, weight, .. } => product_of(p.geometry(x, weight).padded_size(), live.count()),
            _ => 0,
        };
        p.graph.nodes().iter().zip(&p.live).map(of).max().unwrap_or(0)
    }

    /// The jet set.
    #[must_use]
    pub fn set(&self) -> &JetSet {
        &self.0.set
    }
}

/// A product that may be too large.
fn product_of(a: usize, b: usize) -> u64 {
    (a as u64).saturating_mul(b as u64)
}

impl Inner {
    /// Numbers per row that a node's forward pass keeps for later ones, beside its values.
    pub fn kernel(&self, node: usize) -> usize {
        match &self.graph.nodes()[node].op {
            Op::Map { .. } => self.graph.nodes()[node].width(),
            Op::GroupNorm { .. } => self.norm(node).kept(),
            _ => 0,
        }
    }

    /// A `GroupNorm` node's sizes.
    ///
    /// # Panics
    /// If it is none.
    pub fn norm(&self, node: usize) -> Norm {
        let Op::GroupNorm { x, groups, epsilon, .. } = self.graph.nodes()[node].op else {
            unreachable!("node {node} is no normalisation")
        };
        let shape = self.graph.shape(x);
        Norm {
            pixels: shape.pixels(),
            channels: shape.channels,
            groups,
            epsilon,
            a_parts: self.live[x.index()].count(),
            y_parts: self.live[node].count(),
        }
    }

    /// A convolution's sizes.
    pub fn geometry(&self, x: NodeId, weight: ParamId) -> Geometry {
        let dims = &self.graph.parameters()[weight.index()].shape;
        Geometry { shape: self.graph.shape(x), kernel: dims[0], channels: dims[3] }
    }

    /// A `MatMul` node's sizes.
    ///
    /// # Panics
    /// If it is none.
    pub fn factors(&self, node: usize, rows: usize) -> Factors {
        let Op::MatMul { a, transposed, factor, .. } = self.graph.nodes()[node].op else {
            unreachable!("node {node} is no matrix product")
        };
        let (a, y) = (self.graph.shape(a), self.graph.nodes()[node].shape);
        Factors { rows, m: a.pixels(), k: a.channels, n: y.channels, transposed, factor }
    }

    /// The stored places, at a node, of the parts whose cotangents are kept for the tangent.
    pub fn kept(&self, node: usize) -> &[usize] {
        let kept = self.tangent.as_ref().filter(|_| self.on_parameters[node]).map(|tangent| &tangent.kept[node]);
        kept.map_or(&[], |kept| kept)
    }
}

fn live_parts(graph: &Graph, set: &JetSet, inputs: &[Live]) -> Vec<Live> {
    let mut live: Vec<Live> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let of = |id: &NodeId| &live[id.index()];
        let parts = match &node.op {
            Op::Input(i) => inputs[*i].clone(),
            Op::Dense { x, .. } | Op::Conv { x, .. } | Op::Resample { x, .. } => of(x).clone(),
            Op::Map { x, .. } | Op::GroupNorm { x, .. } | Op::Softmax { x } => of(x).mapped(set),
            Op::Add { a, b, .. } => of(a).union(of(b)),
            Op::Mul { a, b } | Op::MatMul { a, b, .. } => of(a).multiplied(of(b), set),
            Op::Concat { inputs } => inputs.iter().fold(Live::parts(set, &[]), |all, i| all.union(of(i))),
        };
        live.push(parts);
    }
    live
}

fn map_parts(set: &JetSet, a: &Live, y: &Live) -> Vec<map::Part> {
    let (a_slots, y_slots) = (a.slots(), y.slots());
    let stored = |part: usize| a.has(part).then(|| a_slots[part]);
    let part = |part: usize| match (part, set.pair_of(part)) {
        (0, _) => map::Part::Primal,
        (p, None) => map::Part::First { y: y_slots[p], a: a_slots[p] },
        (p, Some((u, v))) => map::Part::Second { y: y_slots[p], uv: stored(p), product: stored(u).zip(stored(v)) },
    };
    (0..set.parts()).filter(|&p| y.has(p)).map(part).collect()
}

fn dependence(graph: &Graph, root: impl Fn(&Op) -> bool) -> Vec<bool> {
    let mut depends: Vec<bool> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let found = root(&node.op) || node.op.operands().iter().any(|i| depends[i.index()]);
        depends.push(found);
    }
    depends
}

/// A map that alone reads its operand, both storing the same parts in the same places (or the map one more at the end): its
/// cotangent turns into its operand's, tile by tile.
fn in_place(graph: &Graph, live: &[Live], output: NodeId) -> Vec<bool> {
    let mut readers = vec![0; graph.nodes().len()];
    readers[output.index()] += 1;
    graph.nodes().iter().flat_map(|node| node.op.operands()).for_each(|i| readers[i.index()] += 1);
    let same_places = |x: &Live, y: &Live| {
        x.is(y)
            || (0..x.0.len())
                .zip(x.slots().into_iter().zip(y.slots()))
                .all(|(p, (x_slot, y_slot))| !x.has(p) || x_slot == y_slot)
    };
    let fits = |(node, y): (&Node, &Live)| match &node.op {
        Op::Map { x, .. } => {
            let input = matches!(graph.nodes()[x.index()].op, Op::Input(_));
            readers[x.index()] == 1 && !input && same_places(&live[x.index()], y)
        }
        _ => false,
    };
    graph.nodes().iter().zip(live).map(fits).collect()
}

/// A cotangent lives from the reverse step of its node's last reader to its node's own; buffers are handed on accordingly, so
/// that a long chain needs two of them.
fn cotangent_buffers(graph: &Graph, live: &[Live], in_place: &[bool], output: NodeId) -> (Vec<usize>, Vec<usize>) {
    const NONE: usize = usize::MAX;
    let mut buffer = vec![NONE; graph.nodes().len()];
    let mut sizes: Vec<usize> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let size = |node: usize| graph.nodes()[node].width().saturating_mul(live[node].count());
    let mut take = |node: usize, free: &mut Vec<usize>| {
        let id = free.pop().unwrap_or_else(|| {
            sizes.push(0);
            sizes.len() - 1
        });
        sizes[id] = sizes[id].max(size(node));
        id
    };
    buffer[output.index()] = take(output.index(), &mut free);
    for node in (0..=output.index()).rev() {
        if buffer[node] == NONE {
            continue;
        }
        for operand in graph.nodes()[node].op.operands().into_iter().map(NodeId::index) {
            if in_place[node] {
                buffer[operand] = buffer[node];
            } else if buffer[operand] == NONE {
                buffer[operand] = take(operand, &mut free);
            }
        }
        // An input's cotangent is the result; it is kept.
        if !in_place[node] && !matches!(graph.nodes()[node].op, Op::Input(_)) {
            free.push(buffer[node]);
        }
    }
    (buffer, sizes)
}
