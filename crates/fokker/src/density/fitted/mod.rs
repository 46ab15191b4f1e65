//! Simple densities fitted to rows: what a model must be better than to be of use.
//!
//! All take rows in any units, row after row, and give log-densities in the same.

mod gaussians;
mod kernels;

pub use gaussians::Gaussians;
pub use kernels::Kernels;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
