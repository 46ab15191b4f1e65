//! Compiling a graph for a jet set: which parts of which node exist, who needs a cotangent, where it is kept.

use std::sync::Arc;

use crate::graph::{Source, Weighted};
use crate::pass::{Layout, Lists, Program, Shared, Site, Tangent};
use crate::{Graph, JetError, JetSet, Live, Node, NodeId, ParamId, ParamSpec, Real, Wrt};

/// A graph compiled for a jet set. Cheap to clone; shared by all workers.
#[derive(Clone, Debug)]
pub struct Plan(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub graph: Graph,
    pub set: JetSet,
    /// The output node.
    pub output: usize,
    /// The input nodes.
    pub inputs: Vec<usize>,
    pub layout: Layout,
    /// What the nodes compute; `None` for inputs.
    pub programs: Vec<Option<Program>>,
    /// Elements per row that each cotangent buffer must hold.
    pub cotangent_size: Vec<usize>,
    /// Nodes that are left out where their factor is 0.
    pub weighted: Vec<Weighted>,
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
        let tangent = tangent(set, inputs, &live)?;
        let programs = programs(graph, set, &live);
        let in_place = in_place(graph, &programs, &live, output);
        let (cotangent, cotangent_size) = cotangent_buffers(graph, &live, &in_place, output);
        let nodes = graph.nodes();
        let on_input = |i| dependence(graph, |node| matches!(node.source, Source::Input(j) if j == i));
        let stored = |(node, live): (&Node, &Live)| node.width().saturating_mul(live.count());
        let layout = Layout {
            width: nodes.iter().map(Node::width).collect(),
            stored: nodes.iter().zip(&live).map(stored).collect(),
            operands: nodes.iter().map(|node| node.operands().into_iter().map(NodeId::index).collect()).collect(),
            parameters: nodes.iter().map(|node| node.parameters().into_iter().map(ParamId::index).collect()).collect(),
            spans: graph.parameters().iter().map(ParamSpec::span).collect(),
            on_parameters: dependence(graph, |node| !node.parameters().is_empty()),
            on_input: (0..inputs.len()).map(on_input).collect(),
            live,
            cotangent,
            in_place,
            tangent,
        };
        let inputs = graph.inputs().iter().map(|input| input.index()).collect();
        let (weighted, graph, set, output) = (graph.separate(), graph.clone(), set.clone(), output.index());
        Ok(Self(Arc::new(Inner { graph, set, output, inputs, layout, programs, cotangent_size, weighted })))
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.graph
    }

    /// Numbers that a workspace holds for each row: all parts of all nodes, what their forward passes save for later ones, the
    /// cotangents kept, and the cotangent buffers.
    #[must_use]
    pub fn numbers_per_row(&self) -> usize {
        let Inner { layout, programs, cotangent_size, .. } = &*self.0;
        let stored = (0..programs.len()).map(|node| {
            let kept = product_of(layout.width[node], layout.kept(node).len());
            let saved = programs[node].as_ref().map_or(0, |program| program.saved);
            (layout.stored[node] as u64).saturating_add(kept).saturating_add(saved as u64)
        });
        let sum = stored.chain(cotangent_size.iter().map(|&size| size as u64)).fold(0, u64::saturating_add);
        usize::try_from(sum).unwrap_or(usize::MAX)
    }

    /// Bytes that a workspace for `rows` rows takes, all told; in a reverse pass in the parameters it takes
    /// [`Graph::parameter_count`] numbers more. (A plan itself is small, so a workspace can be counted before it is made.)
    #[must_use]
    pub fn workspace_bytes<F: Real>(&self, rows: usize) -> u64 {
        let Inner { layout, output, programs, .. } = &*self.0;
        let (width, widest) = (layout.width[*output], self.0.widest());
        let scratch = programs.iter().flatten().map(|program| program.scratch).max().unwrap_or(0);
        // Seeds, a part of zeros, the gradient in an input; images with zeros around them.
        let more = [layout.stored[*output] as u64, width as u64, widest as u64, scratch];
        let numbers = more.into_iter().fold(self.numbers_per_row() as u64, u64::saturating_add);
        numbers.saturating_mul(rows as u64).saturating_mul(size_of::<F>() as u64)
    }

    /// The jet set.
    #[must_use]
    pub fn set(&self) -> &JetSet {
        &self.0.set
    }
}

