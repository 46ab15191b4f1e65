//! Gaussian laws of a linear SDE: x_t given x₀, a later x given an earlier one, and E\[x₀ | x_t\].

use super::linear::Coefficients;

impl Coefficients {
    /// A draw of x_t given x₀, m x₀ + σ z with z ~ N(0, 1): one coordinate of N(m x₀, σ² I) (Song et al. 2021, arXiv 2011.13456,
    /// eq. 29).
    ///
    /// ```
    /// let c = fokker::sde::Sde::ve().at(1.0);
    /// assert!((c.diffused(2.0, 0.1) - 7.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn diffused(&self, x0: f64, z: f64) -> f64 {
        self.m * x0 + self.sigma * z
    }

    /// E\[x₀ | x_t = x\] = (x + σ² s)/m, one coordinate, from the score s of q_t there: Tweedie's formula (Efron 2011, J. Am. Stat. Assoc.
    /// 106(496), eq. 1.4, for x_t = m x₀ + σ z).
    ///
    /// ```
    /// // x₀ ~ N(0, 1) under VP: x_t ~ N(0, 1), s = −x, and E[x₀ | x] = m x.
    /// let c = fokker::sde::Sde::vp().at(0.3);
    /// assert!((c.denoised(0.7, -0.7) - c.m * 0.7).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn denoised(&self, x: f64, s: f64) -> f64 {
        (x + self.sigma * self.sigma * s) / self.m
    }
}

/// The exact transition of the forward SDE between two times: x_late given x_early is N(R x_early, Q I).
///
/// ```
/// use fokker::sde::{Sde, Transition};
/// let sde = Sde::vp();
/// let (early, late) = (sde.at(0.2), sde.at(0.7));
/// let step = Transition::between(&early, &late);
/// // The transition from 0 to the early time, then this one, is that to the late time.
/// assert!((step.scale * early.m - late.m).abs() < 1e-15);
/// assert!((step.scale.powi(2) * early.sigma.powi(2) + step.variance - late.sigma.powi(2)).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// R = m_late/m_early.
    pub scale: f64,
    /// Q = σ_late² − R² σ_early².
    pub variance: f64,
}

impl Transition {
    /// From an earlier to a later time.
    #[must_use]
    pub fn between(early: &Coefficients, late: &Coefficients) -> Self {
        let scale = late.m / early.m;
        // Rounding could make the variance of a tiny step negative.
        let variance = (late.sigma * late.sigma - (scale * early.sigma).powi(2)).max(0.0);
        Self { scale, variance }
    }

    /// √Q.
    #[must_use]
    pub fn std(&self) -> f64 {
        self.variance.sqrt()
    }
}
