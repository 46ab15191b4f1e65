//! NumPy's `.npy` format: arrays of numbers in, double precision out, and the other way round.

pub(super) mod array;
pub(super) mod dtype;
pub(super) mod header;
pub(super) mod write;
