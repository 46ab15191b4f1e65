//! One worker's workspace: the values and cotangents of every node for one panel of rows.

use std::ops::Range;

use super::product::{self, Shape};
use super::{Plan, dense, map, plan};
use crate::{Op, Real, Tape, Wrt};

/// The workspace of one worker. All memory is taken when it is made; see [`Tape`] for its use.
#[derive(Clone, Debug)]
pub struct Panel<F> {
    plan: Plan,
    capacity: usize,
    rows: usize,
    /// Per node, the stored parts one after the other, `rows × width` each.
    values: Vec<Vec<F>>,
    /// Cotangent buffers, shared by nodes as the plan says.
    cotangents: Vec<Vec<F>>,
    /// Per node: has its cotangent been written in this reverse pass?
    touched: Vec<bool>,
    seeds: Vec<F>,
    /// Stands in for parts of the output that are structurally zero.
    zeros: Vec<F>,
    input_gradient: Vec<F>,
    parameter_gradient: Vec<F>,
}

impl<F: Real> Panel<F> {
    /// A workspace for up to `capacity` rows.
    #[must_use]
    pub fn new(plan: &Plan, capacity: usize) -> Self {
        let p = &plan.0;
        let nodes = p.graph.nodes();
        let values = nodes.iter().zip(&p.live).map(|(n, l)| vec![F::ZERO; capacity * n.width * l.count()]).collect();
        let cotangents = p.cotangent_size.iter().map(|&size| vec![F::ZERO; capacity * size]).collect();
        let width = p.graph.width(p.output);
        let widest = p.graph.inputs().iter().map(|&i| p.graph.width(i)).max().unwrap_or(0);
        Self {
            plan: plan.clone(),
            capacity,
            rows: 0,
            values,
            cotangents,
            touched: vec![false; nodes.len()],
            seeds: vec![F::ZERO; capacity * width * p.live[p.output.index()].count()],
            zeros: vec![F::ZERO; capacity * width],
            input_gradient: vec![F::ZERO; capacity * widest],
            parameter_gradient: vec![F::ZERO; p.graph.parameter_count()],
        }
    }

