//! The main job: train every arm of a study for every seed, audit the models at the same points, and compare them.

mod config;
mod job;
mod seed;

pub(super) use config::config;
pub use job::{Compare, compare};
pub use seed::{ComparedModel, ComparedSeed};
