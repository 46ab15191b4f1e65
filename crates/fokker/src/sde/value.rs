//! What can be asked of any SDE. Nothing here knows which kinds there are.

use std::sync::Arc;

use super::error::SdeError;
use super::functions::FunctionSde;
use super::kinds::{Own, Sde};
use super::linear::{Coefficients, LN_2PI, LinearSde, check_coefficients};

impl Sde {
    /// An SDE of the caller's own. Everything takes it but files: a run's config and a model file name a built-in kind.
    ///
    /// # Errors
    /// What [`LinearSde::validate`] says; [`SdeError::Coefficient`] and [`SdeError::Inconsistent`] if its coefficients are not finite, have the
    /// wrong sign, or break dm = a m or 2 σ dσ = 2 a σ² + g² at some of 33 times from t_min to T.
    ///
    /// ```
    /// use fokker::sde::{Coefficients, LinearSde, Sde, SdeError};
    /// #[derive(Debug)]
    /// struct Wrong;
    /// impl LinearSde for Wrong {
    ///     // g² = 1 belongs to σ² = t.
    ///     fn coefficients(&self, t: f64) -> Coefficients {
    ///         Coefficients { t, a: 0.0, g2: 1.0, m: 1.0, sigma: t, da: 0.0, dg2: 0.0, dm: 0.0, dsigma: 1.0 }
    ///     }
    /// }
    /// assert!(matches!(Sde::own(Wrong), Err(SdeError::Inconsistent { .. })));
    /// ```
    pub fn own(sde: impl LinearSde + 'static) -> Result<Self, SdeError> {
        sde.validate()?;
        check_coefficients(&sde)?;
        Ok(Self::Own(Own(Arc::new(sde))))
    }

    /// An SDE of the caller's own from a(t) and g²(t) on (0, 1\]: σ(0) = 0, t_min = 1e-3, the prior N(0, σ²(T) I). See [`FunctionSde`] for
    /// other choices, and for how m, σ and the derivatives are had.
    ///
    /// # Errors
    /// As [`Sde::own`]; [`SdeError::Rough`] if one of the functions is not smooth.
    ///
    /// ```
    /// use fokker::sde::Sde;
    /// // VP with its rate from 0.1 to 20, by its functions alone.
    /// let beta = |t: f64| 0.1 + 19.9 * t;
    /// let sde = Sde::from_functions(move |t| -0.5 * beta(t), beta)?;
    /// let (own, built_in) = (sde.at(0.3), Sde::vp().at(0.3));
    /// assert!((own.sigma / built_in.sigma - 1.0).abs() < 1e-12 && (own.m / built_in.m - 1.0).abs() < 1e-12);
    /// # Ok::<(), fokker::sde::SdeError>(())
    /// ```
    pub fn from_functions(
        a: impl Fn(f64) -> f64 + Send + Sync + 'static, g2: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, SdeError> {
        Self::own(FunctionSde::new(a, g2))
    }

    /// Is it one of the built-in kinds, which files can hold?
    ///
    /// # Errors
    /// [`SdeError::NotBuiltIn`].
    ///
    /// ```
    /// use fokker::sde::{Sde, SdeError};
    /// assert!(Sde::vp().require_built_in().is_ok());
    /// let own = Sde::from_functions(|_| 0.0, |t| 2.0 * t)?;
    /// assert_eq!(own.require_built_in(), Err(SdeError::NotBuiltIn));
    /// assert!(toml::to_string(&own).is_err());
    /// # Ok::<(), SdeError>(())
    /// ```
    pub fn require_built_in(&self) -> Result<(), SdeError> {
        if matches!(self, Self::Own(_)) { Err(SdeError::NotBuiltIn) } else { Ok(()) }
    }

    /// The coefficients at time `t` > 0 (equations at the kinds: [`Vp`](super::Vp), [`SubVp`](super::SubVp), [`Ve`](super::Ve)).
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
        self.linear().coefficients(t)
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
        self.linear().t_min()
    }

    /// The standard deviation of the prior N(0, std² I) at t = T, in the data's unit:
    /// 1 for VP and sub-VP, σmax for VE (arXiv 2011.13456, appendix C).
    ///
    /// ```
    /// assert_eq!(fokker::sde::Sde::sub_vp().prior_std(), 1.0);
    /// ```
    #[must_use]
    pub fn prior_std(&self) -> f64 {
        self.linear().prior_std()
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
    /// use fokker::sde::{Sde, Ve};
    /// assert!(Sde::ve().validate().is_ok());
    /// assert!(Sde::Ve(Ve { sigma_min: 1.0, sigma_max: 0.5, t_min: 1e-3 }).validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), SdeError> {
        self.linear().validate()
    }
}
