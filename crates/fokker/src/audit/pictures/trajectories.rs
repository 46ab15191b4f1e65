//! Denoising trajectories: samples on their way from noise to image, and what the model makes of them at each time.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::sample::{Sampler, sample_trajectories};
use crate::score::Score;
use crate::sde::Coefficients;

/// Samples, and times of each.
const SAMPLES: usize = 3;
const TIMES: usize = 8;

/// States of some samples by the probability-flow ODE, and the denoised estimates of them.
///
/// ```
/// let found = fokker::audit::Trajectories { times: vec![1.0, 0.001], samples: 1, images: vec![0.3, 0.2, 0.0, 0.21] };
/// // One sample of one dimension: two states, and two estimates.
/// assert_eq!(found.images.len(), found.samples * 2 * found.times.len());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    /// K falling times.
    pub times: Vec<f64>,
    /// Number of samples.
    pub samples: usize,
    /// For each sample K states x/√(m² + σ²), then K estimates E[x₀ given x_t]: `samples × 2 × K × D`, in model coordinates.
    pub images: Vec<f32>,
}

impl Trajectories {
    /// Draws the samples and evaluates the score at their states.
    ///
    /// # Errors
    /// If the score cannot be evaluated.
    pub(super) fn new<F: Real>(
        score: &dyn Score<F>, sampler: &Sampler, seed: u64, workers: &Workers,
    ) -> Result<Self, Error> {
        let (_, found) = sample_trajectories(score, SAMPLES, sampler, TIMES, seed, workers, &|_| {})?;
        let dim = score.dim();
        let mut shard = score.evaluator(SAMPLES)?;
        let mut images = vec![0.0; SAMPLES * 2 * TIMES * dim];
        for (k, (&t, states)) in found.times.iter().zip(found.x.chunks_exact(SAMPLES * dim)).enumerate() {
            let c = score.sde().at(t);
            let x: Vec<F> = states.iter().map(|&x| F::of(x)).collect();
            let mut scores = vec![F::ZERO; x.len()];
            shard.evaluate(&x, &[c; SAMPLES], &mut scores);
            for (i, (x, s)) in x.chunks_exact(dim).zip(scores.chunks_exact(dim)).enumerate() {
                let at = |row: usize| ((2 * i + row) * TIMES + k) * dim;
                put(&mut images[at(0)..][..dim], x, |x, _| x / c.m.hypot(c.sigma), s);
                put(&mut images[at(1)..][..dim], x, |x, s| denoised(&c, x, s), s);
            }
        }
        Ok(Self { times: found.times, samples: SAMPLES, images })
    }
}

fn put<F: Real>(to: &mut [f32], x: &[F], value: impl Fn(f64, f64) -> f64, s: &[F]) {
    for ((to, &x), &s) in to.iter_mut().zip(x).zip(s) {
        *to = f32::of(value(x.as_f64(), s.as_f64()));
    }
}

/// E[x₀ given x_t = x] = (x + σ² s)/m, Tweedie's formula (Efron 2011, J. Am. Stat. Assoc. 106(496), eq. 1.4, for x_t = m x₀ + σ z).
fn denoised(c: &Coefficients, x: f64, s: f64) -> f64 {
    (x + c.sigma * c.sigma * s) / c.m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::mixture::Mixture;
    use crate::score::analytic::AnalyticScore;
    use crate::sde::Sde;

    type Any = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn estimates_are_posterior_means() -> Any {
        // x₀ ~ N(0.6, 0.3² I): E[x₀ given x_t] weighs mean and observation.
        for sde in [Sde::vp(), Sde::ve()] {
            let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.6, 0.6]], 0.3)?, sde.clone());
            let workers = Workers::new(1, 8)?;
            let found = Trajectories::new(&score, &Sampler::default(), 0, &workers)?;
            assert_eq!((found.times.len(), found.images.len()), (TIMES, SAMPLES * 2 * TIMES * 2));
            assert_eq!((found.times[0], found.times[TIMES - 1]), (1.0, sde.t_min()));
            let mut moved = 0;
            for (i, rows) in found.images.chunks_exact(2 * TIMES * 2).enumerate() {
                let (states, estimates) = rows.split_at(TIMES * 2);
                for ((&state, &estimate), k) in states.iter().zip(estimates).zip(0..) {
                    let c = sde.at(found.times[k / 2]);
                    let x = f64::from(state) * c.m.hypot(c.sigma);
                    let gain = c.m * 0.09 / (c.m * c.m * 0.09 + c.sigma * c.sigma);
                    let want = 0.6 + gain * (x - 0.6 * c.m);
                    assert!((f64::from(estimate) - want).abs() < 2e-3, "{i} {k} {estimate} {want}");
                    moved += usize::from((f64::from(estimate) - 0.6).abs() > 0.05);
                }
                // The last estimate is the sample.
                assert!((states[TIMES * 2 - 1] - estimates[TIMES * 2 - 1]).abs() < 0.02);
            }
            assert!(moved > 6, "{moved}");
        }
        Ok(())
    }
}
