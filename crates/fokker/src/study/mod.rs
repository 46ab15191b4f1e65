//! Studies: arms trained and audited on the same data, seeds and points, and how their figures differ.
//!
//! An [`Arm`] is a way to train: a name, and what it changes in a config. The first arm is the reference, from which the others'
//! figures are told by pairs: of points for one seed, of seeds for several.

mod arm;
mod axis;
mod comparison;
mod seed;
mod sweep;
mod timing;
mod verdict;

pub use arm::Arm;
pub use axis::{Axis, grid};
pub use comparison::{Comparison, FORMAT};
pub use seed::SeedFigures;
pub use sweep::{SweepFigures, SweepPoint, SweepRound};
pub use timing::{timed, timings};
pub use verdict::{Judgement, Verdict};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
