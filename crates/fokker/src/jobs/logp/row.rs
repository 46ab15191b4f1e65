//! What is kept of a row.

use crate::likelihood::{Bound, Dequantised};
use crate::solve::Outcome;

/// The texts of the column `outcome`; their indices are its codes.
pub(super) const OUTCOMES: &[&str] = &["converged", "step_limit", "non_finite", "precision_floor", "far_out"];

/// A row that is done, with a value or without one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// log p in model coordinates, in nats; NaN if the row has no value.
    pub(super) log_prob: f64,
    /// Its standard error over draws of noise and their probes; NaN where it is not known.
    pub(super) se: f64,
    /// The importance-weighted bound over the draws; NaN if there is none.
    pub(super) importance: f64,
    /// The lower bound of log p of the reverse SDE and its standard error, if they were asked for; else NaN.
    pub(super) bound: f64,
    pub(super) bound_se: f64,
    /// Evaluations of the score and its divergence.
    pub(super) evaluations: u64,
    /// Index into [`OUTCOMES`].
    pub(super) outcome: u8,
}

impl Row {
    /// Bytes of a row.
    pub(super) const SIZE: usize = 49;

    /// The rows of a chunk.
    pub(super) fn of(found: &Dequantised, bound: Option<&Bound>) -> Vec<Self> {
        let row = |at: usize| Self {
            log_prob: found.mean[at],
            se: found.se.as_ref().map_or(f64::NAN, |se| se[at]),
            importance: found.importance.as_ref().map_or(f64::NAN, |values| values[at]),
            bound: bound.map_or(f64::NAN, |bound| bound.values[at]),
            bound_se: bound.map_or(f64::NAN, |bound| bound.se[at]),
            evaluations: found.evaluations[at],
            outcome: found.outcomes[at].code().0,
        };
        (0..found.mean.len()).map(row).collect()
    }

    /// Does it have a log p?
    pub(super) fn has_value(&self) -> bool {
        self.log_prob.is_finite()
    }

    /// Did it reach the end at the floor of the precision?
    pub(super) fn is_at_precision_floor(&self) -> bool {
        self.outcome == Outcome::PrecisionFloor.code().0
    }

    /// How its integration ended.
    pub(super) fn outcome(&self) -> &'static str {
        OUTCOMES.get(usize::from(self.outcome)).copied().unwrap_or("unknown")
    }

    /// Appends its bytes, little-endian.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.log_prob.to_le_bytes());
        bytes.extend(self.se.to_le_bytes());
        bytes.extend(self.importance.to_le_bytes());
        bytes.extend(self.bound.to_le_bytes());
        bytes.extend(self.bound_se.to_le_bytes());
        bytes.extend(self.evaluations.to_le_bytes());
        bytes.push(self.outcome);
    }

    /// The bytes of rows.
    pub(super) fn bytes(rows: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(rows.len() * Self::SIZE);
        rows.iter().for_each(|row| row.write(&mut bytes));
        bytes
    }

    /// From [`Row::SIZE`] bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            word
        };
        Self {
            log_prob: f64::from_le_bytes(word(0)),
            se: f64::from_le_bytes(word(8)),
            importance: f64::from_le_bytes(word(16)),
            bound: f64::from_le_bytes(word(24)),
            bound_se: f64::from_le_bytes(word(32)),
            evaluations: u64::from_le_bytes(word(40)),
            outcome: bytes[48],
        }
    }
}
