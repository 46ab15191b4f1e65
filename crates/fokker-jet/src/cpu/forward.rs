//! The forward pass: the parts of a node from those of the nodes that it reads.

use std::ops::Range;

use super::conv;
use super::dense::{self, Weight};
use super::matmul;
use super::product::{self, Block};
use super::{Workspace, map, norm, resample, softmax};
use crate::{NodeId, Op, ParamId, Parameters, Real};

impl<F: Real> Workspace<F> {
    /// Computes the given parts of a node.
    pub(super) fn forward_node(&mut self, node: usize, parameters: &Parameters<F>, parts: &Range<usize>) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let block = self.block(node);
        let (rows, n) = (block.rows, block.len());
        let (before, rest) = self.values.split_at_mut(node);
        let y = &mut rest[0];
        let live = &p.live[node];
        let (first, last) = (live.slot(parts.start), live.slot(parts.end));
        let shape = p.graph.nodes()[node].shape;
        let list = &p.map_parts[node][..last.min(p.map_parts[node].len())];
        let param = |id: &ParamId| {
            let spec = &p.graph.parameters()[id.index()];
            &parameters[spec.offset..][..spec.len()]
        };
        // All stored parts of an operand.
        let values = |x: &NodeId| &before[x.index()][..p.live[x.index()].count() * rows * p.graph.width(*x)];
        match &p.graph.nodes()[node].op {
            Op::Input(_) => {}
            Op::Dense { x, weight, bias } => {
                let (k, m) = (p.graph.shape(*x).channels, p.graph.width(*x));
                let pixels = rows * shape.pixels();
                let micro_panels = parameters.micro_panels(weight.index(), false);
                let w = Weight { k, n: shape.channels, flat: param(weight), micro_panels };
                let biased = if parts.start == 0 && last > first { pixels } else { 0 };
                let x = &before[x.index()][first * rows * m..];
                dense::forward(pixels * (last - first), biased, x, w, param(bias), &mut y[first * n..last * n]);
            }
            Op::Conv { x, weight, bias } => {
                let g = p.geometry(*x, *weight);
                let m = rows * p.graph.width(*x);
                let micro_panels = parameters.micro_panels(weight.index(), false);
                let w = Weight { k: g.shape.channels, n: g.channels, flat: param(weight), micro_panels };
                let biased = if parts.start == 0 { rows } else { 0 };
                let x = &before[x.index()][first * m..last * m];
                conv::forward(biased, g, x, w, param(bias), &mut y[first * n..last * n], &mut self.scratch.dense);
            }
            Op::GroupNorm { x, gamma, beta, .. } => {
                let (norm, kept) = (p.norm(node), &mut self.kernels[node]);
                norm::forward(norm, list, first, values(x), param(gamma), param(beta), kept, y, &mut self.scratch.norm);
            }
            Op::Map { x, function } => {
                let a = &before[x.index()];
                map::forward(*function, &list[first..], a, &mut self.kernels[node], y, n);
            }
            Op::Add { a, b, factor } => {
                let pixel = Block { rows, width: p.graph.width(*b) };
                for part in parts.clone().filter(|&part| live.has(part)) {
                    let to = &mut y[live.slot(part) * n..][..n];
                    let of = |x: &NodeId, m: usize| {
                        let live = &p.live[x.index()];
                        live.has(part).then(|| &before[x.index()][live.slot(part) * m..][..m])
                    };
                    product::sum(block, of(a, n), pixel, of(b, pixel.len()), F::of(*factor), to);
                }
            }
            Op::Mul { a, b } => {
                y[first * n..last * n].fill(F::ZERO);
                for &term in p.mul_terms[node].iter().filter(|t| parts.contains(&t.part)) {
                    product::forward(term, block, p.graph.width(*b), &before[a.index()], &before[b.index()], y);
                }
            }
            Op::Concat { inputs } => {
                let to = Block { rows: rows * shape.pixels(), width: shape.channels };
                let mut column = 0;
                for x in inputs {
                    let from = Block { width: p.graph.shape(*x).channels, ..to };
                    let (m, x_live) = (from.len(), &p.live[x.index()]);
                    for part in parts.clone().filter(|&part| live.has(part)) {
                        let to = &mut y[live.slot(part) * n..][..n];
                        let values = x_live.has(part).then(|| &before[x.index()][x_live.slot(part) * m..][..m]);
                        product::place(from, values, to, shape.channels, column);
                    }
                    column += from.width;
                }
            }
            Op::Resample { x, .. } => {
                if let Some([taps, _]) = &p.taps[node] {
                    let m = rows * p.graph.width(*x);
                    let x = &before[x.index()][first * m..last * m];
                    resample::apply(taps, shape.channels, x, &mut y[first * n..last * n], false);
                }
            }
            Op::MatMul { a, b, .. } => {
                y[first * n..last * n].fill(F::ZERO);
                let f = p.factors(node, rows);
                for &term in p.mul_terms[node].iter().filter(|t| parts.contains(&t.part)) {
                    matmul::forward(f, term, values(a), values(b), y, &mut self.scratch.matmul);
                }
            }
            Op::Softmax { x } => {
                softmax::forward(list, first, (n, shape.channels), values(x), y, &mut self.scratch.softmax);
            }
        }
    }
}
