//! What counts as accurate, and when to give up.

use serde::{Deserialize, Serialize};

/// The error allowed to one step: a step's estimated errors eᵢ satisfy
/// √(mean (eᵢ / (absolute + relative · max(|yᵢ|, |yᵢ′|)))²) ≤ 1, with y and y′ the states before and after it
/// (Hairer, Nørsett & Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993, eq. II.4.10 and 4.11).
///
/// ```
/// use fokker::solve::Tolerance;
/// assert_eq!(toml::from_str::<Tolerance>("relative = 1e-6")?, Tolerance { absolute: 1e-5, relative: 1e-6 });
/// assert!(toml::from_str::<Tolerance>("rtol = 1e-6").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// In the unit of the state; default 1e-5.
    pub absolute: f64,
    /// As a fraction of the state; default 1e-5.
    pub relative: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::both(1e-5)
    }
}

impl Tolerance {
    /// The same number for both.
    ///
    /// ```
    /// use fokker::solve::Tolerance;
    /// assert_eq!(Tolerance::both(1e-5), Tolerance::default());
    /// ```
    #[must_use]
    pub fn both(tolerance: f64) -> Self {
        Self { absolute: tolerance, relative: tolerance }
    }

    /// Can it be met at all: `absolute` positive, `relative` not negative, both finite?
    ///
    /// ```
    /// use fokker::solve::Tolerance;
    /// assert!(Tolerance::default().is_usable());
    /// assert!(!Tolerance { absolute: 0.0, relative: 1e-5 }.is_usable());
    /// ```
    #[must_use]
    pub fn is_usable(self) -> bool {
        self.absolute > 0.0 && self.absolute.is_finite() && self.relative >= 0.0 && self.relative.is_finite()
    }

    /// The size of an error against this tolerance, 1 at its limit: the root mean square of the entries, each against its scale.
    pub(crate) fn norm(self, error: &[f64], before: &[f64], after: &[f64]) -> f64 {
        let square = |i: usize| (error[i] / self.scale(before[i].abs().max(after[i].abs()))).powi(2);
        rms(error.len(), square)
    }

    /// The error allowed to an entry of this size.
    pub(crate) fn scale(self, size: f64) -> f64 {
        self.absolute + self.relative * size
    }
}

/// √(mean of `square(i)`).
#[allow(clippy::cast_precision_loss)]
pub(crate) fn rms(dim: usize, square: impl Fn(usize) -> f64) -> f64 {
    ((0..dim).map(square).sum::<f64>() / dim as f64).sqrt()
}

/// When a trajectory is given up.
///
/// ```
/// assert_eq!(fokker::solve::Limits::default().steps, 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most steps that may be tried, rejected ones included; default 10,000.
    pub steps: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 10_000 }
    }
}
