//! How divergences are had.

use crate::divergence::{Divergence, ProbeDistribution};
use crate::likelihood::DEFAULT_EXACT_DIM;

/// The divergence that a dimension allows: exact up to [`DEFAULT_EXACT_DIM`], else `probes` Rademacher probes.
///
/// ```
/// use fokker::audit::default_divergence;
/// assert_ne!(default_divergence(2, 4), default_divergence(784, 4));
/// ```
#[must_use]
pub fn default_divergence(dim: usize, probes: usize) -> Divergence {
    if dim <= DEFAULT_EXACT_DIM {
        Divergence::Exact {}
    } else {
        Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher }
    }
}
