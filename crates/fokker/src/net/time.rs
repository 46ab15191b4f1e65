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
}

fn frequencies() -> usize {
    4
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
        }
    }

    /// Writes the features at one time.
    pub fn fill<F: Real>(&self, c: &Coefficients, out: &mut [F]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_derivatives_are_the_slopes_of_the_features() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            for config in [TimeConfig::LogSigma { frequencies: 3 }, TimeConfig::Plain {}] {
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
}