impl Inner {
    /// For every node: does a reverse pass need its cotangent?
    pub fn wanted(&self, wrt: Wrt) -> &[bool] {
        match wrt {
            Wrt::Parameters => &self.layout.on_parameters,
            Wrt::Input(i) => &self.layout.on_input[i],
        }
    }

    /// Numbers per row of a part of the output or of an input, whichever has the most.
    pub fn widest(&self) -> usize {
        self.inputs.iter().map(|&input| self.layout.width[input]).fold(self.layout.width[self.output], usize::max)
    }
}

/// A product that may be too large.
fn product_of(a: usize, b: usize) -> u64 {
    (a as u64).saturating_mul(b as u64)
}

fn live_parts(graph: &Graph, set: &JetSet, inputs: &[Live]) -> Vec<Live> {
    let mut live: Vec<Live> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let parts = match &node.source {
            Source::Input(i) => inputs[*i].clone(),
            Source::Operation(operation) => {
                let operands = operation.operands();
                operation.live(set, &operands.iter().map(|x| &live[x.index()]).collect::<Vec<_>>())
            }
        };
        live.push(parts);
    }
    live
}

fn programs(graph: &Graph, set: &JetSet, live: &[Live]) -> Vec<Option<Program>> {
    let mut lists = Lists::default();
    let mut program = |(node, result): (&Node, &Live)| {
        let operation = node.operation()?;
        let operands = operation.operands().into_iter().map(|x| (graph.shape(x), &live[x.index()])).collect();
        let shape_of = |id: ParamId| &graph.parameters()[id.index()].shape[..];
        let parameters = operation.parameters().into_iter().map(shape_of).collect();
        let lists = &mut lists;
        Some(operation.compile(&mut Site { set, shape: node.shape, live: result, operands, parameters, lists }))
    };
    graph.nodes().iter().zip(live).map(&mut program).collect()
}

fn tangent(set: &JetSet, inputs: &[Live], live: &[Live]) -> Result<Option<Tangent>, JetError> {
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
    let mut lists = Shared::default();
    let kept = |live: &Live| {
        lists.of([live], || {
            let slots = live.slots();
            let parts = (first..set.parts()).filter(|&part| live.has(part));
            parts.filter_map(|part| set.undifferentiated(part)).map(|part| slots[part]).collect()
        })
    };
    Ok(Some(Tangent { input, first, kept: live.iter().map(kept).collect() }))
}

fn dependence(graph: &Graph, root: impl Fn(&Node) -> bool) -> Vec<bool> {
    let mut depends: Vec<bool> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let found = root(node) || node.operands().iter().any(|x| depends[x.index()]);
        depends.push(found);
    }
    depends
}

/// For an operation that may: does it alone read its operand, both storing the same parts in the same places (or the operation one more
/// at the end)? Then its cotangent turns into its operand's, part by part.
fn in_place(graph: &Graph, programs: &[Option<Program>], live: &[Live], output: NodeId) -> Vec<bool> {
    let mut readers = vec![0; graph.nodes().len()];
    readers[output.index()] += 1;
    graph.nodes().iter().flat_map(Node::operands).for_each(|x| readers[x.index()] += 1);
    let same_places = |x: &Live, y: &Live| {
        x.is(y)
            || (0..x.0.len())
                .zip(x.slots().into_iter().zip(y.slots()))
                .all(|(p, (x_slot, y_slot))| !x.has(p) || x_slot == y_slot)
    };
    let fits = |((node, program), y): ((&Node, &Option<Program>), &Live)| match node.operands()[..] {
        [x] if program.as_ref().is_some_and(|program| program.in_place) => {
            let input = matches!(graph.nodes()[x.index()].source, Source::Input(_));
            readers[x.index()] == 1 && !input && same_places(&live[x.index()], y)
        }
        _ => false,
    };
    graph.nodes().iter().zip(programs).zip(live).map(fits).collect()
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
        for operand in graph.nodes()[node].operands().into_iter().map(NodeId::index) {
            if in_place[node] {
                buffer[operand] = buffer[node];
            } else if buffer[operand] == NONE {
                buffer[operand] = take(operand, &mut free);
            }
        }
        // An input's cotangent is the result; it is kept.
        if !in_place[node] && !matches!(graph.nodes()[node].source, Source::Input(_)) {
            free.push(buffer[node]);
        }
    }
    (buffer, sizes)
}
