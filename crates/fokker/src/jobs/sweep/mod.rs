//! Training and auditing at every combination of some keys' values: all of them, or the better half again with more steps.

mod halving;
mod job;

pub use job::{Sweep, sweep};
