//! The operations, one file each: the operation with its operands and parameters, how a [`Graph`](crate::Graph) gets it, its
//! rule for live parts, its passes on the CPU and its form on Burn tensors.
//! (How to add one is said at the crate's root.) The executors know no operation by name.

mod add;
mod concat;
mod conv;
mod dense;
mod group_norm;
mod map;
mod matmul;
mod mul;
mod resample;
mod softmax;
mod sum;

pub use resample::Resampling;
