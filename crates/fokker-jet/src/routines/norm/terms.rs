//! The parts of the normalised numbers as linear combinations.

use crate::routines::parts::Part;

/// Stored places in the operand, in units of parts: of the primal, of a first-order part, of a second-order one.
pub(super) fn place_in_operand(part: &Part) -> Option<usize> {
    match *part {
        Part::Primal => Some(0),
        Part::First { a, .. } => Some(a),
        Part::Second { uv, .. } => uv,
    }
}

/// Stored place in the result.
pub(super) fn place_in_result(part: &Part) -> usize {
    match *part {
        Part::Primal => 0,
        Part::First { y, .. } | Part::Second { y, .. } => y,
    }
}

/// The place in the result of the first-order part that is at a place in the operand: both store the same first-order parts.
pub(super) fn of_operand(parts: &[Part], a: usize) -> usize {
    let same = |part: &&Part| matches!(part, Part::First { .. }) && place_in_operand(part) == Some(a);
    parts.iter().find(same).map_or(0, place_in_result)
}

/// A coefficient of h_j or of a cotangent, one number per group.
#[derive(Clone, Copy)]
pub(super) enum Coefficient {
    One,
    /// −k_p or −κ_pq, by its place in the result.
    Minus(usize),
    /// The cotangent of k_p or κ_pq over n, by its place in the result.
    Cotangent(usize),
    /// That of r times −r/n.
    OfR,
}

/// y_i = Σ_j L_ij h_j: stored places in the operand with their coefficients.
pub(super) fn terms(part: &Part, parts: &[Part]) -> Vec<(usize, Coefficient)> {
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
