//! Row operations: what the equations of residual and objective are written in, once, for whatever holds the rows.
//!
//! An equation is written for one row: inner products of its vectors, linear combinations of them, and a little arithmetic on single
//! numbers. On the host ([`Host`]) it runs row by row over slices, and takes no memory; on a device it runs once, over all rows
//! at a time, and its arrays stay there.

mod algebra;
mod host;
#[cfg(feature = "burn")]
mod tensor;

pub(crate) use algebra::{Rows, Scalar};
pub(crate) use host::{Host, dot};
#[cfg(feature = "burn")]
pub(crate) use tensor::{Tensors, download, upload};
