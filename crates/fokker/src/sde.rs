//! Linear forward SDEs dx = a(t) x dt + g(t) dw, and everything about one of them at a time t.
//!
//! The marginal given x₀ is N(m(t) x₀, σ²(t) I). Nothing else in the crate asks which SDE it is:
//! the rest reads [`Coefficients`] only, so a new schedule is one new variant of [`Sde`].
//! Source: Song et al. 2021, arXiv 2011.13456, section 3.4 and appendices B and C.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The end of the forward process, T = 1 (dimensionless), for every SDE.
///
/// Song et al. 2021, arXiv 2011.13456, appendix C, take t ∈ \[0, 1\].
///
/// ```
/// assert_eq!(fokker::sde::T_MAX, 1.0);
/// ```
pub const T_MAX: f64 = 1.0;

/// ln 2π, the constant of every Gaussian log-density.
pub(crate) const LN_2PI: f64 = 1.837_877_066_409_345_5;

/// A forward SDE with linear drift, dx = a(t) x dt + g(t) dw on t ∈ \[0, [`T_MAX`]\].
///
/// In TOML it is a table with `kind` = `vp`, `sub-vp` or `ve`; every other key may be left out.
/// An unknown key is an error. Reading does not check ranges: call [`Sde::validate`].
///
/// ```
/// use fokker::sde::Sde;
/// let sde: Sde = toml::from_str("kind = \"vp\"\nbeta_max = 10.0")?;
/// assert_eq!(sde, Sde::Vp { beta_min: 0.1, beta_max: 10.0, t_min: 1e-3 });
/// assert!(toml::from_str::<Sde>("kind = \"vp\"\nsigma_max = 50.0").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sde {
    /// Variance preserving: a = −β/2, g² = β, m = exp(−½∫β), σ² = 1 − m², with
    /// β = β₀ + t(β₁ − β₀) (arXiv 2011.13456, equations 11, 29 and 32).
    Vp {
        /// β₀, the rate at t = 0.
        #[serde(default = "beta_min")]
        beta_min: f64,
        /// β₁, the rate at t = 1.
        #[serde(default = "beta_max")]
        beta_max: f64,
        /// The least time at which the score is trained and used.
        #[serde(default = "t_min")]
        t_min: f64,
    },
    /// Sub-variance-preserving: a and m as in [`Sde::Vp`], g² = β(1 − m⁴), σ = 1 − m²
    /// (arXiv 2011.13456, equations 12 and 29).
    SubVp {
        /// β₀, the rate at t = 0.
        #[serde(default = "beta_min")]
        beta_min: f64,
        /// β₁, the rate at t = 1.
        #[serde(default = "beta_max")]
        beta_max: f64,
        /// The least time at which the score is trained and used.
        #[serde(default = "t_min")]
        t_min: f64,
    },
    /// Variance exploding: a = 0, m = 1, σ = σmin (σmax/σmin)^t, g² = dσ²/dt
    /// (arXiv 2011.13456, equations 9 and 30).
    ///
    /// σ(0) = σmin, not 0: the marginal is that of data already blurred by σmin, as in the
    /// project's table, where the paper's appendix C writes σ(0) = 0 with a jump.
    Ve {
        /// σ at t = 0, in the data's unit.
        #[serde(default = "sigma_min")]
        sigma_min: f64,
        /// σ at t = 1, in the data's unit.
        #[serde(default = "sigma_max")]
        sigma_max: f64,
        /// The least time at which the score is trained and used.
        #[serde(default = "t_min")]
        t_min: f64,
    },
}

fn beta_min() -> f64 {
    0.1
}
fn beta_max() -> f64 {
    20.0
}
fn sigma_min() -> f64 {
    0.01
}
fn sigma_max() -> f64 {
    50.0
}
fn t_min() -> f64 {
    1e-3
}

