//! Densities that are known: the truths that tests, audits and benchmarks compare with. Gaussian mixtures at every time of a diffusion, in
//! closed form; potentials at t = 0, by quadrature.

pub mod mixture;
pub(crate) mod normal;
pub mod potential;
