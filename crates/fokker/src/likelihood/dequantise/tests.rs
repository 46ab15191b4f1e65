//! Bins' chances, the decoder's bound, probes that would overstate, failures.

use super::*;
use crate::density::mixture::Mixture;
use crate::score::analytic::AnalyticScore;
use crate::sde::{Sde, T_MAX};
use crate::testing::worst;

fn run(
    mixture: &Mixture, sde: &Sde, x: &[f64], how: &Dequantise<'_>, threads: usize, rows: usize,
) -> Result<Dequantised, Error> {
    let score = AnalyticScore::new(mixture.clone(), sde.clone());
    let workers = Workers::new(threads, rows)?;
    dequantised_log_prob::<f64>(&score, x, how, &LikelihoodOptions::for_dim(mixture.dim()), &workers, &|_| {})
}

fn two_modes() -> Mixture {
    Mixture::isotropic(&[0.4, 0.6], &[vec![-0.8], vec![0.9]], 0.3).unwrap()
}

/// ∫ f over [a, b] by the midpoint rule.
fn integral(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let n = 4000;
    let h = (b - a) / f64::from(n);
    (0..n).map(|i| f(a + (f64::from(i) + 0.5) * h)).sum::<f64>() * h
}

#[test]
fn levels_have_the_chance_of_their_bins() {
    let (mixture, sde, bin) = (two_modes(), Sde::vp(), 0.25);
    let q = mixture.diffused(&sde.at(sde.t_min()));
    let x: Vec<f64> = (-5..5).map(|i| f64::from(i) * bin).collect();
    let how = Dequantise { count: 400, bins: Some(&[bin]), start: Start::AtTMin };
    let found = run(&mixture, &sde, &x, &how, 2, 64).unwrap();
    let importance = found.importance.as_ref().unwrap();
    for (i, &x) in x.iter().enumerate() {
        let log = |x: f64| q.log_density(&[x]);
        let chance = integral(x, x + bin, |x| log(x).exp()) / bin;
        let mean = integral(x, x + bin, log) / bin;
        let se = found.se.as_ref().unwrap()[i];
        assert!((found.mean[i] - mean).abs() < 4.5 * se + 1e-3, "{x}: {} ± {se}, {mean}", found.mean[i]);
        assert!((importance[i] - chance.ln()).abs() < 4.5 * se + 1e-3, "{x}");
        assert!(importance[i] >= found.mean[i]);
        assert!(mean < chance.ln());
    }
    // The twin: without the noise the corner's density stands for the bin.
    let corner = run(&mixture, &sde, &x, &Dequantise { count: 1, bins: None, ..how }, 1, 64).unwrap();
    assert!(corner.se.is_none());
    assert!(corner.mean.iter().zip(&found.mean).any(|(a, b)| (a - b).abs() > 0.2));
}

#[test]
fn the_decoder_s_bound_is_that_of_its_definition() {
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let mixture = two_modes();
        let c = sde.at(sde.t_min());
        let q = mixture.diffused(&c);
        let end = mixture.diffused(&sde.at(T_MAX));
        let how = Dequantise { count: 600, bins: None, start: Start::AtZero };
        let x = [-0.7, 0.1, 1.2];
        let found = run(&mixture, &sde, &x, &how, 2, 64).unwrap();
        for (i, &x0) in x.iter().enumerate() {
            let normal = |x: f64, mean: f64, std: f64| {
                -0.5 * ((x - mean) / std).powi(2) - (std * std::f64::consts::TAU.sqrt()).ln()
            };
            let of_noise = |z: f64| {
                let x = c.m * x0 + c.sigma * z;
                let mut s = [0.0];
                q.score(&[x], &mut s);
                let decoded = normal(x0, (x + c.sigma * c.sigma * s[0]) / c.m, c.sigma / c.m);
                q.log_density(&[x]) + decoded - normal(x, c.m * x0, c.sigma)
            };
            let want = integral(-8.0, 8.0, |z| normal(z, 0.0, 1.0).exp() * of_noise(z));
            // The prior stands in place of q_T: as far off as the two are from each other where the data ends up.
            let apart = |x: f64| (end.log_density(&[x]) - sde.log_prior(&[x])).abs();
            let slack = 1e-3 + worst([-2.0, 0.0, 2.0].map(|x| apart(x * sde.prior_std())));
            let (mean, se) = (found.mean[i], found.se.as_ref().unwrap()[i]);
            assert!((mean - want).abs() < 4.5 * se + slack, "{sde:?} {x0}: {mean} ± {se}, {want}");
            // Where σ is small the model's density at t = 0 is near the data's, and so is its bound.
            let truth = mixture.diffused(&Coefficients { m: 1.0, sigma: 0.0, ..c }).log_density(&[x0]);
            assert!((want - truth).abs() < 0.1, "{sde:?} {x0}: {want} {truth}");
            assert!(found.importance.as_ref().unwrap()[i] >= mean);
        }
    }
}