/// Everything about an SDE at one time, with exact derivatives in t.
///
/// They obey dm = a m and 2 σ dσ = 2 a σ² + g² (the moment equations of a linear SDE,
/// Särkkä and Solin 2019, equations 5.50 and 5.51).
///
/// ```
/// let c = fokker::sde::Sde::vp().at(0.3);
/// assert!((c.dm - c.a * c.m).abs() < 1e-12);
/// assert!((2.0 * c.sigma * c.dsigma - 2.0 * c.a * c.sigma.powi(2) - c.g2).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Time t (dimensionless).
    pub t: f64,
    /// Drift coefficient a(t): f(x, t) = a x.
    pub a: f64,
    /// Squared diffusion coefficient g²(t).
    pub g2: f64,
    /// Mean coefficient m(t): E\[x_t | x₀\] = m x₀.
    pub m: f64,
    /// Standard deviation σ(t) of x_t given x₀, in the data's unit.
    pub sigma: f64,
    /// da/dt.
    pub da: f64,
    /// dg²/dt.
    pub dg2: f64,
    /// dm/dt.
    pub dm: f64,
    /// dσ/dt.
    pub dsigma: f64,
}

/// Why an [`Sde`]'s parameters cannot be used. Every variant names the key, its value and the reason.
///
/// ```
/// use fokker::sde::{Sde, SdeError};
/// let sde = Sde::Vp { beta_min: 0.0, beta_max: 20.0, t_min: 1e-3 };
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
}

impl Sde {
    /// The VP SDE with (β₀, β₁) = (0.1, 20) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::vp().prior_std(), 1.0);
    /// ```
    #[must_use]
    pub fn vp() -> Self {
        Self::Vp { beta_min: beta_min(), beta_max: beta_max(), t_min: t_min() }
    }

    /// The sub-VP SDE with (β₀, β₁) = (0.1, 20) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// use fokker::sde::Sde;
    /// assert!(Sde::sub_vp().at(0.5).sigma < Sde::vp().at(0.5).sigma);
    /// ```
    #[must_use]
    pub fn sub_vp() -> Self {
        Self::SubVp { beta_min: beta_min(), beta_max: beta_max(), t_min: t_min() }
    }

    /// The VE SDE with (σmin, σmax) = (0.01, 50) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::ve().prior_std(), 50.0);
    /// ```
    #[must_use]
    pub fn ve() -> Self {
        Self::Ve { sigma_min: sigma_min(), sigma_max: sigma_max(), t_min: t_min() }
    }

    /// The coefficients at time `t` > 0 (equations at the variants of [`Sde`]).
    ///
    /// Accurate to rounding as t → 0, where 1 − m² would cancel. At t = 0 itself VP has σ = 0 and
    /// an infinite dσ/dt.
    ///
    /// ```
    /// let c = fokker::sde::Sde::vp().at(1e-9);
    /// assert!((c.sigma / 1e-10_f64.sqrt() - 1.0).abs() < 1e-6); // σ² ≈ β₀ t
    /// ```
    #[must_use]
    pub fn at(&self, t: f64) -> Coefficients {
        match *self {
            Self::Vp { beta_min, beta_max, .. } => {
                let (a, da, beta, log_m) = linear_beta(beta_min, beta_max, t);
                let m = log_m.exp();
                let sigma = (-(2.0 * log_m).exp_m1()).sqrt();
                // dσ²/dt = 2aσ² + g² = β m², free of cancellation in this form.
                let dsigma = beta * m * m / (2.0 * sigma);
                let dg2 = beta_max - beta_min;
                Coefficients { t, a, g2: beta, m, sigma, da, dg2, dm: a * m, dsigma }
            }
            Self::SubVp { beta_min, beta_max, .. } => {
                let (a, da, beta, log_m) = linear_beta(beta_min, beta_max, t);
                let m = log_m.exp();
                let m2 = m * m;
                let one_minus_m4 = -(4.0 * log_m).exp_m1();
                Coefficients {
                    t,
                    a,
                    g2: beta * one_minus_m4,
                    m,
                    sigma: -(2.0 * log_m).exp_m1(),
                    da,
                    dg2: (beta_max - beta_min) * one_minus_m4 + 2.0 * beta * beta * m2 * m2,
                    dm: a * m,
                    dsigma: beta * m2,
                }
            }
            Self::Ve { sigma_min, sigma_max, .. } => {
                let rate = (sigma_max / sigma_min).ln();
                let sigma = sigma_min * (rate * t).exp();
                let g2 = 2.0 * rate * sigma * sigma;
                let (dg2, dsigma) = (2.0 * rate * g2, rate * sigma);
                Coefficients { t, a: 0.0, g2, m: 1.0, sigma, da: 0.0, dg2, dm: 0.0, dsigma }
            }
        }
    }

