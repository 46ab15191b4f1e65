//! Sums, products and concatenation of jets.

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
    for part in (0..set.parts()).filter(|&p| y.has(p)) {
        let factors = match (part, set.pair_of(part)) {
            (0, _) => vec![(0, 0)],
            (p, None) => vec![(p, 0), (0, p)],
            (p, Some((u, v))) => vec![(p, 0), (u, v), (v, u), (0, p)],
        };
        for (p, q) in factors.into_iter().filter(|&(p, q)| a.has(p) && b.has(q)) {
            terms.push(Term { part, y: y.slot(part), a: a.slot(p), b: b.slot(q) });
        }
    }
    terms
}

/// A block of parts: `rows × width` values each.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub rows: usize,
    pub width: usize,
}

impl Shape {
    fn len(self) -> usize {
        self.rows * self.width
    }
}

/// Adds the term to the part of `y` that it belongs to; `b` may be one number a row.
pub(super) fn forward<F: Real>(term: Term, shape: Shape, b_width: usize, a: &[F], b: &[F], y: &mut [F]) {
    let n = shape.len();
    let (a, y) = (&a[term.a * n..][..n], &mut y[term.y * n..][..n]);
    if b_width == shape.width {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(&b[term.b * n..][..n]) {
            *y += a * b;
        }
    } else {
        let b = &b[term.b * shape.rows..][..shape.rows];
        for ((y, a), &b) in y.chunks_exact_mut(shape.width).zip(a.chunks_exact(shape.width)).zip(b) {
            for (y, &a) in y.iter_mut().zip(a) {
                *y += a * b;
            }
        }
    }
}

/// `ā_p += ȳ b_q`.
pub(super) fn reverse_a<F: Real>(term: Term, shape: Shape, b_width: usize, b: &[F], y_bar: &[F], a_bar: &mut [F]) {
    let swapped = Term { y: term.a, a: term.y, ..term };
    forward(swapped, shape, b_width, y_bar, b, a_bar);
}

/// `b̄_q += ȳ a_p`, summed over the row if `b` is one number a row.
pub(super) fn reverse_b<F: Real>(term: Term, shape: Shape, b_width: usize, a: &[F], y_bar: &[F], b_bar: &mut [F]) {
    let n = shape.len();
    let (a, y_bar) = (&a[term.a * n..][..n], &y_bar[term.y * n..][..n]);
    if b_width == shape.width {
        for ((b, &a), &y) in b_bar[term.b * n..][..n].iter_mut().zip(a).zip(y_bar) {
            *b += a * y;
        }
    } else {
        let b_bar = &mut b_bar[term.b * shape.rows..][..shape.rows];
        for ((b, a), y) in b_bar.iter_mut().zip(a.chunks_exact(shape.width)).zip(y_bar.chunks_exact(shape.width)) {
            *b += a.iter().zip(y).map(|(&a, &y)| a * y).sum();
        }
    }
}

/// Copies a part of `from` (of width `shape.width`) into the columns of a wider part, or adds it there.
pub(super) fn place<F: Real>(shape: Shape, from: &[F], to: &mut [F], to_width: usize, column: usize) {
    for (from, to) in from.chunks_exact(shape.width).zip(to.chunks_exact_mut(to_width)).take(shape.rows) {
        to[column..column + shape.width].copy_from_slice(from);
    }
}

/// The reverse of [`place`]: adds the columns of a wider part to a part of width `shape.width`.
pub(super) fn gather_add<F: Real>(shape: Shape, from: &[F], from_width: usize, column: usize, to: &mut [F]) {
    for (from, to) in from.chunks_exact(from_width).zip(to.chunks_exact_mut(shape.width)).take(shape.rows) {
        for (to, &from) in to.iter_mut().zip(&from[column..]) {
            *to += from;
        }
    }
}
