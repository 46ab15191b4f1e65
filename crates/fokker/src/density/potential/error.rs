//! What can be wrong with a potential, or with a trajectory in it.

use thiserror::Error;

/// Why a [`Potential`](super::Potential) cannot be had, integrated or simulated.
///
/// ```
/// use fokker::density::potential::{Potential, PotentialError, PotentialName};
/// let error = Potential::new(PotentialName::MuellerBrown, Some(3), None).unwrap_err();
/// assert_eq!(error.to_string(), "dim = 3: must be 2, the potential's dimension");
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PotentialError {
    /// A parameter has a value outside its range.
    #[error("{key} = {value}: {reason}")]
    Parameter {
        /// The parameter, called as the key of a configuration is.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What the value must be.
        reason: String,
    },
    /// A trajectory left every bound: the time step is too long for the potential's curvature.
    #[error("dt = {dt}: the trajectory is lost within {steps} steps: a shorter time step is needed")]
    Lost {
        /// The time step.
        dt: f64,
        /// Steps done when it was noticed.
        steps: u64,
    },
    /// The finest grid does not resolve e^{−U/kT}.
    #[error("kt = {kt}: quadrature with {cells} cells a side does not converge: a higher temperature is needed")]
    Unresolved {
        /// kT.
        kt: f64,
        /// Cells along each axis of the finest grid.
        cells: usize,
    },
}

/// Refuses a parameter outside [least, most], NaN included.
pub(super) fn number(key: &'static str, value: f64, least: f64, most: f64) -> Result<(), PotentialError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(PotentialError::Parameter { key, value, reason: format!("must be between {least} and {most}") })
}
