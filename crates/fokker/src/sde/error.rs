//! Why an SDE cannot be used.

use thiserror::Error;

/// Why an [`Sde`](super::Sde) cannot be used. Every variant that is about a parameter names the key, its value and the reason.
///
/// ```
/// use fokker::sde::{Sde, SdeError, Vp};
/// let sde = Sde::Vp(Vp { beta_min: 0.0, ..Vp::default() });
/// let error = sde.validate().unwrap_err();
/// assert!(matches!(error, SdeError::OutOfRange { key: "beta_min", .. }));
/// assert_eq!(error.to_string(), "beta_min = 0: must be greater than 0");
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SdeError {
    /// A parameter is NaN or infinite.
    #[error("{key} = {value}: {reason}")]
    NonFinite {
        /// The parameter's name in TOML.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        reason: &'static str,
    },
    /// A parameter lies outside its own range: β₀ or σmin ≤ 0, or t_min not in (0, 1).
    #[error("{key} = {value}: {reason}")]
    OutOfRange {
        /// The parameter's name in TOML.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        reason: &'static str,
    },
    /// An upper parameter lies below its lower partner: β₁ < β₀ or σmax ≤ σmin.
    #[error("{key} = {value}: {reason}")]
    OutOfOrder {
        /// The upper parameter's name in TOML.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        reason: &'static str,
    },
    /// A coefficient of an SDE of the caller's own is no number that it can be.
    #[error("{name} = {value} at t = {t}: {reason}")]
    Coefficient {
        /// The coefficient, as [`Coefficients`](super::Coefficients) calls it.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The time.
        t: f64,
        /// What it must be.
        reason: &'static str,
    },
    /// The coefficients of an SDE of the caller's own contradict each other.
    #[error("{equation} does not hold at t = {t}: off by {error:e} of its terms")]
    Inconsistent {
        /// The equation.
        equation: &'static str,
        /// The time.
        t: f64,
        /// How far off it is, relative to its terms.
        error: f64,
    },
    /// A function of the caller's own varies too fast, or jumps, near a time, so that its integral cannot be had.
    #[error("{name} is not smooth near t = {t}: give m, sigma, da and dg2 in closed form")]
    Rough {
        /// The function.
        name: &'static str,
        /// The time.
        t: f64,
    },
    /// An SDE of the caller's own has no name and no keys, so that no config and no model file can hold it.
    #[error("an SDE of one's own cannot be written to a config or a model file")]
    NotBuiltIn,
}
