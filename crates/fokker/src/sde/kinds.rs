//! The SDE that everybody holds, and the kinds that are built in: all that says which kinds there are is in this file.
//!
//! A new kind is a struct with its keys, its [`LinearSde`], a variant of [`Sde`] and a line of `Sde::linear`, all here.
//! Source of the kinds: Song et al. 2021, arXiv 2011.13456, section 3.4 and appendices B and C.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::error::SdeError;
use super::linear::{Coefficients, LinearSde, check_t_min};

/// A forward SDE with linear drift, dx = a(t) x dt + g(t) dw on t ∈ \[0, 1\].
///
/// In TOML it is a table with `kind` = `vp`, `sub-vp` or `ve`; every other key may be left out.
/// An unknown key is an error. Reading does not check ranges: call [`Sde::validate`].
///
/// ```
/// use fokker::sde::{Sde, Vp};
/// let sde: Sde = toml::from_str("kind = \"vp\"\nbeta_max = 10.0")?;
/// assert_eq!(sde, Sde::Vp(Vp { beta_min: 0.1, beta_max: 10.0, t_min: 1e-3 }));
/// assert!(toml::from_str::<Sde>("kind = \"vp\"\nsigma_max = 50.0").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Sde {
    /// Variance preserving.
    Vp(Vp),
    /// Sub-variance-preserving.
    SubVp(SubVp),
    /// Variance exploding.
    Ve(Ve),
    /// One of the caller's own ([`Sde::own`], [`Sde::from_functions`]); no file can hold it.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Own(Own),
}

impl Sde {
    /// Its coefficients, whichever kind it is.
    pub(super) fn linear(&self) -> &dyn LinearSde {
        match self {
            Self::Vp(kind) => kind,
            Self::SubVp(kind) => kind,
            Self::Ve(kind) => kind,
            Self::Own(own) => &*own.0,
        }
    }
}

/// The VP SDE: a = −β/2, g² = β, m = exp(−½∫β), σ² = 1 − m², with β = β₀ + t(β₁ − β₀) (arXiv 2011.13456, equations 11, 29 and 32).
///
/// ```
/// use fokker::sde::{Sde, Vp};
/// assert_eq!(Sde::from(Vp::default()), Sde::vp());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Vp {
    /// β₀, the rate at t = 0.
    pub beta_min: f64,
    /// β₁, the rate at t = 1.
    pub beta_max: f64,
    /// The least time at which the score is trained and used.
    pub t_min: f64,
}

impl Default for Vp {
    /// (β₀, β₁) = (0.1, 20), t_min = 1e-3 (arXiv 2011.13456, appendix C).
    fn default() -> Self {
        Self { beta_min: 0.1, beta_max: 20.0, t_min: 1e-3 }
    }
}

impl From<Vp> for Sde {
    fn from(kind: Vp) -> Self {
        Self::Vp(kind)
    }
}

impl LinearSde for Vp {
    fn coefficients(&self, t: f64) -> Coefficients {
        let (a, da, beta, log_m) = linear_beta(self.beta_min, self.beta_max, t);
        let m = log_m.exp();
        let sigma = (-(2.0 * log_m).exp_m1()).sqrt();
        // dσ²/dt = 2aσ² + g² = β m², free of cancellation in this form.
        let dsigma = beta * m * m / (2.0 * sigma);
        let dg2 = self.beta_max - self.beta_min;
        Coefficients { t, a, g2: beta, m, sigma, da, dg2, dm: a * m, dsigma }
    }

    fn t_min(&self) -> f64 {
        self.t_min
    }

    fn prior_std(&self) -> f64 {
        1.0
    }

    fn validate(&self) -> Result<(), SdeError> {
        check_betas(self.beta_min, self.beta_max, self.t_min)?;
        check_t_min(self)
    }
}

/// The sub-VP SDE: a and m as in [`Vp`], g² = β(1 − m⁴), σ = 1 − m² (arXiv 2011.13456, equations 12 and 29).
///
/// ```
/// use fokker::sde::{Sde, SubVp};
/// assert_eq!(Sde::from(SubVp::default()), Sde::sub_vp());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubVp {
    /// β₀, the rate at t = 0.
    pub beta_min: f64,
    /// β₁, the rate at t = 1.
    pub beta_max: f64,
    /// The least time at which the score is trained and used.
    pub t_min: f64,
}

impl Default for SubVp {
    /// As [`Vp`]'s.
    fn default() -> Self {
        let Vp { beta_min, beta_max, t_min } = Vp::default();
        Self { beta_min, beta_max, t_min }
    }
}

impl From<SubVp> for Sde {
    fn from(kind: SubVp) -> Self {
        Self::SubVp(kind)
    }
}

impl LinearSde for SubVp {
    fn coefficients(&self, t: f64) -> Coefficients {
        let (a, da, beta, log_m) = linear_beta(self.beta_min, self.beta_max, t);
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
            dg2: (self.beta_max - self.beta_min) * one_minus_m4 + 2.0 * beta * beta * m2 * m2,
            dm: a * m,
            dsigma: beta * m2,
        }
    }

    fn t_min(&self) -> f64 {
        self.t_min
    }

    fn prior_std(&self) -> f64 {
        1.0
    }

    fn validate(&self) -> Result<(), SdeError> {
        check_betas(self.beta_min, self.beta_max, self.t_min)?;
        check_t_min(self)
    }
}

