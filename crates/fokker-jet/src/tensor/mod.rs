//! Tensor.