#[test]
fn draws_depend_neither_on_batch_nor_on_threads() {
    let mixture = Mixture::random(2, 3, 5).unwrap();
    let x: Vec<f64> = (0..12).map(|i| f64::from(i) * 0.2 - 1.0).collect();
    let how = Dequantise { count: 3, bins: Some(&[0.1, 0.2]), start: Start::AtZero };
    let all = run(&mixture, &Sde::vp(), &x, &how, 1, 64).unwrap();
    assert_eq!(all, run(&mixture, &Sde::vp(), &x, &how, 3, 5).unwrap());
    assert_eq!(all.mean[0], run(&mixture, &Sde::vp(), &x[..2], &how, 1, 8).unwrap().mean[0]);
}

#[test]
fn a_draw_that_fails_is_the_row_s_failure() {
    let mixture = two_modes();
    let how = Dequantise { count: 2, bins: Some(&[0.1]), start: Start::AtTMin };
    let found = run(&mixture, &Sde::vp(), &[f64::NAN, 0.3], &how, 1, 8).unwrap();
    assert!(!found.outcomes[0].is_converged() && found.mean[0].is_nan() && found.importance.unwrap()[0].is_nan());
    assert!(found.outcomes[1].is_converged() && found.mean[1].is_finite());
    assert!(run(&mixture, &Sde::vp(), &[0.3], &Dequantise { count: 0, ..how }, 1, 8).is_err());
    assert!(run(&mixture, &Sde::vp(), &[0.3], &Dequantise { bins: Some(&[0.1; 2]), ..how }, 1, 8).is_err());
}

/// The mean of f over a bin of the plane, by the midpoint rule.
fn mean_over_bin(x: [f64; 2], bin: f64, f: impl Fn(&[f64]) -> f64) -> f64 {
    let n = 80;
    let at = |i: i32| (f64::from(i) + 0.5) / f64::from(n) * bin;
    let sum: f64 =
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| f(&[x[0] + at(i), x[1] + at(j)])).sum();
    sum / f64::from(n * n)
}

