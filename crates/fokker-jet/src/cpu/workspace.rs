//! One worker's workspace: the values and cotangents of every node for one chunk of rows.

use std::ops::Range;

use super::product::Block;
use super::{Plan, dense, matmul, norm, softmax};
use crate::{Op, Parameters, Real, Tape, Wrt};

/// The workspace of one worker. All memory is taken when it is made, but for the parameters' gradient, which is there from the first
/// reverse pass on that needs it; see [`Tape`] for its use.
#[derive(Clone, Debug)]
pub struct Workspace<F> {
    pub(super) plan: Plan,
    pub(super) capacity: usize,
    pub(super) rows: usize,
    /// Per node, the stored parts one after the other, `rows × width` each.
    pub(super) values: Vec<Vec<F>>,
    /// Per node, what its forward pass keeps for later ones: a function's kernel, a normalisation's numbers.
    pub(super) kernels: Vec<Vec<F>>,
    /// Cotangent buffers, shared by nodes as the plan says.
    pub(super) cotangents: Vec<Vec<F>>,
    /// Per node: has its cotangent been written in this reverse pass?
    pub(super) touched: Vec<bool>,
    pub(super) seeds: Vec<F>,
    /// Stands in for parts of the output that are structurally zero.
    pub(super) zeros: Vec<F>,
    pub(super) input_gradient: Vec<F>,
    /// Empty until it is needed.
    pub(super) parameter_gradient: Vec<F>,
    /// Per parameter: has its gradient not been written since it was cleared?
    pub(super) fresh: Vec<bool>,
    /// Per node, the cotangents kept for the parts along the tangent, `rows × width` each.
    pub(super) kept: Vec<Vec<F>>,
    pub(super) recording: Recording,
    pub(super) scratch: Scratch<F>,
}

/// Memory that lasts for one operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<F> {
    pub dense: dense::Scratch<F>,
    pub norm: norm::Scratch<F>,
    pub softmax: softmax::Scratch<F>,
    pub matmul: matmul::Scratch<F>,
}

/// Whether cotangents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    /// No.
    None,
    /// Those of the next reverse pass are to be.
    Next,
    /// Those of this reverse pass, of parts below the number, are being kept.
    Now(usize),
    /// They are there.
    Done,
}

impl<F: Real> Workspace<F> {
    /// A workspace for up to `capacity` rows.
    #[must_use]
    pub fn new(plan: &Plan, capacity: usize) -> Self {
        let p = &plan.0;
        let nodes = p.graph.nodes();
        let values = nodes.iter().zip(&p.live).map(|(n, l)| vec![F::ZERO; capacity * n.width() * l.count()]).collect();
        let kernels = (0..nodes.len()).map(|node| vec![F::ZERO; capacity * p.kernel(node)]).collect();
        let cotangents = p.cotangent_size.iter().map(|&size| vec![F::ZERO; capacity * size]).collect();
        let width = p.graph.width(p.output);
        let widest = p.graph.inputs().iter().map(|&i| p.graph.width(i)).fold(width, usize::max);
        Self {
            plan: plan.clone(),
            capacity,
            rows: 0,
            values,
            kernels,
            cotangents,
            touched: vec![false; nodes.len()],
            seeds: vec![F::ZERO; capacity * width * p.live[p.output.index()].count()],
            zeros: vec![F::ZERO; capacity * width],
            input_gradient: vec![F::ZERO; capacity * widest],
            parameter_gradient: Vec::new(),
            fresh: vec![false; p.graph.parameters().len()],
            kept: (0..nodes.len()).map(|i| vec![F::ZERO; capacity * nodes[i].width() * p.kept(i).len()]).collect(),
            recording: Recording::None,
            scratch: Scratch::default(),
        }
    }

    fn need_parameter_gradient(&mut self) {
        if self.parameter_gradient.is_empty() {
            self.parameter_gradient = vec![F::ZERO; self.plan.0.graph.parameter_count()];
        }
    }

    /// Rows that the workspace was made for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn block(&self, node: usize) -> Block {
        Block { rows: self.rows, width: self.plan.0.graph.nodes()[node].width() }
    }

    /// The place of a part among a node's values.
    pub(super) fn span(&self, node: usize, part: usize) -> Range<usize> {
        let n = self.rows * self.plan.0.graph.nodes()[node].width();
        let slot = self.plan.0.live[node].slot(part);
        slot * n..(slot + 1) * n
    }

    /// While cotangents are kept: are the node's just those that the pass is about, so that they can be made where they are kept?
    pub(super) fn kept_at_once(&self, node: usize) -> bool {
        let Recording::Now(parts) = self.recording else { return false };
        let kept = self.plan.0.kept(node);
        kept.len() == self.plan.0.live[node].slot(parts) && kept.iter().enumerate().all(|(i, &place)| i == place)
    }

    /// Where the node's cotangent is.
    pub(super) fn cotangent(&mut self, node: usize) -> &mut Vec<F> {
        if self.kept_at_once(node) { &mut self.kept[node] } else { &mut self.cotangents[self.plan.0.cotangent[node]] }
    }

    /// Keeps a copy of the node's cotangents, if they are to be kept and are elsewhere.
    pub(super) fn keep(&mut self, node: usize) {
        let Recording::Now(parts) = self.recording else { return };
        if self.kept_at_once(node) {
            return;
        }
        let plan = self.plan.clone();
        let Block { rows, width } = self.block(node);
        let n = rows * width;
        let (from, pulled) = (&self.cotangents[plan.0.cotangent[node]], plan.0.live[node].slot(parts));
        for (to, &place) in self.kept[node].chunks_exact_mut(n.max(1)).zip(plan.0.kept(node)) {
            if place < pulled {
                to.copy_from_slice(&from[place * n..][..n]);
            } else {
                to.fill(F::ZERO);
            }
        }
    }

    /// Does the reverse pass need this node's cotangent?
    pub(super) fn wanted(&self, node: usize, wrt: Wrt) -> bool {
        match wrt {
            Wrt::Parameters => self.plan.0.on_parameters[node],
            Wrt::Input(i) => self.plan.0.on_input[i][node],
        }
    }

    /// Marks the node's cotangent as written; was it before?
    pub(super) fn touch(&mut self, node: usize) -> bool {
        std::mem::replace(&mut self.touched[node], true)
    }

    /// The node's cotangent, ready to be added to; `None` if nobody wants it.
    pub(super) fn prepare(&mut self, node: usize, parts: usize, wrt: Wrt) -> Option<&mut [F]> {
        if !self.wanted(node, wrt) {
            return None;
        }
        let block = self.block(node);
        let size = block.len() * self.plan.0.live[node].slot(parts);
        let written = self.touch(node);
        let buffer = &mut self.cotangent(node)[..size];
        if !written {
            buffer.fill(F::ZERO);
        }
        Some(buffer)
    }
}

