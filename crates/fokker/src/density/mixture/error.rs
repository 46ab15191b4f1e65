//! Why a mixture cannot be built.

use thiserror::Error;

/// Why a [`Mixture`](super::Mixture) cannot be built.
///
/// ```
/// use fokker::density::mixture::{Mixture, MixtureError};
/// let singular = Mixture::new(&[1.0], &[vec![0.0, 0.0]], &[vec![1.0, 1.0, 1.0, 1.0]]);
/// assert!(matches!(singular, Err(MixtureError::NotPositiveDefinite { component: 0, .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MixtureError {
    /// No component, or dimension 0.
    #[error("a mixture needs at least one component and one dimension")]
    Empty,
    /// As many means and covariances as weights are needed.
    #[error("{found} {what} for {expected} weights")]
    Count {
        /// `means` or `covariances`.
        what: &'static str,
        /// How many weights there are.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A mean or a covariance has the wrong number of entries.
    #[error("{what} of component {component} has {found} entries, not {expected}")]
    Shape {
        /// `mean` or `covariance`.
        what: &'static str,
        /// The component's index.
        component: usize,
        /// D for a mean, D² for a covariance.
        expected: usize,
        /// How many entries were given.
        found: usize,
    },
    /// A weight is not a positive finite number, or the weights' sum overflows.
    #[error("weight of component {component} is {value}, not positive and finite")]
    Weight {
        /// The component's index.
        component: usize,
        /// Its weight.
        value: f64,
    },
    /// A standard deviation is not positive and finite, or its square is not.
    #[error("standard deviation is {value}, not positive and finite")]
    Std {
        /// The standard deviation given.
        value: f64,
    },
    /// A mean or a covariance has an entry that is NaN or infinite.
    #[error("{what} of component {component} is not finite")]
    NonFinite {
        /// `mean` or `covariance`.
        what: &'static str,
        /// The component's index.
        component: usize,
    },
    /// A covariance is not symmetric (to 1e-10 of its largest entry).
    #[error("covariance of component {component} is not symmetric at ({row}, {column})")]
    NotSymmetric {
        /// The component's index.
        component: usize,
        /// The row of the first offending entry.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A covariance has an eigenvalue that is not positive, beyond rounding.
    #[error("covariance of component {component} has eigenvalue {eigenvalue}, not positive")]
    NotPositiveDefinite {
        /// The component's index.
        component: usize,
        /// The least eigenvalue.
        eigenvalue: f64,
    },
}