/// The mean is a lower bound of the bin's chance with probes as without. The mean of p is not: the probes' noise takes it above.
#[test]
fn probes_give_no_importance_weighted_bound() {
    let (sde, bin, count, rows) = (Sde::vp(), 0.4, 100, 60);
    // Narrow and oblique, so that the Jacobian is far from diagonal.
    let mixture = Mixture::random(2, 3, 11).unwrap();
    let q = mixture.diffused(&sde.at(sde.t_min()));
    let x = [-0.3, 0.2];
    let mean = mean_over_bin(x, bin, |x| q.log_density(x));
    let chance = mean_over_bin(x, bin, |x| q.log_density(x).exp()).ln();
    assert!(mean < chance - 0.03, "{mean} {chance}");
    let score = AnalyticScore::new(mixture, sde);
    let how = Dequantise { count, bins: Some(&[bin; 2]), start: Start::AtTMin };
    let workers = Workers::new(2, 64).unwrap();
    let probes = Divergence::Hutchinson { probes: 1, distribution: crate::divergence::ProbeDistribution::Rademacher };
    let x = x.repeat(rows);
    for divergence in [Divergence::Exact {}, probes] {
        let options = LikelihoodOptions { divergence, ..LikelihoodOptions::for_dim(2) };
        let found = dequantised_log_prob::<f64>(&score, &x, &how, &options, &workers, &|_| {}).unwrap();
        let over_rows = MeanSe::of(&found.mean);
        assert!((over_rows.mean - mean).abs() < 4.5 * over_rows.se + 2e-3, "{divergence:?} {over_rows:?} {mean}");
        // The very values of the draws.
        let draws = Draws::new::<f64>(&score, &x, &how, (0, 0), &workers).unwrap();
        let values = log_prob::<f64>(&score, &draws.x, &options, &workers, &|_| {}).unwrap().values;
        let weighted: Vec<f64> = values.chunks_exact(count).map(log_mean_exp).collect();
        let of_weighted = MeanSe::of(&weighted);
        if divergence == probes {
            assert_eq!(found.importance, None);
            assert!(of_weighted.mean > chance + 8.0 * of_weighted.se, "{of_weighted:?} {chance}");
        } else {
            assert_eq!(found.importance, Some(weighted));
            assert!((of_weighted.mean - chance).abs() < 4.5 * of_weighted.se + 5e-3, "{of_weighted:?} {chance}");
        }
    }
}

#[test]
fn a_row_that_is_not_whole_is_refused() {
    let how = Dequantise { count: 2, bins: None, start: Start::AtTMin };
    let mixture = Mixture::random(2, 3, 5).unwrap();
    let asked = run(&mixture, &Sde::vp(), &[0.1, 0.2, 0.3], &how, 1, 8);
    assert!(asked.is_err_and(|e| e.is_request() && e.to_string().contains("3 numbers")));
    let (score, workers) = (AnalyticScore::new(mixture, Sde::vp()), Workers::new(1, 8).unwrap());
    let asked = dequantised_bound::<f64>(&score, &[0.1, 0.2, 0.3], &how, &BoundOptions::for_dim(2), &workers);
    assert!(asked.is_err_and(|e| e.is_request() && e.to_string().contains("3 numbers")));
}

/// With the exact score flow and bound agree, at every kind of draw: they are of the same density. In pieces they are the same.
#[test]
fn the_bound_is_of_the_same_density() {
    let (mixture, sde) = (two_modes(), Sde::vp());
    let score = AnalyticScore::new(mixture.clone(), sde.clone());
    let (x, workers) = (vec![-0.7; 40], Workers::new(2, 16).unwrap());
    for (count, bins, start) in
        [(1, None, Start::AtTMin), (4, Some(&[0.5][..]), Start::AtTMin), (4, None, Start::AtZero)]
    {
        let how = Dequantise { count, bins, start };
        let flow = run(&mixture, &sde, &x, &how, 1, 64).unwrap();
        let options = BoundOptions::for_dim(1);
        let found = dequantised_bound::<f64>(&score, &x, &how, &options, &workers).unwrap();
        let gaps = MeanSe::of(&flow.mean.iter().zip(&found.values).map(|(a, b)| a - b).collect::<Vec<_>>());
        assert!(gaps.mean.abs() < 4.5 * gaps.se + 5e-3 && gaps.se < 0.05, "{count} {start:?} {gaps:?}");
        assert!(found.se.iter().all(|se| *se > 0.0) && found.evaluations == 129 * count as u64);
        let later = BoundOptions { first_row: 30, ..options };
        let piece = dequantised_bound::<f64>(&score, &x[30..], &how, &later, &workers).unwrap();
        assert_eq!(piece.values, found.values[30..]);
    }
}
