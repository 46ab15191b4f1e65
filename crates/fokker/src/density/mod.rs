//! Densities that are known in closed form, at every time of a diffusion: the truths that tests, audits and benchmarks compare with.

pub mod mixture;
pub(crate) mod normal;