/// The VE SDE: a = 0, m = 1, σ = σmin (σmax/σmin)^t, g² = dσ²/dt (arXiv 2011.13456, equations 9 and 30).
///
/// σ(0) = σmin, not 0: the marginal is that of data already blurred by σmin, as in the
/// project's table, where the paper's appendix C writes σ(0) = 0 with a jump.
///
/// ```
/// use fokker::sde::{Sde, Ve};
/// assert_eq!(Sde::from(Ve::default()), Sde::ve());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ve {
    /// σ at t = 0, in the data's unit.
    pub sigma_min: f64,
    /// σ at t = 1, in the data's unit.
    pub sigma_max: f64,
    /// The least time at which the score is trained and used.
    pub t_min: f64,
}

impl Default for Ve {
    /// (σmin, σmax) = (0.01, 50), t_min = 1e-3 (arXiv 2011.13456, appendix C).
    fn default() -> Self {
        Self { sigma_min: 0.01, sigma_max: 50.0, t_min: 1e-3 }
    }
}

impl From<Ve> for Sde {
    fn from(kind: Ve) -> Self {
        Self::Ve(kind)
    }
}

impl LinearSde for Ve {
    fn coefficients(&self, t: f64) -> Coefficients {
        let rate = (self.sigma_max / self.sigma_min).ln();
        let sigma = self.sigma_min * (rate * t).exp();
        let g2 = 2.0 * rate * sigma * sigma;
        let (dg2, dsigma) = (2.0 * rate * g2, rate * sigma);
        Coefficients { t, a: 0.0, g2, m: 1.0, sigma, da: 0.0, dg2, dm: 0.0, dsigma }
    }

    fn t_min(&self) -> f64 {
        self.t_min
    }

    fn prior_std(&self) -> f64 {
        self.sigma_max
    }

    fn validate(&self) -> Result<(), SdeError> {
        let Self { sigma_min, sigma_max, t_min } = *self;
        check_finite(&[("sigma_min", sigma_min), ("sigma_max", sigma_max), ("t_min", t_min)])?;
        check_positive("sigma_min", sigma_min)?;
        if sigma_max <= sigma_min {
            let reason = "must be greater than sigma_min";
            return Err(SdeError::OutOfOrder { key: "sigma_max", value: sigma_max, reason });
        }
        check_t_min(self)
    }
}

/// (a, da/dt, β, ln m) of the linear schedule that VP and sub-VP share.
fn linear_beta(beta_min: f64, beta_max: f64, t: f64) -> (f64, f64, f64, f64) {
    let slope = beta_max - beta_min;
    let beta = beta_min + t * slope;
    let log_m = -t * (0.25 * t * slope + 0.5 * beta_min);
    (-0.5 * beta, -0.5 * slope, beta, log_m)
}

fn check_betas(beta_min: f64, beta_max: f64, t_min: f64) -> Result<(), SdeError> {
    check_finite(&[("beta_min", beta_min), ("beta_max", beta_max), ("t_min", t_min)])?;
    check_positive("beta_min", beta_min)?;
    if beta_max < beta_min {
        let reason = "must be at least beta_min";
        return Err(SdeError::OutOfOrder { key: "beta_max", value: beta_max, reason });
    }
    Ok(())
}

fn check_finite(parameters: &[(&'static str, f64)]) -> Result<(), SdeError> {
    match parameters.iter().find(|(_, value)| !value.is_finite()) {
        Some(&(key, value)) => Err(SdeError::NonFinite { key, value, reason: "must be finite" }),
        None => Ok(()),
    }
}

fn check_positive(key: &'static str, value: f64) -> Result<(), SdeError> {
    if value > 0.0 { Ok(()) } else { Err(SdeError::OutOfRange { key, value, reason: "must be greater than 0" }) }
}

/// An SDE of the caller's own, behind a pointer: it equals itself and no other.
///
/// ```
/// use fokker::sde::Sde;
/// let (one, other) = (Sde::from_functions(|_| 0.0, |t| 2.0 * t)?, Sde::from_functions(|_| 0.0, |t| 2.0 * t)?);
/// assert!(one == one.clone() && one != other);
/// # Ok::<(), fokker::sde::SdeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Own(pub(super) Arc<dyn LinearSde>);

// It is asked for coefficients and has no state that a panic could spoil; so scores and models stay usable across `catch_unwind`.
impl std::panic::RefUnwindSafe for Own {}
impl std::panic::UnwindSafe for Own {}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Serialize for Own {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(SdeError::NotBuiltIn))
    }
}

impl Sde {
    /// The VP SDE with (β₀, β₁) = (0.1, 20) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::vp().prior_std(), 1.0);
    /// ```
    #[must_use]
    pub fn vp() -> Self {
        Vp::default().into()
    }

    /// The sub-VP SDE with (β₀, β₁) = (0.1, 20) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// use fokker::sde::Sde;
    /// assert!(Sde::sub_vp().at(0.5).sigma < Sde::vp().at(0.5).sigma);
    /// ```
    #[must_use]
    pub fn sub_vp() -> Self {
        SubVp::default().into()
    }

    /// The VE SDE with (σmin, σmax) = (0.01, 50) and t_min = 1e-3 (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::ve().prior_std(), 50.0);
    /// ```
    #[must_use]
    pub fn ve() -> Self {
        Ve::default().into()
    }
}
