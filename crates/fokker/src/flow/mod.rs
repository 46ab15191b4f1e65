//! The two processes that lead from the prior back to the data by a score s, each written once.
//!
//! | | |
//! | --- | --- |
//! | [`ode_drift`], [`ode_divergence`] | the probability-flow ODE dx/dt = a x − ½ g² s, and div (dx/dt) = a D − ½ g² div s |
//! | [`reverse_drift`] | the drift of the reverse SDE dx = (a x − g² s) dt + g dw̄ |
//!
//! Both have the marginals of the forward SDE dx = a x dt + g dw if s is its score (Song et al. 2021, arXiv 2011.13456, eq. 6 and 13).
//! Likelihood and samplers rest on these.

mod density;
mod drift;
mod forms;
mod points;
mod run;

pub(crate) use density::{Fill, Trace};
pub use drift::{ode_divergence, ode_drift, ode_score, reverse_drift};
pub(crate) use forms::{Forms, TOGETHER};
pub(crate) use run::Run;
