//! The times of fixed-step samplers.

use serde::{Deserialize, Serialize};

use crate::sde::{Sde, T_MAX};

/// ρ of Karras et al. 2022 (arXiv 2206.00364, eq. 5 and table 1).
const RHO: f64 = 7.0;

/// Least ln(m/σ) that counts: where m is 0 in floating point the grid begins with one long step.
const LEAST: f64 = -23.0;

/// How the times of a fixed-step sampler lie between T and t_min. In TOML `log-snr`, `uniform` or `karras`.
///
/// ```
/// use fokker::{sample::TimeGrid, sde::Sde};
/// assert_eq!(TimeGrid::Uniform.times(&Sde::vp(), 2), [1.0, 0.5005, 0.001]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeGrid {
    /// Equal steps in ln(m/σ). In this variable every SDE looks the same: the reverse SDE's noise over a step, relative to that
    /// present, is g² |dt| / σ² = 2 d ln(m/σ).
    ///
    /// How far E log q of 20,000 samples by 50 steps of Euler–Maruyama falls short of its true value, in nats (± 0.02), against
    /// steps equal in t, in √t and in ∛t, on `Mixture::ring(8, 1.5, 0.02)` (narrow) and `Mixture::random(2, 3, 11)` (wide); measured by
    /// `cargo test --release --workspace --test tables -- --ignored --nocapture time_grids`. Not always the best, then, but the one without
    /// a bad case:
    ///
    /// | modes, SDE | this | t | √t | ∛t |
    /// | --- | --- | --- | --- | --- |
    /// | narrow, VP | 0.18 | 29 | 0.37 | 0.20 |
    /// | narrow, sub-VP | 0.10 | 0.31 | 0.08 | 0.08 |
    /// | narrow, VE | 0.05 | 0.05 | 0.06 | 0.06 |
    /// | wide, VP | 0.10 | 0.06 | 0.07 | 0.06 |
    /// | wide, sub-VP | 0.09 | 0.06 | 0.06 | 0.06 |
    /// | wide, VE | 0.04 | 0.04 | 0.06 | 0.09 |
    #[default]
    LogSnr,
    /// Equal steps in t.
    Uniform,
    /// Equal steps in (σ/m)^(1/ρ), ρ = 7 (Karras et al. 2022, arXiv 2206.00364, eq. 5).
    Karras,
}

impl TimeGrid {
    /// Their names in TOML, and a line about each.
    pub(super) const CHOICES: &'static [(&'static str, &'static str)] = &[
        ("log-snr", "Equal steps in the logarithm of the signal-to-noise ratio"),
        ("uniform", "Equal steps in t"),
        ("karras", "Equal steps in (sigma/m)^(1/7)"),
    ];

    /// `steps + 1` falling times from T to t_min, both included.
    ///
    /// ```
    /// use fokker::{sample::TimeGrid, sde::Sde};
    /// let (sde, times) = (Sde::ve(), TimeGrid::Karras.times(&Sde::ve(), 18));
    /// assert_eq!((times.len(), times[0], times[18]), (19, 1.0, sde.t_min()));
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn times(self, sde: &Sde, steps: usize) -> Vec<f64> {
        let (end, at) = (sde.t_min(), |i: usize| i as f64 / steps as f64);
        let value = |t: f64| {
            let c = sde.at(t);
            (c.m.ln() - c.sigma.ln()).max(LEAST)
        };
        let (first, last) = (value(T_MAX), value(end));
        let root = |value: f64| (-value / RHO).exp();
        let time = |i: usize| match i {
            0 => T_MAX,
            i if i == steps => end,
            i => {
                let wanted = match self {
                    Self::Uniform => return T_MAX + (end - T_MAX) * at(i),
                    Self::LogSnr => first + (last - first) * at(i),
                    Self::Karras => -RHO * (root(first) + (root(last) - root(first)) * at(i)).ln(),
                };
                bisect(|t| value(t) > wanted, end, T_MAX)
            }
        };
        (0..=steps).map(time).collect()
    }
}

/// The place in [low, high] where a predicate turns from true to false.
fn bisect(predicate: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if predicate(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::worst;

    /// The largest deviation of a function's differences along a grid from their mean, relative to it.
    fn unevenness(grid: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        let mean = (f(grid[grid.len() - 1]) - f(grid[0])) / (grid.len() - 1) as f64;
        worst(grid.windows(2).map(|t| ((f(t[1]) - f(t[0])) / mean - 1.0).abs()))
    }

    #[test]
    fn steps_are_equal_in_what_they_say() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            let ratio = |t: f64| sde.at(t).sigma / sde.at(t).m;
            for (grid, f) in [
                (TimeGrid::LogSnr, &(|t: f64| ratio(t).ln()) as &dyn Fn(f64) -> f64),
                (TimeGrid::Uniform, &|t| t),
                (TimeGrid::Karras, &|t| ratio(t).powf(1.0 / 7.0)),
            ] {
                let times = grid.times(&sde, 50);
                assert_eq!((times.len(), times[0], times[50]), (51, T_MAX, sde.t_min()));
                assert!(times.windows(2).all(|t| t[1] < t[0]));
                assert!(unevenness(&times, f) < 1e-9, "{sde:?} {grid:?}");
                assert!(unevenness(&times, |t| t * t) > 0.1, "{sde:?} {grid:?}");
            }
        }
        // VE's σ is exponential in t, so its grid is uniform; VP's is fine near t_min.
        let [ve, vp] = [Sde::ve(), Sde::vp()].map(|sde| TimeGrid::LogSnr.times(&sde, 50));
        assert!(((ve[49] - ve[50]) / (ve[0] - ve[1]) - 1.0).abs() < 1e-6);
        assert!((vp[49] - vp[50]) / (vp[0] - vp[1]) < 0.1);
    }

    #[test]
    fn a_mean_that_vanishes_is_no_trouble() {
        let sde = Sde::Vp(crate::sde::Vp { beta_max: 4000.0, ..Default::default() });
        assert_eq!(sde.at(T_MAX).m, 0.0);
        for grid in [TimeGrid::LogSnr, TimeGrid::Uniform, TimeGrid::Karras] {
            let times = grid.times(&sde, 30);
            assert!(times.windows(2).all(|t| t[1] < t[0] && t[1] > 0.0), "{grid:?} {times:?}");
        }
    }
}
