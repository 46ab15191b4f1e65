//! Means with standard errors.

use serde::{Deserialize, Deserializer, Serialize};

/// A mean and its standard error. In JSON what is not known is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanSe {
    /// The mean.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean: f64,
    /// Its standard error, √(s²/n) with the sample variance s²; NaN for fewer than two values, which say nothing of their spread.
    #[serde(deserialize_with = "nan_if_null")]
    pub se: f64,
}

/// JSON has no NaN: it is written as `null`, and read back from it.
pub(crate) fn nan_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}

impl MeanSe {
    /// Mean and standard error of independent values.
    ///
    /// ```
    /// let m = fokker::stats::MeanSe::of(&[1.0, 2.0, 3.0]);
    /// assert_eq!(m.mean, 2.0);
    /// assert!((m.se - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    /// assert!(fokker::stats::MeanSe::of(&[1.0]).se.is_nan());
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if values.len() < 2 {
            return Self { mean, se: f64::NAN };
        }
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self { mean, se: (variance / n).sqrt() }
    }

    /// The same of those values that are finite; NaN if none is.
    ///
    /// ```
    /// assert_eq!(fokker::stats::MeanSe::of_finite(&[1.0, f64::NAN, 3.0]).mean, 2.0);
    /// ```
    #[must_use]
    pub fn of_finite(values: &[f64]) -> Self {
        Self::of(&values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>())
    }
}

/// A mean and its standard error at a time t.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtTime {
    /// t.
    pub t: f64,
    /// The mean.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean: f64,
    /// Its standard error.
    #[serde(deserialize_with = "nan_if_null")]
    pub se: f64,
}

impl AtTime {
    /// Puts a mean at a time.
    #[must_use]
    pub fn new(t: f64, value: MeanSe) -> Self {
        Self { t, mean: value.mean, se: value.se }
    }
}

/// Geometric mean over t of `numerator / denominator`, the comparison that no single t rules.
///
/// ```
/// use fokker::stats::{AtTime, geometric_ratio};
/// let at = |t, mean| AtTime { t, mean, se: 0.0 };
/// let ratio = geometric_ratio(&[at(0.1, 1.0), at(1.0, 8.0)], &[at(0.1, 2.0), at(1.0, 4.0)]);
/// assert!((ratio - 1.0).abs() < 1e-15);
/// ```
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn geometric_ratio(numerator: &[AtTime], denominator: &[AtTime]) -> f64 {
    let logs: f64 = numerator.iter().zip(denominator).map(|(a, b)| (a.mean / b.mean).ln()).sum();
    (logs / numerator.len() as f64).exp()
}
