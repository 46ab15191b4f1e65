//! The residual and the asymmetry against closed forms, in f64.
#![allow(clippy::unwrap_used, missing_docs)]

use fokker::Workers;
use fokker::conservativity::asymmetry;
use fokker::density::mixture::Mixture;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::residual::residual;
use fokker::rng::{Stream, Streams};
use fokker::score::analytic::AnalyticScore;
use fokker::sde::Sde;
use fokker::stats::MeanSe;
use rand_distr::{Distribution, StandardNormal};

const TIMES: [f64; 5] = [1e-3, 0.01, 0.1, 0.5, 1.0];

fn sdes() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

/// x ~ q_t, ten points for each time.
fn points(mixture: &Mixture, sde: &Sde) -> (Vec<f64>, Vec<f64>) {
    let mut rng: Stream = Streams::new(1).named("points");
    let (mut xs, mut ts) = (Vec::new(), Vec::new());
    for t in TIMES {
        let c = sde.at(t);
        for _ in 0..10 {
            let mut x = vec![0.0; mixture.dim()];
            mixture.sample(&mut rng, &mut x);
            xs.extend(x.iter().map(|x| c.m * x + c.sigma * Distribution::<f64>::sample(&StandardNormal, &mut rng)));
            ts.push(t);
        }
    }
    (xs, ts)
}

