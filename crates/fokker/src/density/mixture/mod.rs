//! Gaussian mixtures under a linear SDE: log q_t, its score and all their derivatives in closed form.
//!
//! The truth that tests and audits compare with, so everything is f64 and nothing is approximated.
//! Each covariance C = Q diag(λ) Qᵀ is kept by its eigenvectors: the diffused covariance
//! m² C + σ² I shares Q and has eigenvalues m² λ + σ², so no time costs a factorisation.
//!
//! Notation, per component k: d the diffused eigenvalues, P = Q diag(1/d) Qᵀ, g = −P (x − m μ) its
//! score, r its responsibility; s = Σ r g is the mixture's score and c = g − s. Then
//! Dr\[u\] = r (c·u) and Dc\[u\] = −P u − J u give every formula below; Σ r c = 0 drops the J terms.

mod build;
mod component;
mod diffused;
mod error;

pub use build::Mixture;
pub use diffused::Diffused;
pub use error::MixtureError;

#[cfg(test)]
mod tests;
