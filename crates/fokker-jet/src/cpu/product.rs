//! Sums, products and concatenation of jets.

use super::simd::multiversion;
use crate::{JetSet, Live, Real};

/// One term `a_p b_q` of a part of the product; stored places, in units of parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// The part that the term belongs to.
    pub part: usize,
    pub y: usize,
    pub a: usize,
    pub b: usize,
}

/// The terms of the product rule, `y_uv = a_uv b + a_u b_v + a_v b_u + a b_uv`, in order of their part.
pub(super) fn terms(set: &JetSet, a: &Live, b: &Live, y: &Live) -> Vec<Term> {
    let mut terms = Vec::new();
    let (y_slots, a_slots, b_slots) = (y.slots(), a.slots(), b.slots());
    for part in (0..set.parts()).filter(|&p| y.has(p)) {
        let factors = match (part, set.pair_of(part)) {
            (0, _) => vec![(0, 0)],
            (p, None) => vec![(p, 0), (0, p)],
            (p, Some((u, v))) => vec![(p, 0), (u, v), (v, u), (0, p)],
        };
        for (p, q) in factors.into_iter().filter(|&(p, q)| a.has(p) && b.has(q)) {
            terms.push(Term { part, y: y_slots[part], a: a_slots[p], b: b_slots[q] });
        }
    }
    terms
}

/// A block of parts: `rows × width` values each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub rows: usize,
    pub width: usize,
}

impl Block {
    pub fn len(self) -> usize {
        self.rows * self.width
    }
}

/// Adds the term to the part of `y` that it belongs to; `b` may be one number a row.
pub(super) fn forward<F: Real>(term: Term, block: Block, b_width: usize, a: &[F], b: &[F], y: &mut [F]) {
    let n = block.len();
    let (a, y) = (&a[term.a * n..][..n], &mut y[term.y * n..][..n]);
    if b_width == block.width {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(&b[term.b * n..][..n]) {
            *y += a * b;
        }
    } else {
        let b = &b[term.b * block.rows..][..block.rows];
        for ((y, a), &b) in y.chunks_exact_mut(block.width).zip(a.chunks_exact(block.width)).zip(b) {
            for (y, &a) in y.iter_mut().zip(a) {
                *y += a * b;
            }
        }
    }
}

/// `ā_p += ȳ b_q`.
pub(super) fn reverse_a<F: Real>(term: Term, block: Block, b_width: usize, b: &[F], y_bar: &[F], a_bar: &mut [F]) {
    let swapped = Term { y: term.a, a: term.y, ..term };
    forward(swapped, block, b_width, y_bar, b, a_bar);
}

/// `b̄_q += ȳ a_p`, summed over the row if `b` is one number a row.
pub(super) fn reverse_b<F: Real>(term: Term, block: Block, b_width: usize, a: &[F], y_bar: &[F], b_bar: &mut [F]) {
    let n = block.len();
    let (a, y_bar) = (&a[term.a * n..][..n], &y_bar[term.y * n..][..n]);
    if b_width == block.width {
        for ((b, &a), &y) in b_bar[term.b * n..][..n].iter_mut().zip(a).zip(y_bar) {
            *b += a * y;
        }
    } else {
        let b_bar = &mut b_bar[term.b * block.rows..][..block.rows];
        for ((b, a), y) in b_bar.iter_mut().zip(a.chunks_exact(block.width)).zip(y_bar.chunks_exact(block.width)) {
            *b += a.iter().zip(y).map(|(&a, &y)| a * y).sum();
        }
    }
}

multiversion! {
    /// `y = factor · (a + b)` of one part, a term that is not live being left out; `b` may be narrower, and then is repeated along the
    /// row.
    pub(super) fn sum<F: Real>(
        block: Block, a: Option<&[F]>, narrow: Block, b: Option<&[F]>, factor: F, y: &mut [F]
    ) {
        match (a, b) {
            (Some(a), Some(b)) if narrow.width == block.width => {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = factor * (a + b);
                }
            }
            (a, Some(b)) => {
                for (row, (y, b)) in y.chunks_exact_mut(block.width).zip(b.chunks_exact(narrow.width)).enumerate() {
                    for (pixel, y) in y.chunks_exact_mut(narrow.width).enumerate() {
                        let at = row * block.width + pixel * narrow.width;
                        match a {
                            Some(a) => {
                                for ((y, &a), &b) in y.iter_mut().zip(&a[at..at + narrow.width]).zip(b) {
                                    *y = factor * (a + b);
                                }
                            }
                            None => {
                                for (y, &b) in y.iter_mut().zip(b) {
                                    *y = factor * b;
                                }
                            }
                        }
                    }
                }
            }
            (Some(a), None) => {
                for (y, &a) in y.iter_mut().zip(a) {
                    *y = factor * a;
                }
            }
            (None, None) => y.fill(F::ZERO),
        }
    }
}

multiversion! {
    /// The reverse of [`sum`] for one of its terms: `x̄ = factor · ȳ`, summed over the pixels if `x` is narrower; replacing or added.
    pub(super) fn reverse_sum<F: Real>(
        block: Block, y_bar: &[F], factor: F, narrow: Block, x_bar: &mut [F], add: bool
    ) {
        if !add && narrow.width == block.width {
            for (x, &y) in x_bar.iter_mut().zip(y_bar) {
                *x = factor * y;
            }
            return;
        }
        if !add {
            x_bar.fill(F::ZERO);
        }
        for (y, x) in y_bar.chunks_exact(block.width).zip(x_bar.chunks_exact_mut(narrow.width)) {
            for y in y.chunks_exact(narrow.width) {
                for (x, &y) in x.iter_mut().zip(y) {
                    *x += factor * y;
                }
            }
        }
    }
}

/// Copies a part (zeros if it is not live) of width `block.width` into the columns of a wider part.
pub(super) fn place<F: Real>(block: Block, from: Option<&[F]>, to: &mut [F], to_width: usize, column: usize) {
    let columns = to.chunks_exact_mut(to_width).map(|to| &mut to[column..column + block.width]);
    match from {
        Some(from) => columns.zip(from.chunks_exact(block.width)).for_each(|(to, from)| to.copy_from_slice(from)),
        None => columns.for_each(|to| to.fill(F::ZERO)),
    }
}

multiversion! {
    /// The reverse of [`place`]: the columns of a wider part, replacing or added to a part of width `block.width`.
    pub(super) fn gather<F: Real>(
        block: Block, from: &[F], from_width: usize, column: usize, to: &mut [F], add: bool
    ) {
        for (from, to) in from.chunks_exact(from_width).zip(to.chunks_exact_mut(block.width)) {
            let from = &from[column..column + block.width];
            if add {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to += from;
                }
            } else {
                to.copy_from_slice(from);
            }
        }
    }
}
