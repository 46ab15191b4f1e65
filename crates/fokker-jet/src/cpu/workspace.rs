//! One worker's workspace: the values and cotangents of every node for one chunk of rows.

use std::ops::Range;
use std::sync::Mutex;

use super::{Parameters, Plan, Workers};
use crate::pass::{Forward, Gradients, Operands, Pulls, Recording, Reverse, Scratch, Weights};
use crate::{Real, Tape, Wrt};

/// The workspace of one worker. All memory is taken when it is made, but for the parameters' gradient, which is there from the first
/// reverse pass on that needs it; see [`Tape`] for its use.
#[derive(Clone, Debug)]
pub struct Workspace<F> {
    plan: Plan,
    capacity: usize,
    rows: usize,
    /// Per node, the stored parts one after the other, `rows × width` each.
    values: Vec<Vec<F>>,
    /// Per node, what its forward pass saves for later ones: a function's transcendental part, a normalisation's numbers.
    saved: Vec<Vec<F>>,
    /// Cotangent buffers, shared by nodes as the plan says.
    cotangents: Vec<Vec<F>>,
    /// Per node: has its cotangent been written in this reverse pass?
    touched: Vec<bool>,
    /// Per node: is it left out of the present batch, its factor being 0?
    left_out: Vec<bool>,
    seeds: Vec<F>,
    /// Stands in for parts of the output that are structurally zero.
    zeros: Vec<F>,
    input_gradient: Vec<F>,
    /// Empty until it is needed.
    parameter_gradient: Vec<F>,
    /// Per parameter: has its gradient not been written since it was cleared?
    fresh: Vec<bool>,
    /// Per node, the cotangents kept for the parts along the tangent, `rows × width` each.
    kept: Vec<Vec<F>>,
    recording: Recording,
    scratch: Scratch,
}