    /// The least time (dimensionless) at which the score is trained and used.
    ///
    /// It plays ε of arXiv 2011.13456, appendix C, but is one number for training, likelihood and
    /// sampling alike.
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::vp().t_min(), 1e-3);
    /// ```
    #[must_use]
    pub fn t_min(&self) -> f64 {
        match *self {
            Self::Vp { t_min, .. } | Self::SubVp { t_min, .. } | Self::Ve { t_min, .. } => t_min,
        }
    }

    /// The standard deviation of the prior N(0, std² I) at t = T, in the data's unit:
    /// 1 for VP and sub-VP, σmax for VE (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::sub_vp().prior_std(), 1.0);
    /// ```
    #[must_use]
    pub fn prior_std(&self) -> f64 {
        match *self {
            Self::Vp { .. } | Self::SubVp { .. } => 1.0,
            Self::Ve { sigma_max, .. } => sigma_max,
        }
    }

    /// Log-density in nats of the prior N(0, std² I) at one point `x` of any length D:
    /// −½ D ln(2π std²) − ‖x‖²/(2 std²).
    ///
    /// ```
    /// let log_p = fokker::sde::Sde::vp().log_prior(&[0.0, 0.0]);
    /// assert!((log_p + (2.0 * std::f64::consts::PI).ln()).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn log_prior(&self, x: &[f64]) -> f64 {
        let std = self.prior_std();
        x.iter().map(|xi| -0.5 * ((xi / std).powi(2) + LN_2PI) - std.ln()).sum()
    }

    /// Checks that the parameters describe a usable SDE: all finite, 0 < β₀ ≤ β₁,
    /// 0 < σmin < σmax, 0 < t_min < 1.
    ///
    /// # Errors
    /// [`SdeError`], naming the first key at fault.
    ///
    /// ```
    /// use fokker::sde::Sde;
    /// assert!(Sde::ve().validate().is_ok());
    /// assert!(Sde::Ve { sigma_min: 1.0, sigma_max: 0.5, t_min: 1e-3 }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), SdeError> {
        let (lower, upper, ordered, reason) = match *self {
            Self::Vp { beta_min, beta_max, .. } | Self::SubVp { beta_min, beta_max, .. } => {
                (("beta_min", beta_min), ("beta_max", beta_max), beta_max >= beta_min, "must be at least beta_min")
            }
            Self::Ve { sigma_min, sigma_max, .. } => (
                ("sigma_min", sigma_min),
                ("sigma_max", sigma_max),
                sigma_max > sigma_min,
                "must be greater than sigma_min",
            ),
        };
        let t_min = self.t_min();
        for (key, value) in [lower, upper, ("t_min", t_min)] {
            if !value.is_finite() {
                return Err(SdeError::NonFinite { key, value, reason: "must be finite" });
            }
        }
        if lower.1 <= 0.0 {
            let reason = "must be greater than 0";
            return Err(SdeError::OutOfRange { key: lower.0, value: lower.1, reason });
        }
        if !ordered {
            return Err(SdeError::OutOfOrder { key: upper.0, value: upper.1, reason });
        }
        if t_min <= 0.0 || t_min >= T_MAX {
            let reason = "must lie strictly between 0 and 1";
            return Err(SdeError::OutOfRange { key: "t_min", value: t_min, reason });
        }
        if self.at(t_min).sigma >= self.at(T_MAX).sigma {
            let reason = "too large: the noise has reached its end before t_min";
            return Err(SdeError::OutOfRange { key: "t_min", value: t_min, reason });
        }
        Ok(())
    }
}

/// (a, da/dt, β, ln m) of the linear schedule that VP and sub-VP share.
fn linear_beta(beta_min: f64, beta_max: f64, t: f64) -> (f64, f64, f64, f64) {
    let slope = beta_max - beta_min;
    let beta = beta_min + t * slope;
    let log_m = -t * (0.25 * t * slope + 0.5 * beta_min);
    (-0.5 * beta, -0.5 * slope, beta, log_m)
}

#[cfg(test)]
mod tests;
