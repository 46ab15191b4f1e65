//! One worker's workspace: the values and cotangents of every node for one panel of rows.

use std::ops::Range;

use super::dense::{self, Scratch, Weight};
use super::map::Cotangents;
use super::product::{self, Shape};
use super::{Plan, map};
use crate::{Node, Op, Parameters, Real, Tape, Wrt};

/// The workspace of one worker. All memory is taken when it is made; see [`Tape`] for its use.
#[derive(Clone, Debug)]
pub struct Panel<F> {
    plan: Plan,
    capacity: usize,
    rows: usize,
    /// Per node, the stored parts one after the other, `rows × width` each.
    values: Vec<Vec<F>>,
    /// Per `Map` node, the kernel of its function (empty for other nodes).
    kernels: Vec<Vec<F>>,
    /// Cotangent buffers, shared by nodes as the plan says.
    cotangents: Vec<Vec<F>>,
    /// Per node: has its cotangent been written in this reverse pass?
    touched: Vec<bool>,
    seeds: Vec<F>,
    /// Stands in for parts of the output that are structurally zero.
    zeros: Vec<F>,
    input_gradient: Vec<F>,
    parameter_gradient: Vec<F>,
    /// Per parameter: has its gradient not been written since it was cleared?
    fresh: Vec<bool>,
    /// Per node, the cotangents kept for the parts along the tangent, `rows × width` each.
    kept: Vec<Vec<F>>,
    recording: Recording,
    scratch: Scratch<F>,
}

/// Whether cotangents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recording {
    /// No.
    None,
    /// Those of the next reverse pass are to be.
    Next,
    /// Those of this reverse pass, of parts below the number, are being kept.
    Now(usize),
    /// They are there.
    Done,
}

