//! The operations, one file each: the operation with its operands and parameters, how a [`Graph`](crate::Graph) gets it, its
//! rule for live parts, its passes on the CPU and its form on Burn tensors.
//!
//! A new operation is a file here and its line below. The file holds
//!
//! 1. a struct that names operands and parameters, and the method of [`Graph`](crate::Graph) that adds it, which fixes the
//!    result's shape and how the parameters are drawn;
//! 2. its [`Operation`](crate::operation::Operation): operands, parameters, live parts, [`compile`](crate::operation::Operation::compile),
//!    which turns it into a [`Program`](crate::pass::program::Program) by way of the shapes, live parts and lists of the
//!    [`Site`](crate::pass::site::Site), and (with the feature `burn`) `evaluate`, its form on [jets of tensors](crate::tensor::Jet);
//! 3. its [`Passes`](crate::pass::program::Passes): the parts of the result from those of the operands
//!    ([`Forward`](crate::pass::forward::Forward)), and the cotangents of operands and parameters from those of the result
//!    ([`Reverse`](crate::pass::reverse::Reverse)). Loops that ought to become vector code stand in `multiversion!`.
//!
//! Longer CPU routines may have a file of their own below [`routines`](crate::routines). The executors know no operation by name.

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

pub use resample::Resampling;
