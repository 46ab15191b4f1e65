//! The reverse pass: the cotangents of the nodes that a node reads, and of its parameters, from its own.

use super::dense::{self, Weight};
use super::map::{self, Cotangents};
use super::norm::{self, Affine};
use super::product::{self, Block, Term};
use super::workspace::Recording;
use super::{Workspace, conv, matmul, resample, softmax};
use crate::{Op, ParamId, Parameters, Real, Wrt};

impl<F: Real> Workspace<F> {
    /// The first of the parts whose cotangents are those kept, or `parts`.
    fn first_kept(&self, parts: usize, wrt: Wrt) -> usize {
        match &self.plan.0.tangent {
            Some(tangent) if wrt == Wrt::Parameters && self.recording == Recording::Done => parts.min(tangent.first),
            _ => parts,
        }
    }

    /// Pulls the node's cotangent back to its operands: of parts below `parts`, of which those from `pulled` on are kept ones.
    pub(super) fn reverse_node(&mut self, node: usize, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let plan = self.plan.clone();
        let p = &*plan.0;
        let block = self.block(node);
        let n = block.len();
        let pulled = self.first_kept(parts, wrt);
        let mut y_bar = std::mem::take(self.cotangent(node));
        let kept = if pulled < parts { std::mem::take(&mut self.kept[node]) } else { Vec::new() };
        let (own, stored) = (p.live[node].slot(pulled), p.live[node].slot(parts));
        let shape = p.graph.nodes()[node].shape;
        let range = |id: &ParamId| {
            let spec = &p.graph.parameters()[id.index()];
            spec.offset..spec.offset + spec.len()
        };
        match &p.graph.nodes()[node].op {
            Op::Input(_) => {}
            Op::Dense { x, weight, bias } => {
                let (k, width, pixels) = (p.graph.shape(*x).channels, shape.channels, block.rows * shape.pixels());
                let rows = pixels * own;
                if wrt == Wrt::Parameters {
                    let values = &self.values[x.index()];
                    let add = !std::mem::replace(&mut self.fresh[weight.index()], false);
                    let (w_bar, scratch) = (&mut self.parameter_gradient[range(weight)], &mut self.scratch.dense);
                    dense::reverse_weight(rows, (k, width), values, &y_bar, w_bar, add, scratch);
                    let (of_kept, values) = (pixels * (stored - own), &values[rows * k..]);
                    if of_kept > 0 {
                        dense::reverse_weight(of_kept, (k, width), values, &kept, w_bar, true, scratch);
                    }
                    self.reverse_bias(*bias, pixels, &y_bar);
                }
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let (flat, micro_panels) =
                        (&parameters[range(weight)], parameters.micro_panels(weight.index(), true));
                    let x_bar = &mut self.cotangent(x.index())[..rows * k];
                    dense::reverse_input(rows, &y_bar, Weight { k, n: width, flat, micro_panels }, x_bar, add);
                }
            }
            Op::Conv { x, weight, bias } => {
                let (g, m) = (p.geometry(*x, *weight), block.rows * p.graph.width(*x));
                if wrt == Wrt::Parameters {
                    let values = &self.values[x.index()];
                    let add = !std::mem::replace(&mut self.fresh[weight.index()], false);
                    let (w_bar, scratch) = (&mut self.parameter_gradient[range(weight)], &mut self.scratch.dense);
                    conv::reverse_weight(g, &values[..own * m], &y_bar[..own * n], w_bar, add, scratch);
                    let (values, kept) = (&values[own * m..stored * m], &kept[..(stored - own) * n]);
                    conv::reverse_weight(g, values, kept, w_bar, true, scratch);
                    self.reverse_bias(*bias, block.rows * shape.pixels(), &y_bar);
                }
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let (flat, micro_panels) =
                        (&parameters[range(weight)], parameters.micro_panels(weight.index(), true));
                    let w = Weight { k: g.shape.channels, n: g.channels, flat, micro_panels };
                    let mut x_bar = std::mem::take(self.cotangent(x.index()));
                    conv::reverse_input(g, &y_bar[..own * n], w, &mut x_bar[..own * m], add, &mut self.scratch.dense);
                    *self.cotangent(x.index()) = x_bar;
                }
            }
            Op::GroupNorm { x, gamma, beta, .. } => {
                let wanted = self.wanted(x.index(), wrt).then(|| self.touch(x.index()));
                let mut a_bar = if wanted.is_some() { std::mem::take(self.cotangent(x.index())) } else { Vec::new() };
                for id in [gamma, beta] {
                    if wrt == Wrt::Parameters && std::mem::replace(&mut self.fresh[id.index()], false) {
                        self.parameter_gradient[range(id)].fill(F::ZERO);
                    }
                }
                // β follows γ in the flat vector.
                let (of_gamma, of_beta) = (range(gamma), range(beta));
                let affine = (wrt == Wrt::Parameters).then(|| {
                    let both = &mut self.parameter_gradient[of_gamma.start..of_beta.end];
                    let (gamma, beta) = both.split_at_mut(of_gamma.len());
                    Affine { gamma, beta }
                });
                norm::reverse(
                    p.norm(node),
                    &p.map_parts[node][..stored],
                    &self.values[x.index()][..p.live[x.index()].count() * n],
                    &parameters[of_gamma],
                    &mut self.kernels[node],
                    norm::Cotangents { own: &y_bar, kept: &kept, first_kept: own },
                    affine,
                    wanted.map(|add| (&mut a_bar[..], add)),
                    p.live[x.index()].slot(pulled),
                    &mut self.scratch.norm,
                );
                if wanted.is_some() {
                    *self.cotangent(x.index()) = a_bar;
                }
            }
            Op::Map { x, function } => {
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let first_kept = (own, p.live[x.index()].slot(pulled));
                    let list = &p.map_parts[node][..stored];
                    // In place, ȳ turns into ā where it is.
                    let alone = p.in_place[node] && !self.kept_at_once(node) && !self.kept_at_once(x.index());
                    let mut a_bar = std::mem::take(if alone { &mut y_bar } else { self.cotangent(x.index()) });
                    let cotangents = Cotangents { own: (!alone).then_some(&y_bar[..]), kept: &kept, first_kept };
                    let (a, kernel) = (&self.values[x.index()], &self.kernels[node]);
                    map::reverse(*function, list, a, kernel, cotangents, &mut a_bar, n, add);
                    *(if alone { &mut y_bar } else { self.cotangent(x.index()) }) = a_bar;
                }
            }
            Op::Add { a, b, factor } => {
                for x in [a, b] {
                    if !self.wanted(x.index(), wrt) {
                        continue;
                    }
                    let (add, live) = (self.touch(x.index()), &p.live[x.index()]);
                    let of_x = Block { rows: block.rows, width: p.graph.width(*x) };
                    for part in (0..pulled).filter(|&part| live.has(part)) {
                        let from = &y_bar[p.live[node].slot(part) * n..][..n];
                        let m = of_x.len();
                        let to = &mut self.cotangent(x.index())[live.slot(part) * m..][..m];
                        product::reverse_sum(block, from, F::of(*factor), of_x, to, add);
                    }
                }
            }
            Op::Mul { a, b } | Op::MatMul { a, b, .. } => {
                let matrices = matches!(p.graph.nodes()[node].op, Op::MatMul { .. });
                for (x, other, left) in [(a, b, true), (b, a, false)] {
                    if self.prepare(x.index(), pulled, wrt).is_none() {
                        continue;
                    }
                    let mut x_bar = std::mem::take(self.cotangent(x.index()));
                    let (wanted, values) = (p.live[x.index()].slot(pulled), &self.values[other.index()]);
                    // A kept cotangent is asked for by its own parts alone; of the operand's, those below `pulled` are wanted.
                    let wanted = |t: &&Term| t.part < parts && (if left { t.a } else { t.b }) < wanted;
                    for &term in p.mul_terms[node].iter().filter(wanted) {
                        let (y_bar, y) = if term.y < own { (&y_bar, term.y) } else { (&kept, term.y - own) };
                        let (term, x_bar, scratch) = (Term { y, ..term }, &mut x_bar, &mut self.scratch.matmul);
                        let width = p.graph.width(*b);
                        match (matrices, left) {
                            (false, true) => product::reverse_a(term, block, width, values, y_bar, x_bar),
                            (false, false) => product::reverse_b(term, block, width, values, y_bar, x_bar),
                            (true, true) => {
                                matmul::reverse_a(p.factors(node, block.rows), term, values, y_bar, x_bar, scratch);
                            }
                            (true, false) => {
                                matmul::reverse_b(p.factors(node, block.rows), term, values, y_bar, x_bar, scratch);
                            }
                        }
                    }
                    *self.cotangent(x.index()) = x_bar;
                }
            }
            Op::Concat { inputs } => {
                let from = Block { rows: block.rows * shape.pixels(), width: shape.channels };
                let mut column = 0;
                for x in inputs {
                    let to = Block { width: p.graph.shape(*x).channels, ..from };
                    if self.wanted(x.index(), wrt) {
                        let (add, live, m) = (self.touch(x.index()), &p.live[x.index()], to.len());
                        for part in (0..pulled).filter(|&part| live.has(part)) {
                            let y_bar = &y_bar[p.live[node].slot(part) * n..][..n];
                            let x_bar = &mut self.cotangent(x.index())[live.slot(part) * m..][..m];
                            product::gather(to, y_bar, from.width, column, x_bar, add);
                        }
                    }
                    column += to.width;
                }
            }
            Op::Resample { x, .. } => {
                if let (Some([_, transposed]), true) = (&p.taps[node], self.wanted(x.index(), wrt)) {
                    let (add, m) = (self.touch(x.index()), block.rows * p.graph.width(*x));
                    let x_bar = &mut self.cotangent(x.index())[..own * m];
                    resample::apply(transposed, shape.channels, &y_bar[..own * n], x_bar, add);
                }
            }
            Op::Softmax { x } => {
                if self.wanted(x.index(), wrt) {
                    let add = self.touch(x.index());
                    let mut a_bar = std::mem::take(self.cotangent(x.index()));
                    softmax::reverse(
                        &p.map_parts[node][..stored],
                        (n, shape.channels),
                        &self.values[x.index()][..p.live[x.index()].count() * n],
                        &self.values[node],
                        norm::Cotangents { own: &y_bar, kept: &kept, first_kept: own },
                        &mut a_bar,
                        add,
                        p.live[x.index()].slot(pulled),
                        &mut self.scratch.softmax,
                    );
                    *self.cotangent(x.index()) = a_bar;
                }
            }
        }
        if pulled < parts {
            self.kept[node] = kept;
        }
        *self.cotangent(node) = y_bar;
    }

    /// `b̄ = Σ Ȳ` over the pixels of the primal part.
    fn reverse_bias(&mut self, bias: ParamId, pixels: usize, y_bar: &[F]) {
        let add = !std::mem::replace(&mut self.fresh[bias.index()], false);
        let spec = &self.plan.0.graph.parameters()[bias.index()];
        let b_bar = &mut self.parameter_gradient[spec.offset..][..spec.len()];
        dense::reverse_bias(pixels, spec.len(), y_bar, b_bar, add);
    }
}
