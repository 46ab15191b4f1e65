//! w(t).

use serde::{Deserialize, Serialize};

use crate::sde::Coefficients;

/// w(t) in R_vec and R_scalar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeWeight {
    /// 1.
    Constant,
    /// g, the paper's "convention".
    Convention,
    /// g², the paper's default.
    #[default]
    Likelihood,
    /// σ⁴: what makes the residual of a noise-predicting network of one size at all t.
    Sigma4,
    /// g²σ²: σ⁴ for t uniform in the logarithm of the signal-to-noise ratio, so that small t counts for more.
    #[serde(rename = "log-snr")]
    G2Sigma2,
}

impl TimeWeight {
    /// 1 at all t: what terms without a unit have unless they are told otherwise.
    pub(super) fn constant() -> Self {
        Self::Constant
    }

    /// w(t).
    ///
    /// ```
    /// use fokker::{objective::TimeWeight, sde::Sde};
    /// let c = Sde::vp().at(0.5);
    /// assert_eq!(TimeWeight::Sigma4.at(&c), c.sigma.powi(4));
    /// ```
    #[must_use]
    pub fn at(self, c: &Coefficients) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Convention => c.g2.sqrt(),
            Self::Likelihood => c.g2,
            Self::Sigma4 => c.sigma.powi(4),
            Self::G2Sigma2 => c.g2 * c.sigma * c.sigma,
        }
    }
}
