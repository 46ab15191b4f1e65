//! What the directions of a term take, and the key to change if it is too much.

use super::fault::{Fault, check};
use crate::divergence::Divergence;
use crate::memory::{self, MemoryError};

/// Refuses so many parts that even one row of x along each is too much: `parts` for each direction of the divergence, and some more.
/// `term` is the table of the config that it stands in.
pub(super) fn require(
    divergence: Divergence, term: &str, parts: usize, more: usize, dim: usize,
) -> Result<(), MemoryError> {
    let parts = divergence.directions(dim).saturating_mul(parts).saturating_add(more);
    // Numbers of 4 bytes, and what is kept of a direction or a pair itself.
    let of_part = dim.saturating_mul(4).saturating_add(32);
    memory::require(&key(divergence, term), memory::product(&[parts, of_part]))
}

/// The key that says how many directions there are.
pub(super) fn key(divergence: Divergence, term: &str) -> String {
    match divergence {
        Divergence::Exact {} => format!("{term}.divergence"),
        Divergence::Hutchinson { .. } => format!("{term}.divergence.probes"),
    }
}

/// The key and the reason, if there are no probes or absurdly many.
pub(super) fn validate(divergence: Divergence, term: &str) -> Result<(), Fault> {
    let good = match divergence {
        Divergence::Exact {} => true,
        Divergence::Hutchinson { probes, .. } => (1..=10_000).contains(&probes),
    };
    check(good, &key(divergence, term), "must be between 1 and 10000")
}
