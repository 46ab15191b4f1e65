//! What the parts of a result are made of, as lists of stored places (in units of parts): the chain rule and the product rule.

use crate::{JetSet, Live};

/// A part of the result and the stored places (in units of parts) of what it is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// `y = f(a)`.
    Primal,
    /// `y_u = f′ a_u`.
    First { y: usize, a: usize },
    /// `y_uv = f″ a_u a_v + f′ a_uv`, either term possibly absent.
    Second { y: usize, uv: Option<usize>, product: Option<(usize, usize)> },
}

/// The chain rule, `y_u = f′ a_u` and `y_uv = f″ a_u a_v + f′ a_uv`: the parts of `y` in stored order.
pub(crate) fn chain_rule(set: &JetSet, a: &Live, y: &Live) -> Vec<Part> {
    let (a_slots, y_slots) = (a.slots(), y.slots());
    let stored = |part: usize| a.has(part).then(|| a_slots[part]);
    let part = |part: usize| match (part, set.pair_of(part)) {
        (0, _) => Part::Primal,
        (p, None) => Part::First { y: y_slots[p], a: a_slots[p] },
        (p, Some((u, v))) => Part::Second { y: y_slots[p], uv: stored(p), product: stored(u).zip(stored(v)) },
    };
    (0..set.parts()).filter(|&p| y.has(p)).map(part).collect()
}

/// One term `a_p b_q` of a part of the product; stored places, in units of parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// The part that the term belongs to.
    pub part: usize,
    pub y: usize,
    pub a: usize,
    pub b: usize,
}

/// The terms of the product rule, `y_uv = a_uv b + a_u b_v + a_v b_u + a b_uv`, in order of their part.
pub(crate) fn product_rule(set: &JetSet, a: &Live, b: &Live, y: &Live) -> Vec<Term> {
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

/// The cotangents of the parts of a result: below some stored place those of the pass, from there on those kept for the tangent.
#[derive(Clone, Copy)]
pub(crate) struct Cotangents<'a, F> {
    pub own: &'a [F],
    pub kept: &'a [F],
    /// The first stored part of the result that is a kept one.
    pub first_kept: usize,
}

impl<'a, F> Cotangents<'a, F> {
    /// Where the cotangent of a stored part is: the numbers, and its place among the parts there.
    pub fn of(self, slot: usize) -> (&'a [F], usize) {
        match slot.checked_sub(self.first_kept) {
            Some(kept) => (self.kept, kept),
            None => (self.own, slot),
        }
    }
}