    /// Rows that the workspace was made for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn shape(&self, node: usize) -> Shape {
        Shape { rows: self.rows, width: self.plan.0.graph.nodes()[node].width }
    }

    /// The place of a part among a node's values.
    fn span(&self, node: usize, part: usize) -> Range<usize> {
        let n = self.rows * self.plan.0.graph.nodes()[node].width;
        let slot = self.plan.0.live[node].slot(part);
        slot * n..(slot + 1) * n
    }

    fn forward_node(&mut self, node: usize, parameters: &[F], parts: &Range<usize>) {
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
                let w = &parameters[p.graph.parameters()[weight.index()].offset..];
                dense::forward(stacked, k, shape.width, x, w, &mut y[first * n..last * n]);
                if parts.start == 0 {
                    let b = &parameters[p.graph.parameters()[bias.index()].offset..][..shape.width];
                    for row in y[..n].chunks_exact_mut(shape.width) {
                        for (y, &b) in row.iter_mut().zip(b) {
                            *y += b;
                        }
                    }
                }
            }
            Op::Map { x, function } => {
                map::forward(*function, &p.map_parts[node][first..last], &before[x.index()], y, n);
            }
            Op::Add { a, b } => {
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
        }
    }

    fn reverse_node(&mut self, node: usize, parameters: &[F], parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let shape = self.shape(node);
        let n = shape.rows * shape.width;
        let y_bar = std::mem::take(&mut self.cotangents[p.cotangent[node]]);
        let stored = p.live[node].slot(parts);
        match &p.graph.nodes()[node].op {
            Op::Input(_) => {}
            Op::Dense { x, weight, bias } => {
                let k = p.graph.width(*x);
                let rows = shape.rows * stored;
                let (weight, bias) = (&p.graph.parameters()[weight.index()], &p.graph.parameters()[bias.index()]);
                if wrt == Wrt::Parameters {
                    let w_bar = &mut self.parameter_gradient[weight.offset..][..weight.len()];
                    dense::reverse_weight(rows, k, shape.width, &self.values[x.index()], &y_bar, w_bar);
                    let b_bar = &mut self.parameter_gradient[bias.offset..][..bias.len()];
                    dense::reverse_bias(shape.rows, shape.width, &y_bar, b_bar);
                }
                if self.wanted(x.index(), wrt) {
                    let write = if self.touch(x.index()) { dense::Write::Add } else { dense::Write::Replace };
                    let w = &parameters[weight.offset..][..weight.len()];
                    let x_bar = &mut self.cotangents[p.cotangent[x.index()]][..rows * k];
                    dense::reverse_input(rows, k, shape.width, &y_bar, w, x_bar, write);
                }
            }
            Op::Map { x, function } => {
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let slots = p.live[x.index()].slot(parts);
                    let a_bar = &mut self.cotangents[p.cotangent[x.index()]];
                    let list = &p.map_parts[node][..stored];
                    map::reverse(*function, list, &self.values[x.index()], &y_bar, a_bar, slots, n, add);
                }
            }
            Op::Add { a, b } => {
                for x in [a, b] {
                    if let Some(x_bar) = self.prepare(x.index(), parts, wrt) {
                        let live = &p.live[x.index()];
                        for part in (0..parts).filter(|&part| live.has(part)) {
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
                let terms = || p.mul_terms[node].iter().filter(|t| t.part < parts);
                if self.prepare(a.index(), parts, wrt).is_some() {
                    let (b, a_bar) = (&self.values[b.index()], &mut self.cotangents[p.cotangent[a.index()]]);
                    terms().for_each(|&term| product::reverse_a(term, shape, width, b, &y_bar, a_bar));
                }
                if self.prepare(b.index(), parts, wrt).is_some() {
                    let (a, b_bar) = (&self.values[a.index()], &mut self.cotangents[p.cotangent[b.index()]]);
                    terms().for_each(|&term| product::reverse_b(term, shape, width, a, &y_bar, b_bar));
                }
            }
            Op::Concat { inputs } => {
                let mut column = 0;
                for x in inputs {
                    let width = p.graph.width(*x);
                    let m = shape.rows * width;
                    if let Some(x_bar) = self.prepare(x.index(), parts, wrt) {
                        let live = &p.live[x.index()];
                        for part in (0..parts).filter(|&part| live.has(part)) {
                            let from = &y_bar[p.live[node].slot(part) * n..][..n];
                            let to = &mut x_bar[live.slot(part) * m..][..m];
                            product::gather_add(Shape { width, ..shape }, from, shape.width, column, to);
                        }
                    }
                    column += width;
                }
            }
        }
        self.cotangents[p.cotangent[node]] = y_bar;
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
        let buffer = &mut self.cotangents[self.plan.0.cotangent[node]][..size];
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

    fn forward(&mut self, parameters: &[F], parts: Range<usize>) {
        for node in 0..=self.plan.0.output.index() {
            self.forward_node(node, parameters, &parts);
        }
    }

    fn output(&self, part: usize) -> &[F] {
        let node = self.plan.0.output.index();
        if !self.plan.0.live[node].has(part) {
            return &self.zeros[..self.rows * self.plan.0.graph.nodes()[node].width];
        }
        &self.values[node][self.span(node, part)]
    }

    fn seed(&mut self, part: usize) -> &mut [F] {
        let node = self.plan.0.output.index();
        if !self.plan.0.live[node].has(part) {
            // Nothing depends on it: what is written here is not read.
            let n = self.rows * self.plan.0.graph.nodes()[node].width;
            return &mut self.input_gradient[..n];
        }
        let span = self.span(node, part);
        &mut self.seeds[span]
    }

    fn reverse(&mut self, parameters: &[F], parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let output = p.output.index();
        self.touched.fill(false);
        let n = self.rows * p.graph.width(p.output);
        let used = n * p.live[output].slot(parts);
        self.cotangents[p.cotangent[output]][..used].copy_from_slice(&self.seeds[..used]);
        self.touched[output] = true;
        for node in (0..=output).rev() {
            let needed = self.touched[node] && (self.wanted(node, wrt));
            if needed && !plan::operands(&p.graph.nodes()[node].op).is_empty() {
                self.reverse_node(node, parameters, parts, wrt);
            }
        }
        self.seeds.fill(F::ZERO);
        if let Wrt::Input(i) = wrt {
            let node = p.graph.inputs()[i].index();
            let n = self.rows * p.graph.nodes()[node].width;
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

    fn parameter_gradient(&self) -> &[F] {
        &self.parameter_gradient
    }

    fn clear_gradient(&mut self) {
        self.parameter_gradient.fill(F::ZERO);
    }
}
