//! What a network is told of time.

use std::f64::consts::PI;

use fokker_jet::Real;
use serde::{Deserialize, Serialize};

use crate::sde::{Coefficients, Sde, T_MAX};

/// How time enters the network; the `[network.time]` table of a config.
///
/// σ(t) changes by orders of magnitude where t hardly moves, so a network that sees t alone cannot follow the score as t → 0;
/// u, an affine function of ln σ(t) that runs from −1 at `t_min` to 1 at T, changes evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeConfig {
    /// t, u, and sin πku, cos πku for k = 1 … `frequencies`.
    LogSigma {
        /// Number of Fourier pairs.
        #[serde(default = "frequencies")]
        frequencies: usize,
    },
    /// t alone.
    Plain {},
    /// sin and cos of 999 t · 10000^(−k/(n−1)), k = 0 … n − 1, n = `features`/2, all sines first (DDPM's embedding of 1000 steps,
    /// Ho et al. 2020, arXiv 2006.11239, in continuous time: Song et al. 2021, arXiv 2011.13456).
    Positional {
        /// Number of features; even.
        #[serde(default = "features")]
        features: usize,
    },
}

fn frequencies() -> usize {
    4
}

fn features() -> usize {
    128
}

impl TimeConfig {
    /// Checks the sizes; the error is the key at fault and the reason.
    pub(super) fn validate(self) -> Result<(), (String, String)> {
        match self {
            Self::LogSigma { frequencies } => super::within("frequencies", frequencies, 0, 1000),
            Self::Plain {} => Ok(()),
            Self::Positional { features } if !features.is_multiple_of(2) => {
                Err(("features".into(), format!("must be even, not {features}")))
            }
            Self::Positional { features } => super::within("features", features, 4, 10_000),
        }
    }
}

impl Default for TimeConfig {
    fn default() -> Self {
        Self::LogSigma { frequencies: frequencies() }
    }
}

/// The time features of a network under an SDE, with their exact t-derivatives.
///
/// ```
/// use fokker::{net::{TimeConfig, TimeFeatures}, sde::Sde};
/// let sde = Sde::vp();
/// let features = TimeFeatures::new(TimeConfig::LogSigma { frequencies: 1 }, &sde);
/// let mut c = [0.0_f64; 4];
/// features.fill(&sde.at(1.0), &mut c);
/// assert!((c[0] - 1.0).abs() < 1e-12 && (c[1] - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeFeatures {
    config: TimeConfig,
    /// u = scale · ln σ + shift.
    scale: f64,
    shift: f64,
}

impl TimeFeatures {
    /// The features for times in [t_min, T] of an SDE.
    #[must_use]
    pub fn new(config: TimeConfig, sde: &Sde) -> Self {
        let (low, high) = (sde.at(sde.t_min()).sigma.ln(), sde.at(T_MAX).sigma.ln());
        let scale = 2.0 / (high - low);
        Self { config, scale, shift: 1.0 - scale * high }
    }