impl<F: Real> Tape<F> for Workspace<F> {
    fn begin(&mut self, rows: usize) {
        assert!(rows <= self.capacity, "{rows} rows on a chunk made for {}", self.capacity);
        self.rows = rows;
        self.recording = Recording::None;
        for &input in self.plan.0.graph.inputs() {
            self.values[input.index()].fill(F::ZERO);
        }
        self.seeds.fill(F::ZERO);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        let node = self.plan.0.graph.inputs()[input].index();
        assert!(self.plan.0.live[node].has(part), "part {part} of input {input} was not declared live");
        let span = self.span(node, part);
        &mut self.values[node][span]
    }

    fn forward(&mut self, parameters: &Parameters<F>, parts: Range<usize>) {
        for node in 0..=self.plan.0.output.index() {
            self.forward_node(node, parameters, &parts);
        }
    }

    fn output(&self, part: usize) -> &[F] {
        let node = self.plan.0.output.index();
        if !self.plan.0.live[node].has(part) {
            return &self.zeros[..self.rows * self.plan.0.graph.nodes()[node].width()];
        }
        &self.values[node][self.span(node, part)]
    }

    fn seed(&mut self, part: usize) -> &mut [F] {
        self.output_and_seed(0, part).1
    }

    fn output_and_seed(&mut self, output: usize, seed: usize) -> (&[F], &mut [F]) {
        let node = self.plan.0.output.index();
        let live = &self.plan.0.live[node];
        let n = self.rows * self.plan.0.graph.nodes()[node].width();
        let (from, to) = (self.span(node, output), self.span(node, seed));
        let output = if live.has(output) { &self.values[node][from] } else { &self.zeros[..n] };
        // Nothing depends on a part that is not live: what is written for it is not read.
        let seed = if live.has(seed) { &mut self.seeds[to] } else { &mut self.input_gradient[..n] };
        (output, seed)
    }

    fn reverse(&mut self, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        if wrt == Wrt::Parameters {
            self.need_parameter_gradient();
        }
        if self.recording == Recording::Next && p.tangent.as_ref().map(|t| Wrt::Input(t.input)) == Some(wrt) {
            self.recording = Recording::Now(parts);
        }
        let output = p.output.index();
        self.touched.fill(false);
        let n = self.rows * p.graph.width(p.output);
        let used = n * p.live[output].slot(parts);
        let seeds = std::mem::take(&mut self.seeds);
        self.cotangent(output)[..used].copy_from_slice(&seeds[..used]);
        self.seeds = seeds;
        self.touched[output] = true;
        for node in (0..=output).rev() {
            let needed = self.touched[node] && (self.wanted(node, wrt));
            if needed && !matches!(p.graph.nodes()[node].op, Op::Input(_)) {
                self.keep(node);
                self.reverse_node(node, parameters, parts, wrt);
            }
        }
        if matches!(self.recording, Recording::Now(_)) {
            self.recording = Recording::Done;
        }
        self.seeds.fill(F::ZERO);
        if let Wrt::Input(i) = wrt {
            let node = p.graph.inputs()[i].index();
            let n = self.rows * p.graph.nodes()[node].width();
            if self.touched[node] {
                self.input_gradient[..n].copy_from_slice(&self.cotangents[p.cotangent[node]][..n]);
            } else {
                self.input_gradient[..n].fill(F::ZERO);
            }
            self.input_gradient[n..].fill(F::ZERO);
        }
    }

    fn input_gradient(&self) -> &[F] {
        &self.input_gradient
    }

    fn parameter_gradient(&mut self) -> &[F] {
        self.need_parameter_gradient();
        for (spec, fresh) in self.plan.0.graph.parameters().iter().zip(&mut self.fresh) {
            if std::mem::replace(fresh, false) {
                self.parameter_gradient[spec.offset..][..spec.len()].fill(F::ZERO);
            }
        }
        &self.parameter_gradient
    }

    fn record(&mut self) {
        self.recording = Recording::Next;
    }

    fn clear_gradient(&mut self) {
        // What is written next replaces what is there.
        self.fresh.fill(true);
    }
}
