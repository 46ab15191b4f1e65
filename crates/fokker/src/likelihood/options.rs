//! How log p is computed.

use super::request::request;
use crate::Error;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::memory;
use crate::solve::Tolerance;

/// The largest dimension D in which [`LikelihoodOptions::for_dim`] takes exact divergences.
///
/// ```
/// use fokker::{likelihood::{DEFAULT_EXACT_DIM, LikelihoodOptions}, divergence::Divergence};
/// assert_eq!(LikelihoodOptions::for_dim(DEFAULT_EXACT_DIM).divergence, Divergence::Exact {});
/// ```
pub const DEFAULT_EXACT_DIM: usize = 64;

/// Probes beyond that dimension.
const DEFAULT_PROBES: usize = 8;

/// Bytes that log p of so many rows (draws of noise count as rows) takes beside the network's own: where they start, go and end, and
/// what is known of each.
///
/// ```
/// assert!(fokker::likelihood::bytes(1000, 2, 8) < 1 << 20);
/// assert_eq!(fokker::likelihood::bytes(usize::MAX, 2, 8), u64::MAX);
/// ```
#[must_use]
pub fn bytes(rows: usize, dim: usize, probes: usize) -> u64 {
    let numbers = dim.saturating_mul(4).saturating_add(probes.saturating_mul(2)).saturating_add(OF_ROW);
    memory::product(&[rows, numbers, size_of::<f64>()])
}

/// What is known of a row beside its numbers, in units of one of these.
const OF_ROW: usize = 50;

/// How log p is computed.
///
/// ```
/// use fokker::{likelihood::LikelihoodOptions, solve::Tolerance};
/// let options = LikelihoodOptions { tolerance: Tolerance::both(1e-7), ..LikelihoodOptions::for_dim(2) };
/// assert_eq!(options.step_limit, 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodOptions {
    /// The error allowed to log p: `absolute + relative · D/10` nats. Steps are judged by what they do to log p, and are short enough
    /// for the error in the end to be of that size, ten times it at the most on all that was measured.
    pub tolerance: Tolerance,
    /// The most steps of one row, rejected ones included.
    pub step_limit: usize,
    /// How div s is had. Probes are drawn once for each row and held fixed along its path, which keeps the ODE's right-hand side
    /// smooth and the estimate of log p unbiased (Grathwohl et al. 2019, arXiv 1810.01367, section 3.1).
    pub divergence: Divergence,
    /// Seed of the probes.
    pub seed: u64,
    /// Number of the first row, from which the probes of each row are drawn: a table done in pieces gets the values that it
    /// would get in one.
    pub first_row: u64,
}

impl LikelihoodOptions {
    /// Tolerance 1e-5, 10,000 steps, seed 0; the exact divergence up to [`DEFAULT_EXACT_DIM`], beyond it 8 Rademacher probes.
    ///
    /// ```
    /// use fokker::{likelihood::LikelihoodOptions, divergence::Divergence};
    /// assert_eq!(LikelihoodOptions::for_dim(2).divergence.directions(2), 2);
    /// assert_eq!(LikelihoodOptions::for_dim(3072).divergence.directions(3072), 8);
    /// ```
    #[must_use]
    pub fn for_dim(dim: usize) -> Self {
        let distribution = ProbeDistribution::Rademacher;
        let divergence = if dim <= DEFAULT_EXACT_DIM {
            Divergence::Exact {}
        } else {
            Divergence::Hutchinson { probes: DEFAULT_PROBES, distribution }
        };
        Self { tolerance: Tolerance::default(), step_limit: 10_000, divergence, seed: 0, first_row: 0 }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.tolerance.is_usable() {
            return Err(request("tolerance", "must be positive and finite"));
        }
        if self.divergence.directions(1) == 0 {
            return Err(request("divergence.probes", "must be at least 1"));
        }
        Ok(())
    }
}