impl<F: Real> Panel<F> {
    /// A workspace for up to `capacity` rows.
    #[must_use]
    pub fn new(plan: &Plan, capacity: usize) -> Self {
        let p = &plan.0;
        let nodes = p.graph.nodes();
        let values = nodes.iter().zip(&p.live).map(|(n, l)| vec![F::ZERO; capacity * n.width() * l.count()]).collect();
        let kernel = |node: &Node| if matches!(node.op, Op::Map { .. }) { capacity * node.width() } else { 0 };
        let kernels = nodes.iter().map(|node| vec![F::ZERO; kernel(node)]).collect();
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
            parameter_gradient: vec![F::ZERO; p.graph.parameter_count()],
            fresh: vec![false; p.graph.parameters().len()],
            kept: (0..nodes.len()).map(|i| vec![F::ZERO; capacity * nodes[i].width() * p.kept(i).len()]).collect(),
            recording: Recording::None,
            scratch: Scratch::default(),
        }
    }

    /// Rows that the workspace was made for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn shape(&self, node: usize) -> Shape {
        Shape { rows: self.rows, width: self.plan.0.graph.nodes()[node].width() }
    }

    /// The place of a part among a node's values.
    fn span(&self, node: usize, part: usize) -> Range<usize> {
        let n = self.rows * self.plan.0.graph.nodes()[node].width();
        let slot = self.plan.0.live[node].slot(part);
        slot * n..(slot + 1) * n
    }

    fn forward_node(&mut self, node: usize, parameters: &Parameters<F>, parts: &Range<usize>) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let shape = self.shape(node);
        let n = shape.rows * shape.width;
        let (before, rest) = self.values.split_at_mut(node);
        let y = &mut rest[0];
        let live = &p.live[node];
        let (first, last) = (live.slot(parts.start), live.slot(parts.end));
        match &p.graph.nodes()[node].op {
            Op::Input(_) => {}
            Op::Dense { x, weight, bias } => {
                let k = p.graph.width(*x);
                let stacked = shape.rows * (last - first);
                let x = &before[x.index()][first * shape.rows * k..];
                let flat = &parameters[p.graph.parameters()[weight.index()].offset..];
                let w = Weight { k, n: shape.width, flat, slivers: parameters.slivers(weight.index(), false) };
                let bias = &parameters[p.graph.parameters()[bias.index()].offset..][..shape.width];
                let biased = if parts.start == 0 && last > first { shape.rows } else { 0 };
                dense::forward(stacked, biased, x, w, bias, &mut y[first * n..last * n]);
            }
            Op::Map { x, function } => {
                let (list, a) = (&p.map_parts[node][first..last], &before[x.index()]);
                map::forward(*function, list, a, &mut self.kernels[node], y, n);
            }
            Op::Add { a, b, .. } => {
                y[first * n..last * n].fill(F::ZERO);
                for part in parts.clone().filter(|&part| live.has(part)) {
                    let to = &mut y[live.slot(part) * n..][..n];
                    for x in [a, b].into_iter().filter(|x| p.live[x.index()].has(part)) {
                        let from = &before[x.index()][p.live[x.index()].slot(part) * n..][..n];
                        for (y, &x) in to.iter_mut().zip(from) {
                            *y += x;
                        }
                    }
                }
            }
            Op::Mul { a, b } => {
                y[first * n..last * n].fill(F::ZERO);
                for &term in p.mul_terms[node].iter().filter(|t| parts.contains(&t.part)) {
                    product::forward(term, shape, p.graph.width(*b), &before[a.index()], &before[b.index()], y);
                }
            }
            Op::Concat { inputs } => {
                y[first * n..last * n].fill(F::ZERO);
                let mut column = 0;
                for x in inputs {
                    let width = p.graph.width(*x);
                    let m = shape.rows * width;
                    let x_live = &p.live[x.index()];
                    for part in parts.clone().filter(|&part| x_live.has(part)) {
                        let from = &before[x.index()][x_live.slot(part) * m..][..m];
                        let to = &mut y[live.slot(part) * n..][..n];
                        product::place(Shape { width, ..shape }, from, to, shape.width, column);
                    }
                    column += width;
                }
            }
            _ => {}
        }
    }

    /// The first of the parts whose cotangents are those kept, or `parts`.
    fn first_kept(&self, parts: usize, wrt: Wrt) -> usize {
        match &self.plan.0.tangent {
            Some(tangent) if wrt == Wrt::Parameters && self.recording == Recording::Done => parts.min(tangent.first),
            _ => parts,
        }
    }

    /// Pulls the node's cotangent back to its operands: of parts below `parts`, of which those from `pulled` on are kept ones.
    fn reverse_node(&mut self, node: usize, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let shape = self.shape(node);
        let n = shape.rows * shape.width;
        let pulled = self.first_kept(parts, wrt);
        let mut y_bar = std::mem::take(self.cotangent(node));
        let kept = if pulled < parts { std::mem::take(&mut self.kept[node]) } else { Vec::new() };
        let (own, stored) = (p.live[node].slot(pulled), p.live[node].slot(parts));
        match &p.graph.nodes()[node].op {
            Op::Input(_) => {}
            Op::Dense { x, weight, bias } => {
                let k = p.graph.width(*x);
                let rows = shape.rows * own;
                let spec = &p.graph.parameters()[weight.index()];
                if wrt == Wrt::Parameters {
                    let values = &self.values[x.index()];
                    let add = !std::mem::replace(&mut self.fresh[weight.index()], false);
                    let w_bar = &mut self.parameter_gradient[spec.offset..][..spec.len()];
                    let scratch = &mut self.scratch;
                    dense::reverse_weight(rows, (k, shape.width), values, &y_bar, w_bar, add, scratch);
                    let (of_kept, values) = (shape.rows * (stored - own), &values[rows * k..]);
                    if of_kept > 0 {
                        dense::reverse_weight(of_kept, (k, shape.width), values, &kept, w_bar, true, scratch);
                    }
                    let add = !std::mem::replace(&mut self.fresh[bias.index()], false);
                    let spec = &p.graph.parameters()[bias.index()];
                    let b_bar = &mut self.parameter_gradient[spec.offset..][..spec.len()];
                    dense::reverse_bias(shape.rows, shape.width, &y_bar, b_bar, add);
                }
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let (flat, slivers) = (&parameters[spec.offset..], parameters.slivers(weight.index(), true));
                    let x_bar = &mut self.cotangent(x.index())[..rows * k];
                    dense::reverse_input(rows, &y_bar, Weight { k, n: shape.width, flat, slivers }, x_bar, add);
                }
            }
            Op::Map { x, function } => {
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let first_kept = (own, p.live[x.index()].slot(pulled));
                    let list = &p.map_parts[node][..stored];
                    if p.in_place[node] && !self.kept_at_once(node) && !self.kept_at_once(x.index()) {
                        let (mut a_bar, cotangents) = (y_bar, Cotangents { own: None, kept: &kept, first_kept });
                        map::reverse(
                            *function,
                            list,
                            &self.values[x.index()],
                            &self.kernels[node],
                            cotangents,
                            &mut a_bar,
                            n,
                            false,
                        );
                        y_bar = a_bar;
                    } else {
                        let mut a_bar = std::mem::take(self.cotangent(x.index()));
                        let cotangents = Cotangents { own: Some(&y_bar), kept: &kept, first_kept };
                        map::reverse(
                            *function,
                            list,
                            &self.values[x.index()],
                            &self.kernels[node],
                            cotangents,
                            &mut a_bar,
                            n,
                            add,
                        );
                        *self.cotangent(x.index()) = a_bar;
                    }
                }
            }
            Op::Add { a, b, .. } => {
                for x in [a, b] {
                    if let Some(x_bar) = self.prepare(x.index(), pulled, wrt) {
                        let live = &p.live[x.index()];
                        for part in (0..pulled).filter(|&part| live.has(part)) {
                            let from = &y_bar[p.live[node].slot(part) * n..][..n];
                            for (x, &y) in x_bar[live.slot(part) * n..][..n].iter_mut().zip(from) {
                                *x += y;
                            }
                        }
                    }
                }
            }
            Op::Mul { a, b } => {
                let width = p.graph.width(*b);
                // A kept cotangent is asked for by its own parts alone; of `a`'s and `b`'s, those below `pulled` are wanted.
                let terms = || p.mul_terms[node].iter().filter(|t| t.part < parts);
                let of = |term: &product::Term| {
                    if term.y < own {
                        (*term, &y_bar[..])
                    } else {
                        (product::Term { y: term.y - own, ..*term }, &kept[..])
                    }
                };
                if self.prepare(a.index(), pulled, wrt).is_some() {
                    let mut a_bar = std::mem::take(self.cotangent(a.index()));
                    let wanted = p.live[a.index()].slot(pulled);
                    for (term, y_bar) in terms().filter(|t| t.a < wanted).map(of) {
                        product::reverse_a(term, shape, width, &self.values[b.index()], y_bar, &mut a_bar);
                    }
                    *self.cotangent(a.index()) = a_bar;
                }
                if self.prepare(b.index(), pulled, wrt).is_some() {
                    let mut b_bar = std::mem::take(self.cotangent(b.index()));
                    let wanted = p.live[b.index()].slot(pulled);
                    for (term, y_bar) in terms().filter(|t| t.b < wanted).map(of) {
                        product::reverse_b(term, shape, width, &self.values[a.index()], y_bar, &mut b_bar);
                    }
                    *self.cotangent(b.index()) = b_bar;
                }
            }
            Op::Concat { inputs } => {
                let mut column = 0;
                for x in inputs {
                    let width = p.graph.width(*x);
                    let m = shape.rows * width;
                    if let Some(x_bar) = self.prepare(x.index(), pulled, wrt) {
                        let live = &p.live[x.index()];
                        for part in (0..pulled).filter(|&part| live.has(part)) {
                            let from = &y_bar[p.live[node].slot(part) * n..][..n];
                            let to = &mut x_bar[live.slot(part) * m..][..m];
                            product::gather_add(Shape { width, ..shape }, from, shape.width, column, to);
                        }
                    }
                    column += width;
                }
            }
            _ => {}
        }
        if pulled < parts {
            self.kept[node] = kept;
        }
        *self.cotangent(node) = y_bar;
    }

    /// While cotangents are kept: are the node's just those that the pass is about, so that they can be made where they are kept?
    fn kept_at_once(&self, node: usize) -> bool {
        let Recording::Now(parts) = self.recording else { return false };
        let kept = self.plan.0.kept(node);
        kept.len() == self.plan.0.live[node].slot(parts) && kept.iter().enumerate().all(|(i, &place)| i == place)
    }

    /// Where the node's cotangent is.
    fn cotangent(&mut self, node: usize) -> &mut Vec<F> {
        if self.kept_at_once(node) { &mut self.kept[node] } else { &mut self.cotangents[self.plan.0.cotangent[node]] }
    }

    /// Keeps a copy of the node's cotangents, if they are to be kept and are elsewhere.
    fn keep(&mut self, node: usize) {
        let Recording::Now(parts) = self.recording else { return };
        if self.kept_at_once(node) {
            return;
        }
        let plan = self.plan.clone();
        let Shape { rows, width } = self.shape(node);
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
    fn wanted(&self, node: usize, wrt: Wrt) -> bool {
        match wrt {
            Wrt::Parameters => self.plan.0.on_parameters[node],
            Wrt::Input(i) => self.plan.0.on_input[i][node],
        }
    }

    /// Marks the node's cotangent as written; was it before?
    fn touch(&mut self, node: usize) -> bool {
        std::mem::replace(&mut self.touched[node], true)
    }

    /// The node's cotangent, ready to be added to; `None` if nobody wants it.
    fn prepare(&mut self, node: usize, parts: usize, wrt: Wrt) -> Option<&mut [F]> {
        if !self.wanted(node, wrt) {
            return None;
        }
        let shape = self.shape(node);
        let size = shape.rows * shape.width * self.plan.0.live[node].slot(parts);
        let written = self.touch(node);
        let buffer = &mut self.cotangent(node)[..size];
        if !written {
            buffer.fill(F::ZERO);
        }
        Some(buffer)
    }
}

impl<F: Real> Tape<F> for Panel<F> {
    fn begin(&mut self, rows: usize) {
        assert!(rows <= self.capacity, "{rows} rows on a panel made for {}", self.capacity);
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
