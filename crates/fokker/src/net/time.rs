//! What a network is told of time.

use std::f64::consts::PI;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use fokker_jet::Real;
use serde::{Deserialize, Serialize};

use crate::sde::{Coefficients, Sde, T_MAX};

/// How time enters the network; the `[network.time]` table of a config.
///
/// σ(t) changes by orders of magnitude where t hardly moves, so a network that sees t alone cannot follow the score as t → 0;
/// u, an affine function of ln σ(t) that runs from −1 at `t_min` to 1 at T, changes evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeConfig {
    /// t, u, and sin πku, cos πku for k = 1 … `frequencies`.
    LogSigma {
        /// Number of Fourier pairs.
        #[serde(default = "frequencies")]
        frequencies: usize,
    },
    /// t − ½, and sin, cos of 2πkt for k = 1 … `frequencies`: slow functions of t, for smooth densities, which change little as
    /// t → 0 (a potential's Boltzmann law; image data is not smooth).
    LowFrequency {
        /// Number of Fourier pairs.
        #[serde(default = "low_frequencies")]
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

fn low_frequencies() -> usize {
    2
}

fn features() -> usize {
    128
}

impl TimeConfig {
    /// Checks the sizes; the error is the key at fault and the reason.
    pub(super) fn validate(self) -> Result<(), (String, String)> {
        match self {
            Self::LogSigma { frequencies } | Self::LowFrequency { frequencies } => {
                super::within("frequencies", frequencies, 0, 1000)
            }
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
#[derive(Clone, Debug)]
pub struct TimeFeatures(Kind);

#[derive(Clone)]
enum Kind {
    /// Those of a config, with u = scale · ln σ + shift.
    Of { config: TimeConfig, scale: f64, shift: f64 },
    /// One's own.
    Own { len: usize, at: Arc<At> },
}

/// Calls back with each feature's number, its value and its t-derivative.
type At = dyn Fn(&Coefficients, &mut dyn FnMut(usize, f64, f64)) + Send + Sync + UnwindSafe + RefUnwindSafe;

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of { config, .. } => config.fmt(f),
            Self::Own { len, .. } => write!(f, "{len} functions of t"),
        }
    }
}

impl TimeFeatures {
    /// The features for times in [t_min, T] of an SDE.
    #[must_use]
    pub fn new(config: TimeConfig, sde: &Sde) -> Self {
        let (low, high) = (sde.at(sde.t_min()).sigma.ln(), sde.at(T_MAX).sigma.ln());
        let scale = 2.0 / (high - low);
        Self(Kind::Of { config, scale, shift: 1.0 - scale * high })
    }

    /// One's own: a function of the SDE at a time that gives each feature and its t-derivative.
    ///
    /// ```
    /// use fokker::{net::TimeFeatures, sde::Sde};
    /// let features = TimeFeatures::from_fn(|c| [[c.t, 1.0], [c.sigma.ln(), c.dsigma / c.sigma]]);
    /// let (mut values, mut slopes) = ([0.0_f64; 2], [0.0_f64; 2]);
    /// features.fill(&Sde::vp().at(0.5), &mut values);
    /// features.fill_dt(&Sde::vp().at(0.5), &mut slopes);
    /// assert_eq!((values[0], slopes[0]), (0.5, 1.0));
    /// ```
    #[must_use]
    pub fn from_fn<const N: usize>(
        of: impl Fn(&Coefficients) -> [[f64; 2]; N] + Send + Sync + UnwindSafe + RefUnwindSafe + 'static,
    ) -> Self {
        let at = move |c: &Coefficients, put: &mut dyn FnMut(usize, f64, f64)| {
            of(c).into_iter().enumerate().for_each(|(k, [value, slope])| put(k, value, slope));
        };
        Self(Kind::Own { len: N, at: Arc::new(at) })
    }

    /// Number of features.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self.0 {
            Kind::Of { config: TimeConfig::LogSigma { frequencies }, .. } => 2 + 2 * frequencies,
            Kind::Of { config: TimeConfig::LowFrequency { frequencies }, .. } => 1 + 2 * frequencies,
            Kind::Of { config: TimeConfig::Plain {}, .. } => 1,
            Kind::Of { config: TimeConfig::Positional { features }, .. } => features,
            Kind::Own { len, .. } => len,
        }
    }

    /// Writes the features at one time.
    pub fn fill<F: Real>(&self, c: &Coefficients, out: &mut [F]) {
        self.each(c, |k, value, _| out[k] = F::of(value));
    }

    /// Writes their derivatives in t.
    pub fn fill_dt<F: Real>(&self, c: &Coefficients, out: &mut [F]) {
        self.each(c, |k, _, slope| out[k] = F::of(slope));
    }

    /// Calls `put` with each feature's number, its value and its t-derivative.
    fn each(&self, c: &Coefficients, mut put: impl FnMut(usize, f64, f64)) {
        match &self.0 {
            Kind::Own { at, .. } => at(c, &mut put),
            Kind::Of { config: TimeConfig::Plain {}, .. } => put(0, c.t, 1.0),
            Kind::Of { config: TimeConfig::LowFrequency { frequencies }, .. } => {
                put(0, c.t - 0.5, 1.0);
                // πku with u = 2t.
                harmonics(2.0 * c.t, *frequencies, |k, rate, sin, cos| {
                    put(2 * k - 1, sin, 2.0 * rate * cos);
                    put(2 * k, cos, -2.0 * rate * sin);
                });
            }
            Kind::Of { config: TimeConfig::LogSigma { frequencies }, scale, shift } => {
                let (u, du) = (scale * c.sigma.ln() + shift, scale * c.dsigma / c.sigma);
                put(0, c.t, 1.0);
                put(1, u, du);
                harmonics(u, *frequencies, |k, rate, sin, cos| {
                    put(2 * k, sin, rate * du * cos);
                    put(2 * k + 1, cos, -rate * du * sin);
                });
            }
            Kind::Of { config: TimeConfig::Positional { features }, .. } => {
                let half = features / 2;
                positions(c.t, half, |k, rate, sin, cos| {
                    put(k, sin, rate * cos);
                    put(half + k, cos, -rate * sin);
                });
            }
        }
    }
}