#[test]
fn exact_scores_have_no_residual() {
    let workers = Workers::new(2, 7).unwrap();
    for sde in sdes() {
        for dim in [1, 2, 5, 20] {
            let truth = AnalyticScore::new(Mixture::random(dim, 4, 2).unwrap(), sde.clone());
            let (x, t) = points(truth.mixture(), &sde);
            let found = residual(&truth, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
            assert_eq!((found.per_dimension().len(), found.dt_per_dimension().len()), (t.len(), t.len()));
            for (row, (r, dt)) in found.per_dimension().iter().zip(found.dt_per_dimension()).enumerate() {
                assert!(*r < 1e-9 * dt, "{sde:?} D = {dim} row {row}: {r} of {dt}");
                assert!(dt > 0.0);
            }
        }
    }
}

fn multiply(b: &[f64], x: &[f64], transposed: bool) -> Vec<f64> {
    let d = x.len();
    let entry = |i: usize, j: usize| if transposed { b[j * d + i] } else { b[i * d + j] };
    (0..d).map(|i| (0..d).map(|j| entry(i, j) * x[j]).sum()).collect()
}

#[test]
fn a_perturbed_score_has_its_known_residual() {
    let workers = Workers::new(1, 16).unwrap();
    for sde in sdes() {
        for dim in [2, 3, 18] {
            let mixture = Mixture::random(dim, 3, 5).unwrap();
            let b: Vec<f64> = (0..dim * dim).map(|k| ((k * 7 % 11) as f64 - 4.0) * 0.1).collect();
            let score = AnalyticScore::new(mixture.clone(), sde.clone()).perturbed(b.clone());
            let (xs, ts) = points(&mixture, &sde);
            let found = residual(&score, &xs, &ts, Divergence::Exact {}, 0, &workers).unwrap();
            for (row, &t) in ts.iter().enumerate() {
                let (x, c) = (&xs[row * dim..(row + 1) * dim], sde.at(t));
                let q = mixture.diffused(&c);
                let (mut s, mut j_bx) = (vec![0.0; dim], vec![0.0; dim]);
                q.score(x, &mut s);
                let (bx, btx) = (multiply(&b, x, false), multiply(&b, x, true));
                q.jvp(x, &bx, &mut j_bx);
                let (bts, btbx) = (multiply(&b, &s, true), multiply(&b, &bx, true));
                let got = &found.residual[row * dim..(row + 1) * dim];
                let want: Vec<f64> = (0..dim)
                    .map(|i| bx[i] - c.g2 * t * (bts[i] + j_bx[i] + t * btbx[i]) + c.a * t * (bx[i] + btx[i]))
                    .collect();
                let scale = want.iter().map(|w| w * w).sum::<f64>().sqrt()
                    + 1e-3 * found.dt[row * dim..(row + 1) * dim].iter().map(|w| w * w).sum::<f64>().sqrt();
                let error = got.iter().zip(&want).map(|(g, w)| (g - w).powi(2)).sum::<f64>().sqrt();
                assert!(error < 1e-8 * scale, "{sde:?} D = {dim} t = {t}: {error} of {scale}");
                assert!(want.iter().any(|w| w.abs() > 1e-3));
            }
        }
    }
}

#[test]
fn probes_are_unbiased_for_the_residual_vector() {
    // ε is linear in the divergence, so its mean over probes is the exact one: zero for the truth, and not for another score.
    let sde = Sde::vp();
    let truth = AnalyticScore::new(Mixture::random(4, 3, 2).unwrap(), sde.clone());
    let wrong = truth.clone().perturbed((0..16).map(|k| f64::from(k * 7 % 11) - 4.0).collect());
    let workers = Workers::new(2, 50).unwrap();
    let (x, _) = points(truth.mixture(), &sde);
    let point = &x[30 * 4..31 * 4];
    let n = 20_000;
    let many: Vec<f64> = (0..n).flat_map(|_| point.to_vec()).collect();
    for distribution in [ProbeDistribution::Rademacher, ProbeDistribution::Gaussian] {
        let divergence = Divergence::Hutchinson { probes: 2, distribution };
        for (score, right) in [(&truth, true), (&wrong, false)] {
            let exact = residual(score, point, &[0.3], Divergence::Exact {}, 0, &workers).unwrap().residual;
            let found = residual(score, &many, &vec![0.3; n], divergence, 3, &workers).unwrap();
            assert_eq!((found.residual.len(), exact.len()), (4 * n, 4));
            for (i, exact) in exact.iter().enumerate() {
                let component: Vec<f64> = found.residual.iter().skip(i).step_by(4).copied().collect();
                let mean = MeanSe::of(&component);
                assert!((mean.mean - exact).abs() < 4.5 * mean.se, "{distribution:?} component {i}: {mean:?}");
                assert!(mean.se > 0.0 && (right || mean.mean.abs() > 20.0 * mean.se), "{distribution:?} {mean:?}");
            }
        }
    }
}

#[test]
fn asymmetry_is_zero_for_a_gradient_and_known_for_a_swirl() {
    let workers = Workers::new(2, 16).unwrap();
    let sde = Sde::vp();
    let mixture = Mixture::random(3, 3, 5).unwrap();
    let (x, t) = points(&mixture, &sde);
    let truth = AnalyticScore::new(mixture.clone(), sde.clone());
    let found = asymmetry(&truth, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
    assert!(found.normalised.iter().all(|&n| n < 1e-20));
    // J = J_truth + t B with B skew: ‖J − Jᵀ‖² = 4 t² ‖B‖², and ‖J‖² = ‖J_truth‖² + t² ‖B‖².
    let b = vec![0.0, 1.0, -2.0, -1.0, 0.0, 0.5, 2.0, -0.5, 0.0];
    let square: f64 = b.iter().map(|v| v * v).sum();
    let swirl = AnalyticScore::new(mixture.clone(), sde.clone()).perturbed(b);
    let exact = asymmetry(&swirl, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
    for (row, &t) in t.iter().enumerate() {
        let want = 4.0 * t * t * square;
        assert!((exact.absolute[row] - want).abs() < 1e-10 * want);
        let mut j = vec![0.0; 9];
        mixture.diffused(&sde.at(t)).jacobian(&x[row * 3..row * 3 + 3], &mut j);
        let norm = j.iter().map(|v| v * v).sum::<f64>() + t * t * square;
        assert!((exact.normalised[row] - want / (4.0 * norm)).abs() < 1e-10);
    }
    // Probes give the same mean.
    let n = 20_000;
    let many: Vec<f64> = (0..n).flat_map(|_| x[90..93].to_vec()).collect();
    let divergence = Divergence::Hutchinson { probes: 1, distribution: ProbeDistribution::Gaussian };
    let probed = asymmetry(&swirl, &many, &vec![t[30]; n], divergence, 0, &workers).unwrap();
    let mean = MeanSe::of(&probed.absolute);
    assert!((mean.mean - exact.absolute[30]).abs() < 4.5 * mean.se, "{mean:?} {}", exact.absolute[30]);
    assert!(mean.se < 0.02 * mean.mean, "{mean:?} says nothing");
}