impl<F: Real> Workspace<F> {
    /// A workspace for up to `capacity` rows.
    #[must_use]
    pub fn new(plan: &Plan, capacity: usize) -> Self {
        let p = &*plan.0;
        let (layout, nodes) = (&p.layout, p.programs.len());
        let zeros = |numbers: usize| vec![F::ZERO; capacity * numbers];
        let saved = |node: usize| p.programs[node].as_ref().map_or(0, |program| program.saved);
        Self {
            plan: plan.clone(),
            capacity,
            rows: 0,
            values: layout.stored.iter().map(|&stored| zeros(stored)).collect(),
            saved: (0..nodes).map(|node| zeros(saved(node))).collect(),
            cotangents: p.cotangent_size.iter().map(|&size| zeros(size)).collect(),
            touched: vec![false; nodes],
            left_out: vec![false; nodes],
            seeds: zeros(layout.stored[p.output]),
            zeros: zeros(layout.width[p.output]),
            input_gradient: zeros(p.widest()),
            parameter_gradient: Vec::new(),
            fresh: vec![false; layout.spans.len()],
            kept: (0..nodes).map(|node| zeros(layout.width[node] * layout.kept(node).len())).collect(),
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

    /// Numbers of one part of a node.
    fn part_size(&self, node: usize) -> usize {
        self.rows * self.plan.0.layout.width[node]
    }

    /// The place of a part among a node's values.
    fn span(&self, node: usize, part: usize) -> Range<usize> {
        let n = self.part_size(node);
        let slot = self.plan.0.layout.live[node].slot(part);
        slot * n..(slot + 1) * n
    }

    /// Where the node's cotangent is.
    fn cotangent(&mut self, node: usize) -> &mut Vec<F> {
        let layout = &self.plan.0.layout;
        if layout.kept_at_once(node, self.recording) {
            &mut self.kept[node]
        } else {
            &mut self.cotangents[layout.cotangent[node]]
        }
    }

    /// Keeps a copy of the node's cotangents, if they are to be kept and are elsewhere.
    fn keep(&mut self, node: usize) {
        let Recording::Now(parts) = self.recording else { return };
        let (layout, n) = (&self.plan.0.layout, self.part_size(node));
        if layout.kept_at_once(node, self.recording) {
            return;
        }
        let (from, pulled) = (&self.cotangents[layout.cotangent[node]], layout.live[node].slot(parts));
        for (to, &place) in self.kept[node].chunks_exact_mut(n.max(1)).zip(layout.kept(node)) {
            if place < pulled {
                to.copy_from_slice(&from[place * n..][..n]);
            } else {
                to.fill(F::ZERO);
            }
        }
    }

    /// Computes the given parts of a node.
    fn forward_node(&mut self, node: usize, parameters: &Parameters<F>, parts: &Range<usize>) {
        let Some(program) = &self.plan.0.programs[node] else { return };
        let (layout, rows) = (&self.plan.0.layout, self.rows);
        let live = &layout.live[node];
        let (before, rest) = self.values.split_at_mut(node);
        let packed = parameters.packed();
        program.passes().forward(&mut Forward {
            rows,
            parts: parts.clone(),
            slots: live.slot(parts.start)..live.slot(parts.end),
            operands: Operands { rows, layout, nodes: &layout.operands[node], values: before },
            parameters: Weights { layout, parameters: &layout.parameters[node], flat: parameters, packed },
            y: &mut rest[0][..rows * layout.stored[node]],
            saved: &mut self.saved[node],
            scratch: &mut self.scratch,
        });
    }

    /// Finds the nodes whose factor is 0 in all rows, and makes those parts of their products 0.
    fn leave_out(&mut self, parts: &Range<usize>) {
        let plan = self.plan.clone();
        if plan.0.weighted.is_empty() {
            return;
        }
        self.left_out.fill(false);
        for weighted in &plan.0.weighted {
            let factor = &self.values[weighted.factor][..self.rows * plan.0.layout.stored[weighted.factor]];
            if factor.iter().all(|&value| value == F::ZERO) {
                self.left_out[weighted.first..=weighted.product].fill(true);
                let (n, live) = (self.part_size(weighted.product), &plan.0.layout.live[weighted.product]);
                self.values[weighted.product][live.slot(parts.start) * n..live.slot(parts.end) * n].fill(F::ZERO);
            }
        }
    }

    /// The first of the parts whose cotangents are those kept, or `parts`.
    fn first_kept(&self, parts: usize, wrt: Wrt) -> usize {
        match &self.plan.0.layout.tangent {
            Some(tangent) if wrt == Wrt::Parameters && self.recording == Recording::Done => parts.min(tangent.first),
            _ => parts,
        }
    }

    /// Pulls the node's cotangents of parts below `parts` back to its operands and parameters.
    fn reverse_node(&mut self, node: usize, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let Some(program) = &plan.0.programs[node] else { return };
        let (layout, rows, recording) = (&plan.0.layout, self.rows, self.recording);
        let pulled = self.first_kept(parts, wrt);
        let mut y_bar = std::mem::take(self.cotangent(node));
        let kept = if pulled < parts { std::mem::take(&mut self.kept[node]) } else { Vec::new() };
        let (nodes, own_parameters) = (&layout.operands[node], &layout.parameters[node]);
        let in_place = layout.in_place[node]
            && !layout.kept_at_once(node, recording)
            && nodes.iter().all(|&x| !layout.kept_at_once(x, recording));
        program.passes().reverse(&mut Reverse {
            rows,
            parts,
            pulled,
            own: layout.live[node].slot(pulled),
            stored: layout.live[node].slot(parts),
            y_bar: &mut y_bar,
            kept: &kept,
            in_place,
            operands: Operands { rows, layout, nodes, values: &self.values },
            y: &self.values[node],
            saved: &mut self.saved[node],
            parameters: Weights { layout, parameters: own_parameters, flat: parameters, packed: parameters.packed() },
            gradients: (wrt == Wrt::Parameters).then_some(Gradients {
                layout,
                parameters: own_parameters,
                values: &mut self.parameter_gradient,
                fresh: &mut self.fresh,
            }),
            pulls: Pulls {
                rows,
                layout,
                nodes,
                wanted: plan.0.wanted(wrt),
                touched: &mut self.touched,
                recording,
                buffers: &mut self.cotangents,
                kept: &mut self.kept,
            },
            scratch: &mut self.scratch,
        });
        if pulled < parts {
            self.kept[node] = kept;
        }
        *self.cotangent(node) = y_bar;
    }
}

impl Workers {
    /// One workspace for each shard, of as many rows as a chunk has.
    #[must_use]
    pub fn chunks<F: Real>(&self, plan: &Plan) -> Vec<Mutex<Workspace<F>>> {
        (0..self.shards()).map(|_| Mutex::new(Workspace::new(plan, self.chunk_rows()))).collect()
    }
}

impl<F: Real> Tape<F> for Workspace<F> {
    type Parameters = Parameters<F>;

    fn begin(&mut self, rows: usize) {
        assert!(rows <= self.capacity, "{rows} rows on a chunk made for {}", self.capacity);
        self.rows = rows;
        self.recording = Recording::None;
        self.left_out.fill(false);
        for &input in &self.plan.0.inputs {
            self.values[input].fill(F::ZERO);
        }
        self.seeds.fill(F::ZERO);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        let node = self.plan.0.inputs[input];
        assert!(self.plan.0.layout.live[node].has(part), "part {part} of input {input} was not declared live");
        let span = self.span(node, part);
        &mut self.values[node][span]
    }

    fn forward(&mut self, parameters: &Parameters<F>, parts: Range<usize>) {
        self.leave_out(&parts);
        for node in 0..=self.plan.0.output {
            if !self.left_out[node] {
                self.forward_node(node, parameters, &parts);
            }
        }
    }

    fn output(&self, part: usize) -> &[F] {
        let node = self.plan.0.output;
        if !self.plan.0.layout.live[node].has(part) {
            return &self.zeros[..self.part_size(node)];
        }
        &self.values[node][self.span(node, part)]
    }

    fn seed(&mut self, part: usize) -> &mut [F] {
        self.output_and_seed(0, part).1
    }

    fn output_and_seed(&mut self, output: usize, seed: usize) -> (&[F], &mut [F]) {
        let node = self.plan.0.output;
        let live = &self.plan.0.layout.live[node];
        let n = self.part_size(node);
        let (from, to) = (self.span(node, output), self.span(node, seed));
        let output = if live.has(output) { &self.values[node][from] } else { &self.zeros[..n] };
        // Nothing depends on a part that is not live: what is written for it is not read.
        let seed = if live.has(seed) { &mut self.seeds[to] } else { &mut self.input_gradient[..n] };
        (output, seed)
    }

    fn reverse(&mut self, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let (layout, output) = (&plan.0.layout, plan.0.output);
        if wrt == Wrt::Parameters {
            self.need_parameter_gradient();
        }
        if self.recording == Recording::Next && layout.tangent.as_ref().map(|t| Wrt::Input(t.input)) == Some(wrt) {
            self.recording = Recording::Now(parts);
        }
        self.touched.fill(false);
        let used = self.part_size(output) * layout.live[output].slot(parts);
        let seeds = std::mem::take(&mut self.seeds);
        self.cotangent(output)[..used].copy_from_slice(&seeds[..used]);
        self.seeds = seeds;
        self.touched[output] = true;
        let wanted = plan.0.wanted(wrt);
        for node in (0..=output).rev() {
            if self.touched[node] && !self.left_out[node] && wanted[node] && plan.0.programs[node].is_some() {
                self.keep(node);
                self.reverse_node(node, parameters, parts, wrt);
            }
        }
        if matches!(self.recording, Recording::Now(_)) {
            self.recording = Recording::Done;
        }
        self.seeds.fill(F::ZERO);
        if let Wrt::Input(i) = wrt {
            let node = plan.0.inputs[i];
            let n = self.part_size(node);
            if self.touched[node] {
                self.input_gradient[..n].copy_from_slice(&self.cotangents[layout.cotangent[node]][..n]);
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
        for (span, fresh) in self.plan.0.layout.spans.iter().zip(&mut self.fresh) {
            if std::mem::replace(fresh, false) {
                self.parameter_gradient[span.clone()].fill(F::ZERO);
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
