//! The order of a model's graph's inputs.

/// The input that x is.
pub(super) const X: usize = 0;

/// The time features.
pub(super) const FEATURES: usize = 1;

/// The parameterisation's first factor.
pub(super) const FACTORS: usize = 2;
