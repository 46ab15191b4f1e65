//! The two executors against each other (same graph, same jets, same numbers), and against differences.
#![allow(clippy::unwrap_used, missing_docs)]

mod differences;
mod harness;
mod images;
mod vectors;
