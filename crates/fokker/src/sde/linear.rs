//! What a linear SDE is: its coefficients at each time.

use std::fmt;

use super::error::SdeError;

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

/// A forward SDE dx = a(t) x dt + g(t) dw on t ∈ \[0, [`T_MAX`]\], by its coefficients.
///
/// The built-in kinds are such, and so is any type of the caller's own: [`Sde::own`](super::Sde::own) makes an SDE of it that
/// training, likelihood, samplers and audit take. Where only a and g² are at hand, [`FunctionSde`](super::FunctionSde) has the rest.
///
/// ```
/// use fokker::sde::{Coefficients, LinearSde, Sde};
/// /// σ(t) = t (Karras et al. 2022, arXiv 2206.00364): a = 0, m = 1, g² = 2t.
/// #[derive(Debug)]
/// struct Straight;
/// impl LinearSde for Straight {
///     fn coefficients(&self, t: f64) -> Coefficients {
///         Coefficients { t, a: 0.0, g2: 2.0 * t, m: 1.0, sigma: t, da: 0.0, dg2: 2.0, dm: 0.0, dsigma: 1.0 }
///     }
/// }
/// let sde = Sde::own(Straight)?;
/// assert_eq!((sde.at(0.25).sigma, sde.prior_std(), sde.t_min()), (0.25, 1.0, 1e-3));
/// # Ok::<(), fokker::sde::SdeError>(())
/// ```
pub trait LinearSde: fmt::Debug + Send + Sync {
    /// The coefficients at time `t` > 0.
    fn coefficients(&self, t: f64) -> Coefficients;

    /// The least time at which the score is trained and used, in (0, 1).
    fn t_min(&self) -> f64 {
        1e-3
    }

    /// The standard deviation of the prior N(0, std² I) at t = T, in the data's unit: σ(T) unless it is given.
    fn prior_std(&self) -> f64 {
        self.coefficients(T_MAX).sigma
    }

    /// Checks that the parameters describe a usable SDE.
    ///
    /// # Errors
    /// [`SdeError`], naming the first key at fault.
    fn validate(&self) -> Result<(), SdeError> {
        check_t_min(self)
    }
}

/// Refuses a t_min outside (0, 1), and one at which σ has already reached its end.
pub(super) fn check_t_min(sde: &(impl LinearSde + ?Sized)) -> Result<(), SdeError> {
    let (key, t_min) = ("t_min", sde.t_min());
    // Not a number counts as outside.
    if !(t_min > 0.0 && t_min < T_MAX) {
        return Err(SdeError::OutOfRange { key, value: t_min, reason: "must lie strictly between 0 and 1" });
    }
    if sde.coefficients(t_min).sigma >= sde.coefficients(T_MAX).sigma {
        let reason = "too large: the noise has reached its end before t_min";
        return Err(SdeError::OutOfRange { key, value: t_min, reason });
    }
    Ok(())
}

/// How far off the moment equations may be, relative to their terms.
const CONSISTENT: f64 = 1e-6;

/// Refuses coefficients that are no numbers, have the wrong sign or contradict each other, at some times from t_min to T.
pub(super) fn check_coefficients(sde: &dyn LinearSde) -> Result<(), SdeError> {
    let (t_min, steps) = (sde.t_min(), 32);
    for i in 0..=steps {
        let t = if i == steps { T_MAX } else { t_min * (T_MAX / t_min).powf(f64::from(i) / f64::from(steps)) };
        let c = sde.coefficients(t);
        let Coefficients { a, g2, m, sigma, da, dg2, dm, dsigma, .. } = c;
        let all = [
            ("a", a),
            ("g2", g2),
            ("m", m),
            ("sigma", sigma),
            ("da", da),
            ("dg2", dg2),
            ("dm", dm),
            ("dsigma", dsigma),
        ];
        if let Some((name, value)) = all.into_iter().find(|(_, value)| !value.is_finite()) {
            return Err(SdeError::Coefficient { name, value, t, reason: "must be finite" });
        }
        for (name, value, good, reason) in [
            ("g2", g2, g2 > 0.0, "must be greater than 0"),
            ("m", m, m >= 0.0, "must not be negative"),
            ("sigma", sigma, sigma > 0.0, "must be greater than 0"),
        ] {
            if !good {
                return Err(SdeError::Coefficient { name, value, t, reason });
            }
        }
        let of_m = (dm - a * m).abs() / (a * m).abs().max(f64::MIN_POSITIVE);
        let growth = 2.0 * a * sigma * sigma;
        let of_sigma = (2.0 * sigma * dsigma - growth - g2).abs() / (growth.abs() + g2);
        for (equation, error) in [("dm = a m", of_m), ("2 sigma dsigma = 2 a sigma^2 + g2", of_sigma)] {
            if error > CONSISTENT {
                return Err(SdeError::Inconsistent { equation, t, error });
            }
        }
    }
    let (key, value) = ("prior_std", sde.prior_std());
    if !(value > 0.0 && value.is_finite()) {
        return Err(SdeError::OutOfRange { key, value, reason: "must be greater than 0 and finite" });
    }
    Ok(())
}