/// Calls `f(k, πk, sin πku, cos πku)` for k = 1 … n; by the addition theorem, one sine and cosine for all.
fn harmonics(u: f64, n: usize, mut f: impl FnMut(usize, f64, f64, f64)) {
    let (s1, c1) = (PI * u).sin_cos();
    let (mut sin, mut cos) = (s1, c1);
    let mut rate = PI;
    for k in 1..=n {
        f(k, rate, sin, cos);
        (sin, cos) = (sin * c1 + cos * s1, cos * c1 - sin * s1);
        rate += PI;
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
            let low = TimeConfig::LowFrequency { frequencies: 2 };
            for config in [TimeConfig::LogSigma { frequencies: 3 }, low, TimeConfig::Plain {}, positional] {
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
    fn low_frequencies_are_those_of_t() {
        let features = TimeFeatures::new(TimeConfig::LowFrequency { frequencies: 2 }, &Sde::ve());
        let mut found = [0.0_f64; 5];
        features.fill(&Sde::ve().at(0.125), &mut found);
        let half = 0.5_f64.sqrt();
        for (found, want) in found.into_iter().zip([-0.375, half, half, 1.0, 0.0]) {
            assert!((found - want).abs() < 1e-14);
        }
    }

    #[test]
    fn an_odd_number_of_positions_is_refused() {
        assert_eq!(TimeConfig::Positional { features: 7 }.validate().unwrap_err().0, "features");
        assert!(TimeConfig::Positional { features: 2 }.validate().is_err());
        assert!(TimeConfig::Positional { features: 8 }.validate().is_ok());
        assert!(TimeConfig::LogSigma { frequencies: 1001 }.validate().is_err());
    }
}
