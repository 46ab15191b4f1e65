//! Studies: arms trained and audited on the same data, seeds and points, and how their figures differ.
//!
//! An [`Arm`] is a way to train: a name, and what it changes in a config. The first arm is the reference, from which the others'
//! figures are told by pairs: of points for one seed, of seeds for several.

mod arm;
mod comparison;
mod seed;
mod timing;

pub use arm::Arm;
pub use comparison::{Comparison, FORMAT};
pub use seed::SeedFigures;
pub use timing::{timed, timings};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
