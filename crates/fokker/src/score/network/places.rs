//! The order of a model's graph's inputs.

/// The input that x is.
pub(super) const X: usize = 0;

/// The time features.
pub(super) const FEATURES: usize = 1;

/// The parameterisation's first factor; after the last come the windows of networks for intervals of t.
pub(super) const FACTORS: usize = 2;
