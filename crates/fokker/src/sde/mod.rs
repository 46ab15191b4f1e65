//! Linear forward SDEs dx = a(t) x dt + g(t) dw, and everything about one of them at a time t.
//!
//! The marginal given x₀ is N(m(t) x₀, σ²(t) I). Nothing else in the crate asks which SDE it is: the rest reads [`Coefficients`] only. The
//! kinds that a config can name are built in ([`Vp`], [`SubVp`], [`Ve`]; a new one is a struct and a variant in `kinds.rs`);
//! any other is the caller's own, by a trait ([`LinearSde`]) or by its functions a and g² ([`Sde::from_functions`], [`FunctionSde`]).
//!
//! Source: Song et al. 2021, arXiv 2011.13456, section 3.4 and appendices B and C.

mod chebyshev;
mod error;
mod functions;
mod kinds;
mod linear;
mod transition;
mod value;

pub use error::SdeError;
pub use functions::FunctionSde;
pub use kinds::*;
pub(crate) use linear::LN_2PI;
pub use linear::{Coefficients, LinearSde, T_MAX};
pub use transition::Transition;

#[cfg(test)]
mod tests;
