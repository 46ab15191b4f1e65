//! The CPU executor: host memory, `f32` or `f64`, no allocation while it runs (normalisations of images make short lists).
//!
//! The batch is cut into chunks of some tens of rows, or of one image or a few. A worker walks the whole network forward and back over its chunk, in its
//! own cache, with single-threaded matrix products and its own gradient accumulators; workers meet only in the final sum.
//!
//! [`Plan`] is the compiled form of a graph and a jet set, shared by all workers; [`Workspace`] is one worker's workspace;
//! [`Workers`] runs a job on every chunk of a batch.

mod conv;
pub(crate) mod dense;
mod forward;
mod map;
mod matmul;
pub(crate) mod matrix;
mod norm;
mod plan;
mod pool;
mod product;
mod resample;
mod reverse;
mod simd;
mod softmax;
#[cfg(test)]
mod testing;
mod vector;
mod workers;
mod workspace;

pub use plan::Plan;
pub(crate) use vector::Registers;
pub use workers::{ChunkRange, MOST_THREADS, Workers};
pub use workspace::Workspace;
