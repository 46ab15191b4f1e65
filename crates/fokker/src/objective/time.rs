//! Drawing t.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::sde::{Sde, T_MAX};

/// The law p(t) that times are drawn from. Every draw is weighted by 1/(p(t)(T − t_min)), so the objective is the same under all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSampling {
    /// Uniform on [t_min, T].
    #[default]
    Uniform,
    /// p ∝ g²/σ², uniform in the logarithm of the signal-to-noise ratio: keeps the variance of the `likelihood` weighting down
    /// (Song et al. 2021, arXiv 2101.09258, section 5.1).
    Importance,
    /// Half of each: the weights never exceed 2, and small t, where the residual is largest, is still seen often
    /// (defensive importance sampling, Hesterberg 1995, Technometrics 37(2)).
    Mixture,
}

/// Draws t in [t_min, T] and says with what weight 1/(p(t)(T − t_min)) the draw counts towards a mean over uniform t.
///
/// For [`TimeSampling::Importance`] p is piecewise constant on a grid that is even in ln t, in proportion to the mean of g²/σ²
/// over each cell. The weight is that of the very density drawn from, so the grid's fineness costs no bias.
///
/// ```
/// use fokker::{objective::{TimeSampler, TimeSampling}, rng::Streams, sde::Sde};
/// let sampler = TimeSampler::new(&Sde::vp(), TimeSampling::Uniform);
/// let (t, weight) = sampler.draw(&mut Streams::new(0).named("t"));
/// assert!((1e-3..=1.0).contains(&t) && weight == 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct TimeSampler {
    t_min: f64,
    /// Share of the draws that are uniform.
    uniform: f64,
    /// Cell borders and cumulative probabilities of the others; empty if there are none.
    borders: Vec<f64>,
    cumulative: Vec<f64>,
}

const CELLS: usize = 1000;

impl TimeSampler {
    /// The sampler for an SDE.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn new(sde: &Sde, sampling: TimeSampling) -> Self {
        let t_min = sde.t_min();
        let uniform = match sampling {
            TimeSampling::Uniform => return Self { t_min, uniform: 1.0, borders: Vec::new(), cumulative: Vec::new() },
            TimeSampling::Importance => 0.0,
            TimeSampling::Mixture => 0.5,
        };
        let ratio = (T_MAX / t_min).ln();
        let borders: Vec<f64> = (0..=CELLS).map(|i| t_min * (ratio * i as f64 / CELLS as f64).exp()).collect();
        let density = |t: f64| {
            let c = sde.at(t);
            c.g2 / (c.sigma * c.sigma)
        };
        let mut cumulative = vec![0.0];
        for cell in borders.windows(2) {
            let (a, b) = (cell[0], cell[1]);
            // Simpson's rule.
            let mass = (b - a) / 6.0 * (density(a) + 4.0 * density(0.5 * (a + b)) + density(b));
            cumulative.push(cumulative[cumulative.len() - 1] + mass);
        }
        let total = cumulative[CELLS];
        cumulative.iter_mut().for_each(|c| *c /= total);
        Self { t_min, uniform, borders, cumulative }
    }

    /// Draws t and its weight.
    pub fn draw(&self, rng: &mut impl Rng) -> (f64, f64) {
        self.at(rng.random())
    }

    /// t and its weight for a uniform draw `u` from [0, 1), for those who stratify it. Without a uniform share t rises with u.
    ///
    /// ```
    /// use fokker::{objective::{TimeSampler, TimeSampling}, sde::Sde};
    /// let sampler = TimeSampler::new(&Sde::vp(), TimeSampling::Importance);
    /// let (early, late) = (sampler.at(0.25), sampler.at(0.75));
    /// assert!(early.0 < late.0 && early.1 < late.1);
    /// ```
    #[must_use]
    pub fn at(&self, u: f64) -> (f64, f64) {
        let length = T_MAX - self.t_min;
        if self.borders.is_empty() {
            return (self.t_min + u * length, 1.0);
        }
        let (t, cell) = if u < self.uniform {
            let t = self.t_min + u / self.uniform * length;
            (t, self.borders.partition_point(|&b| b <= t))
        } else {
            let v = (u - self.uniform) / (1.0 - self.uniform);
            let cell = self.cumulative.partition_point(|&c| c <= v);
            let cell = cell.clamp(1, CELLS);
            let (low, high) = (self.cumulative[cell - 1], self.cumulative[cell]);
            let (a, b) = (self.borders[cell - 1], self.borders[cell]);
            (a + (b - a) * ((v - low) / (high - low)).clamp(0.0, 1.0), cell)
        };
        let cell = cell.clamp(1, CELLS);
        let mass = self.cumulative[cell] - self.cumulative[cell - 1];
        let density = mass / (self.borders[cell] - self.borders[cell - 1]);
        let mixed = self.uniform / length + (1.0 - self.uniform) * density;
        (t.clamp(self.t_min, T_MAX), 1.0 / (mixed * length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Streams;

    #[test]
    fn weighted_means_are_means_over_uniform_t() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            for sampling in [TimeSampling::Uniform, TimeSampling::Importance, TimeSampling::Mixture] {
                let sampler = TimeSampler::new(&sde, sampling);
                let mut rng = Streams::new(3).named("t");
                let n = 200_000;
                // f(t) = t²/ (t + 0.01): small where importance sampling puts most of its draws.
                let f = |t: f64| t * t / (t + 0.01);
                let values: Vec<f64> = (0..n).map(|_| sampler.draw(&mut rng)).map(|(t, w)| w * f(t)).collect();
                let mean = values.iter().sum::<f64>() / n as f64;
                let se = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64 / n as f64).sqrt();
                let k = 100_000;
                let length = T_MAX - sde.t_min();
                let want = (0..k).map(|i| f(sde.t_min() + length * (f64::from(i) + 0.5) / f64::from(k))).sum::<f64>()
                    / f64::from(k);
                assert!((mean - want).abs() < 4.5 * se, "{sde:?} {sampling:?}: {mean} ± {se}, want {want}");
            }
        }
    }

    #[test]
    fn importance_sampling_prefers_small_t() {
        let median = |sampling| {
            let sampler = TimeSampler::new(&Sde::vp(), sampling);
            let mut rng = Streams::new(3).named("t");
            let mut t: Vec<f64> = (0..10_001).map(|_| sampler.draw(&mut rng).0).collect();
            t.sort_by(f64::total_cmp);
            t[5000]
        };
        assert!(median(TimeSampling::Importance) < 0.3 && median(TimeSampling::Uniform) > 0.45);
    }
}
