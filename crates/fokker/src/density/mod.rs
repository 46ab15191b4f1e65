//! Densities that are known: the truths that tests, audits and benchmarks compare with, and simple ones that are fitted. Gaussian mixtures at every time of a diffusion, in
//! closed form; potentials at t = 0, by quadrature.

pub mod fitted;
pub mod mixture;
pub(crate) mod normal;
pub mod potential;
