//! Group normalisation of jets, forward and back.
//!
//! Within a group of n numbers a, with parts a_p, a_pq, let h = r (a − mean a), h_p = r (a_p − mean a_p), h_pq likewise,
//! r = (var a + ε)^{−½}, and ⟨·⟩ be the mean over the group. With k_p = ⟨h h_p⟩ and κ_pq = ⟨h_p h_q⟩ + ⟨h h_pq⟩ − 3 k_p k_q, the parts
//! of the normalised numbers are
//!
//! y = h, y_p = h_p − k_p h, y_pq = h_pq − k_q h_p − k_p h_q − κ_pq h,
//!
//! that is y_i = Σ_j L_ij h_j. All sums over pixels are taken channel by channel; the rest is algebra with a few numbers a group.

mod forward;
mod reverse;
mod sums;

pub(super) use forward::forward;
pub(super) use reverse::{Affine, Cotangents, reverse};

use super::map::Part;
use crate::Real;

/// What a normalisation does: `pixels` of `channels`, in `groups`.
#[derive(Clone, Copy)]
pub(super) struct Norm {
    pub pixels: usize,
    pub channels: usize,
    pub groups: usize,
    pub epsilon: f64,
    /// Stored parts of the operand, and of the result.
    pub a_parts: usize,
    pub y_parts: usize,
}

impl Norm {
    /// Numbers that a row keeps from the forward pass for the others: for each group r, the mean of each part of the operand, and
    /// for each part of the result k_p or κ_pq.
    pub fn kept(self) -> usize {
        self.groups * self.kept_of_group()
    }

    fn kept_of_group(self) -> usize {
        1 + self.a_parts + self.y_parts
    }

    fn of_group(self) -> usize {
        self.channels / self.groups
    }

    /// n.
    #[allow(clippy::cast_precision_loss)]
    fn count<F: Real>(self) -> F {
        F::of((self.pixels * self.of_group()) as f64)
    }
}

/// What a row keeps, group by group.
struct Kept<'a, F> {
    norm: Norm,
    numbers: &'a mut [F],
}

impl<F: Real> Kept<'_, F> {
    fn r(&mut self, group: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group()]
    }

    fn mean(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + slot]
    }

    fn k(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + self.norm.a_parts + slot]
    }

    /// L_ij.
    fn coefficient(&mut self, l: Coefficient, group: usize) -> F {
        match l {
            Coefficient::Minus(slot) => -*self.k(group, slot),
            _ => F::ONE,
        }
    }

    /// The means of a part, for every channel.
    fn means(&mut self, slot: usize, to: &mut Vec<F>) {
        to.clear();
        for group in 0..self.norm.groups {
            let mean = *self.mean(group, slot);
            to.resize(to.len() + self.norm.of_group(), mean);
        }
    }
}

/// Memory for numbers a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<F> {
    /// Means of two parts.
    means: [Vec<F>; 2],
    sums: Vec<F>,
    coefficients: Vec<F>,
    /// Group by group, the cotangents over n of k_p and κ_pq (by their places in the result) and, last, that of r times −r/n.
    adjoints: Vec<F>,
    /// Part by part and group by group, the mean of γ ȳ.
    mean_cotangents: Vec<F>,
}

/// Stored places in the operand, in units of parts: of the primal, of a first-order part, of a second-order one.
fn place_in_operand(part: &Part) -> Option<usize> {
    match *part {
        Part::Primal => Some(0),
        Part::First { a, .. } => Some(a),
        Part::Second { uv, .. } => uv,
    }
}

/// Stored place in the result.
fn place_in_result(part: &Part) -> usize {
    match *part {
        Part::Primal => 0,
        Part::First { y, .. } | Part::Second { y, .. } => y,
    }
}

/// The place in the result of the first-order part that is at a place in the operand: both store the same first-order parts.
fn of_operand(parts: &[Part], a: usize) -> usize {
    let same = |part: &&Part| matches!(part, Part::First { .. }) && place_in_operand(part) == Some(a);
    parts.iter().find(same).map_or(0, place_in_result)
}

/// A coefficient of h_j or of a cotangent, one number a group.
#[derive(Clone, Copy)]
enum Coefficient {
    One,
    /// −k_p or −κ_pq, by its place in the result.
    Minus(usize),
    /// The cotangent of k_p or κ_pq over n, by its place in the result.
    Cotangent(usize),
    /// That of r times −r/n.
    OfR,
}

/// y_i = Σ_j L_ij h_j: stored places in the operand with their coefficients.
fn terms(part: &Part, parts: &[Part]) -> Vec<(usize, Coefficient)> {
    match *part {
        Part::Primal => vec![(0, Coefficient::One)],
        Part::First { y, a } => vec![(a, Coefficient::One), (0, Coefficient::Minus(y))],
        Part::Second { y, uv, product } => {
            let mut terms: Vec<_> = uv.map(|uv| (uv, Coefficient::One)).into_iter().collect();
            if let Some((u, v)) = product {
                terms.push((u, Coefficient::Minus(of_operand(parts, v))));
                terms.push((v, Coefficient::Minus(of_operand(parts, u))));
            }
            terms.push((0, Coefficient::Minus(y)));
            terms
        }
    }
}
