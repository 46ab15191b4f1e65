//! CPU routines on slices of numbers: they know parts by their stored places, and neither networks nor threads.

pub(crate) mod conv;
pub(crate) mod dense;
pub(crate) mod kernel_mean;
pub(crate) mod map;
pub(crate) mod matmul;
pub(crate) mod matrix;
pub(crate) mod norm;
pub(crate) mod packed;
pub(crate) mod parts;
pub(crate) mod simd;
pub(crate) mod softmax;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod vector;
