//! The drifts, one coordinate at a time.

use crate::sde::Coefficients;

/// dx/dt = a x − ½ g² s of the probability-flow ODE (Song et al. 2021, arXiv 2011.13456, eq. 13), at one coordinate x of a point and s
/// of its score.
///
/// ```
/// use fokker::{flow::ode_drift, sde::Sde};
/// // N(0, 1) stands still under VP, whose score there is −x.
/// assert_eq!(ode_drift(&Sde::vp().at(0.4), 0.3, -0.3), 0.0);
/// assert!(ode_drift(&Sde::vp().at(0.4), 0.3, 0.0) < 0.0);
/// ```
#[must_use]
#[inline]
pub fn ode_drift(c: &Coefficients, x: f64, s: f64) -> f64 {
    c.a * x - 0.5 * c.g2 * s
}

/// div (dx/dt) = a D − ½ g² div s of the probability-flow ODE in D = `dim` dimensions (Song et al. 2021, arXiv 2011.13456, eq. 39): log p
/// changes by its negative along the ODE.
///
/// ```
/// use fokker::{flow::ode_divergence, sde::Sde};
/// // N(0, I) stands still under VP: div s = −D.
/// assert_eq!(ode_divergence(&Sde::vp().at(0.4), 3, -3.0), 0.0);
/// ```
#[must_use]
#[inline]
#[allow(clippy::cast_precision_loss)]
pub fn ode_divergence(c: &Coefficients, dim: usize, divergence: f64) -> f64 {
    c.a * dim as f64 - 0.5 * c.g2 * divergence
}

/// s from dx/dt of the probability-flow ODE: the inverse of [`ode_drift`].
///
/// ```
/// use fokker::{flow::{ode_drift, ode_score}, sde::Sde};
/// let c = Sde::ve().at(0.2);
/// assert!((ode_score(&c, 0.3, ode_drift(&c, 0.3, -1.5)) + 1.5).abs() < 1e-12);
/// ```
#[must_use]
#[inline]
pub fn ode_score(c: &Coefficients, x: f64, rate: f64) -> f64 {
    2.0 / c.g2 * (c.a * x - rate)
}

/// a x − g² s, the drift of the reverse SDE dx = (a x − g² s) dt + g dw̄, whose time runs backwards (Anderson 1982, Stoch. Proc. Appl.
/// 12(3); Song et al. 2021, arXiv 2011.13456, eq. 6), at one coordinate.
///
/// ```
/// use fokker::{flow::reverse_drift, sde::Sde};
/// // Under VP N(0, 1) is kept: its drift backwards in time is −β/2 x, as it is forwards.
/// let c = Sde::vp().at(0.4);
/// assert!((reverse_drift(&c, 0.3, -0.3) + c.a * 0.3).abs() < 1e-12);
/// ```
#[must_use]
#[inline]
pub fn reverse_drift(c: &Coefficients, x: f64, s: f64) -> f64 {
    c.a * x - c.g2 * s
}
