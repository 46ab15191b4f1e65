//! The CPU executor: host memory, `f32` or `f64`, no allocation while it runs (normalisations of images make short lists).
//!
//! The batch is cut into chunks of some tens of rows, or of one image or a few. A worker takes its chunk forward and back through the
//! whole network, in its own cache, with single-threaded matrix products and its own sums of gradients; workers wait for each other
//! only in the final sum.
//!
//! [`Plan`] is the compiled form of a graph and a jet set, shared by all workers; [`Workspace`] is one worker's
//! [`Tape`](crate::Tape); [`Parameters`] hold the weights as matrix products read them; [`Workers`] runs a job on every chunk of a
//! batch.

#[cfg(test)]
mod levels;
mod parameters;
mod plan;
mod pool;
mod workers;
mod workspace;

pub use parameters::Parameters;
pub use plan::Plan;
pub use workers::{ChunkRange, MOST_THREADS, Workers};
pub use workspace::Workspace;

pub use crate::routines::kernel_mean::kernel_mean;
pub use crate::routines::simd::instructions;
