//! log p of the probability-flow ODE; beside it a lower bound of log p of the reverse SDE ([`bound()`]).
//!
//! The ODE dx/dt = a x − ½ g² s has the marginals of the SDE if s is its score (Song et al. 2021, arXiv 2011.13456, eq. 13). Along
//! it the log-density changes by −div (dx/dt) (Chen et al. 2018, arXiv 1806.07366, theorem 1), so that
//!
//! log p_{t_min}(x) = log prior(x_T) + ∫ div (dx/dt) dt from t_min to T, div (dx/dt) = a D − ½ g² div s (Song et al., eq. 39).
//!
//! Every row has its own adaptive step, and its own probes where div s is estimated: its value depends on nothing else in the
//! batch.

pub mod bound;
pub mod dequantise;
mod energy;
mod found;
pub(crate) mod log_mean_exp;
mod log_prob;
mod options;
mod request;

pub use bound::{Bound, BoundOptions, bound};
pub use dequantise::{Dequantise, Dequantised, Start, dequantised_bound, dequantised_energy, dequantised_log_prob};
pub(crate) use energy::DRAWS as LOG_Z_DRAWS;
pub use energy::{LogZ, log_density, log_z};
pub use found::LogProb;
pub use log_prob::{log_prob, log_prob_with_base};
pub use options::{DEFAULT_EXACT_DIM, LikelihoodOptions, bytes};

#[cfg(test)]
mod tests;