    /// Number of features.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self.config {
            TimeConfig::LogSigma { frequencies } => 2 + 2 * frequencies,
            TimeConfig::Plain {} => 1,
            TimeConfig::Positional { features } => features,
        }
    }

    /// Writes the features at one time.
    pub fn fill<F: Real>(&self, c: &Coefficients, out: &mut [F]) {
        if let TimeConfig::Positional { features } = self.config {
            let half = features / 2;
            return positions(c.t, half, |k, _, sin, cos| (out[k], out[half + k]) = (F::of(sin), F::of(cos)));
        }
        out[0] = F::of(c.t);
        if let TimeConfig::LogSigma { .. } = self.config {
            let u = self.scale * c.sigma.ln() + self.shift;
            out[1] = F::of(u);
            self.harmonics(u, |k, _, sin, cos| {
                out[2 * k] = F::of(sin);
                out[2 * k + 1] = F::of(cos);
            });
        }
    }

    /// Writes their derivatives in t.
    pub fn fill_dt<F: Real>(&self, c: &Coefficients, out: &mut [F]) {
        if let TimeConfig::Positional { features } = self.config {
            let half = features / 2;
            return positions(c.t, half, |k, rate, sin, cos| {
                (out[k], out[half + k]) = (F::of(rate * cos), F::of(-rate * sin));
            });
        }
        out[0] = F::ONE;
        if let TimeConfig::LogSigma { .. } = self.config {
            let u = self.scale * c.sigma.ln() + self.shift;
            let du = self.scale * c.dsigma / c.sigma;
            out[1] = F::of(du);
            self.harmonics(u, |k, rate, sin, cos| {
                out[2 * k] = F::of(rate * du * cos);
                out[2 * k + 1] = F::of(-rate * du * sin);
            });
        }
    }

    /// Calls `f(k, πk, sin πku, cos πku)` for k = 1, 2, …; by the addition theorem, one sine and cosine for all.
    fn harmonics(&self, u: f64, mut f: impl FnMut(usize, f64, f64, f64)) {
        let TimeConfig::LogSigma { frequencies } = self.config else { return };
        let (s1, c1) = (PI * u).sin_cos();
        let (mut sin, mut cos) = (s1, c1);
        let mut rate = PI;
        for k in 1..=frequencies {
            f(k, rate, sin, cos);
            (sin, cos) = (sin * c1 + cos * s1, cos * c1 - sin * s1);
            rate += PI;
        }
    }
}

/// Calls `f(k, ω, sin ωt, cos ωt)` for k = 0 … n − 1, ω = 999 · 10000^(−k/(n−1)).
#[allow(clippy::cast_precision_loss)]
fn positions(t: f64, n: usize, mut f: impl FnMut(usize, f64, f64, f64)) {
    let decay = -10_000_f64.ln() / (n as f64 - 1.0);
    for k in 0..n {
        let rate = 999.0 * (decay * k as f64).exp();
        let (sin, cos) = (rate * t).sin_cos();
        f(k, rate, sin, cos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_derivatives_are_the_slopes_of_the_features() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            let positional = TimeConfig::Positional { features: 10 };
            for config in [TimeConfig::LogSigma { frequencies: 3 }, TimeConfig::Plain {}, positional] {
                let features = TimeFeatures::new(config, &sde);
                let at = |t: f64| {
                    let mut c = vec![0.0_f64; features.len()];
                    features.fill(&sde.at(t), &mut c);
                    c
                };
                for t in [0.01, 0.2, 0.9] {
                    let h = 1e-6;
                    let (lo, hi) = (at(t - h), at(t + h));
                    let mut got = vec![0.0_f64; features.len()];
                    features.fill_dt(&sde.at(t), &mut got);
                    for i in 0..got.len() {
                        let slope = (hi[i] - lo[i]) / (2.0 * h);
                        assert!((slope - got[i]).abs() < 1e-6 * (1.0 + got[i].abs()), "{config:?} {i} at {t}");
                    }
                    assert!(got.iter().any(|&g| g.abs() > 0.1));
                }
            }
        }
    }

    #[test]
    fn positions_are_those_of_ddpm() {
        // 999 · 10000^(−k/2): 999, 9.99, 0.0999.
        let features = TimeFeatures::new(TimeConfig::Positional { features: 6 }, &Sde::vp());
        let mut found = [0.0_f64; 6];
        features.fill(&Sde::vp().at(0.5), &mut found);
        let angles = [499.5_f64, 4.995, 0.04995];
        for (k, angle) in angles.into_iter().enumerate() {
            assert!((found[k] - angle.sin()).abs() < 1e-12 && (found[3 + k] - angle.cos()).abs() < 1e-12);
        }
        assert_eq!(features.len(), 6);
    }

    #[test]
    fn an_odd_number_of_positions_is_refused() {
        assert_eq!(TimeConfig::Positional { features: 7 }.validate().unwrap_err().0, "features");
        assert!(TimeConfig::Positional { features: 2 }.validate().is_err());
        assert!(TimeConfig::Positional { features: 8 }.validate().is_ok());
        assert!(TimeConfig::LogSigma { frequencies: 1001 }.validate().is_err());
    }
}
