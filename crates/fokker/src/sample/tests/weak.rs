//! Mean and variance of the stochastic samplers on a Gaussian, where each obeys a recursion that can be written down.

use super::super::method::{FixedSteps, Plan};
use super::order::slope;
use super::*;
use crate::sde::Coefficients;

const MEAN: f64 = 0.6;
const VARIANCE: f64 = 0.09;

/// Mean and variance of q_t.
fn truth(c: &Coefficients) -> (f64, f64) {
    (c.m * MEAN, c.m * c.m * VARIANCE + c.sigma * c.sigma)
}

/// Mean and variance after x ← x + linear x + pull s + √noise z, with s the score at `c`.
fn update((mean, variance): (f64, f64), c: &Coefficients, linear: f64, pull: f64, noise: f64) -> (f64, f64) {
    let (centre, v) = truth(c);
    let factor = 1.0 + linear - pull / v;
    (factor * mean + pull * centre / v, factor * factor * variance + noise)
}

/// The same after a whole sampler, from N(start.0, start.1) at T.
fn recursion(sde: &Sde, sampler: Sampler, start: (f64, f64)) -> (f64, f64) {
    let Some(FixedSteps { steps, grid, .. }) = sampler.plan().ok().and_then(Plan::steps) else {
        return (f64::NAN, f64::NAN);
    };
    let times = grid.times(sde, steps);
    times.windows(2).fold(start, |state, t| {
        let (from, to) = (sde.at(t[0]), sde.at(t[1]));
        let h = from.t - to.t;
        let euler = || update(state, &from, -from.a * h, from.g2 * h, from.g2 * h);
        let reverse = || {
            let r = from.m / to.m;
            let q = from.sigma.powi(2) - (r * to.sigma).powi(2);
            update(state, &from, 1.0 - r, q, q)
        };
        match sampler {
            Sampler::EulerMaruyama(_) => euler(),
            Sampler::PredictorCorrector(PredictorCorrector { predictor, corrector_steps, snr, .. }) => {
                let predicted = if predictor == Predictor::EulerMaruyama { euler() } else { reverse() };
                let length = 2.0 * (snr * to.sigma).powi(2);
                (0..corrector_steps).fold(predicted, |state, _| update(state, &to, 0.0, length, 2.0 * length))
            }
            _ => reverse(),
        }
    })
}

fn samplers(steps: usize, grid: TimeGrid) -> [Sampler; 4] {
    let denoise = false;
    let corrected =
        |predictor, snr| PredictorCorrector { predictor, steps, grid, corrector_steps: 2, snr, denoise }.into();
    [
        EulerMaruyama { steps, grid, denoise }.into(),
        ReverseDiffusion { steps, grid, denoise }.into(),
        corrected(Predictor::ReverseDiffusion, 0.3),
        corrected(Predictor::EulerMaruyama, 0.16),
    ]
}

#[test]
fn moments_follow_the_recursion() -> Any {
    let (workers, n) = (Workers::new(2, 256)?, 12_000);
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![MEAN]], VARIANCE.sqrt())?, sde.clone());
        // So few steps that the discretisation shows.
        for (seed, sampler) in (0..).zip(samplers(16, TimeGrid::LogSnr)) {
            let x = sample::<f64>(&score, n, &sampler, seed, &workers, &|_| {})?.x;
            let mean = MeanSe::of(&x);
            let spread = mean.se * mean.se * n as f64;
            let apart = |(m, v): (f64, f64)| {
                [(mean.mean - m).abs() / mean.se, (spread / v - 1.0).abs() * (n as f64 / 2.0).sqrt()]
            };
            let start = (0.0, sde.prior_std().powi(2));
            let found = apart(recursion(&sde, sampler, start));
            assert!(found.iter().all(|&d| d < 4.0), "{sde:?} {sampler:?} {found:?}");
            let twin = apart(truth(&sde.at(sde.t_min())));
            assert!(twin[1] > 4.5, "{sde:?} {sampler:?} {twin:?}");
        }
    }
    Ok(())
}

#[test]
fn the_recursion_is_of_first_order() {
    let steps = [250, 500, 1000, 2000];
    // With the usual σmin = 0.01 the first-order term of VE's variance all but cancels: it goes with u/(VARIANCE + u)², u = σmin².
    let ve = Sde::Ve(crate::sde::Ve { sigma_min: 0.1, ..Default::default() });
    for sde in [Sde::vp(), Sde::sub_vp(), ve] {
        let [first, last] = [1.0, sde.t_min()].map(|t| sde.at(t));
        let (start, end) = (truth(&first), truth(&last));
        // Not the true mean at T, which every scheme keeps where a = 0: under the exact reverse SDE its error goes with v/m.
        let displaced = (start.0 + 0.5 * start.1.sqrt(), start.1);
        let ratio = end.1 / last.m / (start.1 / first.m);
        let limit = (end.0 + ratio * (displaced.0 - start.0), end.1);
        for which in 0..2 {
            let ends = steps.map(|n| recursion(&sde, samplers(n, TimeGrid::LogSnr)[which], displaced));
            let variances = slope(&steps, &ends.map(|found| (found.1 - limit.1).abs()));
            assert!((variances - 1.0).abs() < 0.15, "{sde:?} {which} variance {variances}");
            let errors = ends.map(|found| (found.0 - limit.0).abs());
            if last.m == first.m && which == 1 {
                // 1 − Q/v is v′/v: reverse diffusion has no error here at all.
                assert!(errors.iter().all(|&e| e < 1e-12), "{errors:?}");
            } else {
                let means = slope(&steps, &errors);
                assert!((means - 1.0).abs() < 0.15, "{sde:?} {which} mean {means}");
            }
        }
        // The corrector's own bias does not go away with the steps.
        let biased = recursion(&sde, samplers(2000, TimeGrid::LogSnr)[2], start);
        assert!((biased.1 / end.1 - 1.0).abs() > 1e-3);
    }
}
