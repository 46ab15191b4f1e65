//! Closed forms against central differences, the score FPE, hand-made Gaussians and samples.

use super::component::{add_scaled, dot};
use super::*;
use crate::sde::{Coefficients, Sde};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::slice;

type Any = Result<(), Box<dyn std::error::Error>>;

fn all() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

/// A random mixture, a point of its q_t, two directions: a setting for every derivative test.
struct Setting {
    mixture: Mixture,
    c: Coefficients,
    x: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    /// The length over which q_t varies.
    ell: f64,
}

fn setting(sde: &Sde, dim: usize, k: usize, seed: u64, t: f64) -> Result<Setting, MixtureError> {
    let (mixture, c) = (Mixture::random(dim, k, seed)?, sde.at(t));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0xabc);
    let mut normal = || -> Vec<f64> { (0..dim).map(|_| StandardNormal.sample(&mut rng)).collect() };
    let (z, u, v) = (normal(), normal(), normal());
    let mut x = vec![0.0; dim];
    mixture.sample(&mut rng, &mut x);
    x.iter_mut().zip(&z).for_each(|(x, z)| *x = c.m * *x + c.sigma * z);
    let ell = (0.05 * c.m * c.m + c.sigma * c.sigma).sqrt();
    Ok(Setting { mixture, c, x, u, v, ell })
}

/// Fourth-order central difference of a vector-valued function of one number, at 0.
fn slope(h: f64, f: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let (a, b, c, d) = (f(h), f(-h), f(2.0 * h), f(-2.0 * h));
    (0..a.len()).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / (12.0 * h)).collect()
}

fn filled(len: usize, f: impl Fn(&mut [f64])) -> Vec<f64> {
    // NaN shows any entry left unwritten.
    let mut out = vec![f64::NAN; len];
    f(&mut out);
    out
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

impl Setting {
    fn q(&self) -> Diffused<'_> {
        self.mixture.diffused(&self.c)
    }
    fn len(&self) -> usize {
        self.x.len()
    }
    /// d/dh f(x + h u) at 0.
    fn along(&self, u: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
        slope(3e-4 * self.ell, |h| {
            let x: Vec<f64> = self.x.iter().zip(u).map(|(x, u)| x + h * u).collect();
            f(&x)
        })
    }
    /// How far two `order`-th x-derivatives of ln q_t are apart, in q_t's own length unit.
    fn apart(&self, order: i32, got: &[f64], want: &[f64]) -> f64 {
        let unit = self.ell.powi(-order) * (1.0 + norm(&self.u)) * (1.0 + norm(&self.v));
        gap(got, want) / (norm(got) + unit)
    }
    /// The score FPE's right side from its four terms: ½g²∇div s, g²Js, −as, −aJx.
    fn fpe_terms(&self, x: &[f64]) -> [Vec<f64>; 4] {
        let (q, n, c) = (self.q(), x.len(), self.c);
        let scaled = |k: f64, v: Vec<f64>| v.into_iter().map(|v| k * v).collect::<Vec<_>>();
        let s = filled(n, |o| q.score(x, o));
        let j = filled(n * n, |o| q.jacobian(x, o));
        let times = |v: &[f64]| j.chunks_exact(n).map(|row| dot(row, v)).collect::<Vec<_>>();
        [
            scaled(0.5 * c.g2, filled(n, |o| q.grad_divergence(x, o))),
            scaled(c.g2, times(&s)),
            scaled(-c.a, s),
            scaled(-c.a, times(x)),
        ]
    }
}

/// Σ scaleᵢ termᵢ, and the terms' total size.
fn combine(terms: &[Vec<f64>; 4], scales: [f64; 4]) -> (Vec<f64>, f64) {
    let mut sum = vec![0.0; terms[0].len()];
    terms.iter().zip(scales).for_each(|(t, s)| add_scaled(s, t, &mut sum));
    (sum, terms.iter().map(|t| norm(t)).sum())
}

proptest! {
    #[test]
    fn x_derivatives_match_differences(
        dim in 1_usize..6, k in 1_usize..5, seed: u64, exponent in -6.0_f64..0.0
    ) {
        for sde in all() {
            let case = setting(&sde, dim, k, seed, 10_f64.powf(exponent))?;
            let (q, n, x, u, v) = (case.q(), case.len(), &case.x, &case.u, &case.v);
            let s = |x: &[f64]| filled(n, |o| q.score(x, o));
            let jv = filled(n, |o| q.jvp(x, v, o));
            let huv = filled(n, |o| q.second(x, u, v, o));

            // Steps of 3e-4 leave rounding's 1e-16/3e-4, and little else.
            let most = 1e-10;
            prop_assert!(case.apart(1, &[dot(&s(x), u)], &case.along(u, |x| vec![q.log_density(x)])) < most);
            prop_assert!(case.apart(2, &jv, &case.along(v, s)) < most);
            let moved = case.along(u, |x| filled(n, |o| q.jvp(x, v, o)));
            prop_assert!(case.apart(3, &huv, &moved) < most, "{sde:?} {huv:?} {moved:?}");
            let grad = filled(n, |o| q.grad_divergence(x, o));
            let moved = case.along(u, |x| vec![q.divergence(x)]);
            prop_assert!(case.apart(3, &[dot(&grad, u)], &moved) < most);
        }
    }

    #[test]
    fn t_derivatives_match_differences(
        dim in 1_usize..6, k in 1_usize..5, seed: u64, exponent in -3.0_f64..0.0
    ) {
        let t = 10_f64.powf(exponent);
        for sde in all() {
            let case = setting(&sde, dim, k, seed, t)?;
            let (q, n, x) = (case.q(), case.len(), &case.x);
            let later = |h: f64| case.mixture.diffused(&sde.at(t + h));
            let ds = filled(n, |o| q.dt(x, o));
            // Rounding once more, over steps of 3e-7 at the least.
            let most = 3e-8;
            let moved = slope(3e-4 * t, |h| filled(n, |o| later(h).score(x, o)));
            prop_assert!(case.apart(1, &ds, &moved) < most, "{sde:?} t={t} {ds:?} {moved:?}");
            let moved = slope(3e-4 * t, |h| vec![later(h).log_density(x)]);
            prop_assert!(case.apart(0, &[q.dt_log_density(x)], &moved) < most);
        }
    }

    #[test]
    fn forms_agree_with_one_another(
        dim in 1_usize..6, k in 1_usize..5, seed: u64, exponent in -6.0_f64..0.0
    ) {
        for sde in all() {
            let case = setting(&sde, dim, k, seed, 10_f64.powf(exponent))?;
            let (q, n, x, u, v) = (case.q(), case.len(), &case.x, &case.u, &case.v);
            let j = filled(n * n, |o| q.jacobian(x, o));
            let near = |a: &[f64], b: &[f64]| gap(a, b) <= 1e-11 * (norm(a) + norm(&j) + case.ell.powi(-3));
            let jv: Vec<f64> = j.chunks_exact(n).map(|row| dot(row, v)).collect();
            prop_assert!(near(&filled(n, |o| q.jvp(x, v, o)), &jv));
            let trace: f64 = j.iter().step_by(n + 1).sum();
            prop_assert!(near(&[q.divergence(x)], &[trace]));
            let (uv, vu) = (filled(n, |o| q.second(x, u, v, o)), filled(n, |o| q.second(x, v, u, o)));
            prop_assert!(near(&uv, &vu));
            let mut laplace = vec![0.0; n];
            for i in 0..n {
                let unit: Vec<f64> = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
                add_scaled(1.0, &filled(n, |o| q.second(x, &unit, &unit, o)), &mut laplace);
            }
            prop_assert!(near(&filled(n, |o| q.grad_divergence(x, o)), &laplace));
        }
    }

    #[test]
    fn score_fpe_holds(dim in 1_usize..8, k in 1_usize..6, seed: u64, exponent in -6.0_f64..0.0) {
        for sde in all() {
            let case = setting(&sde, dim, k, seed, 10_f64.powf(exponent))?;
            let (q, c, x) = (case.q(), case.c, &case.x);
            let ds = filled(x.len(), |o| q.dt(x, o));
            let (rhs, size) = combine(&case.fpe_terms(x), [1.0; 4]);
            prop_assert!(gap(&ds, &rhs) <= 1e-9 * (size + norm(&ds)), "{sde:?} {ds:?} {rhs:?}");

            let s = filled(x.len(), |o| q.score(x, o));
            let terms = [0.5 * c.g2 * q.divergence(x), 0.5 * c.g2 * dot(&s, &s),
                -c.a * dot(x, &s), -c.a * dim as f64];
            let size: f64 = terms.iter().map(|t| t.abs()).sum();
            let phi: f64 = terms.iter().sum();
            prop_assert!((q.dt_log_density(x) - phi).abs() <= 1e-9 * size);
        }
    }
}

#[test]
fn score_fpe_fails_for_a_wrong_right_side() -> Any {
    for sde in all() {
        let case = setting(&sde, 3, 4, 7, 0.2)?;
        let ds = filled(3, |o| case.q().dt(&case.x, o));
        let terms = case.fpe_terms(&case.x);
        let wrong: &[[f64; 4]] =
            &[[0.9, 1.0, 1.0, 1.0], [1.0, 0.9, 1.0, 1.0], [1.0, 1.0, 0.9, 1.0], [1.0, 1.0, 1.0, 0.9]];
        // Under VE the drift terms are 0 and nothing to get wrong.
        let count = if case.c.a == 0.0 { 2 } else { 4 };
        for scales in &wrong[..count] {
            let (rhs, size) = combine(&terms, *scales);
            assert!(gap(&ds, &rhs) > 1e-4 * size, "{sde:?} {scales:?}");
        }
    }
    Ok(())
}

#[test]
fn one_gaussian_by_hand() -> Any {
    let mixture = Mixture::new(&[2.0], &[vec![1.0, -1.0]], &[vec![0.5, 0.2, 0.2, 0.3]])?;
    let c = Sde::vp().at(0.15);
    let (m2, s2) = (c.m * c.m, c.sigma * c.sigma);
    let (p, q, r) = (0.5 * m2 + s2, 0.2 * m2, 0.3 * m2 + s2);
    let det = p * r - q * q;
    let x = [0.4, 0.7];
    let d = [x[0] - c.m, x[1] + c.m];
    let want = [-(r * d[0] - q * d[1]) / det, -(p * d[1] - q * d[0]) / det];
    let log_q = 0.5 * dot(&d, &want) - 0.5 * det.ln() - std::f64::consts::TAU.ln();
    let diffused = mixture.diffused(&c);
    assert!(gap(&filled(2, |o| diffused.score(&x, o)), &want) < 1e-13);
    assert!((diffused.log_density(&x) - log_q).abs() < 1e-13);
    let j = filled(4, |o| diffused.jacobian(&x, o));
    assert!(gap(&j, &[-r / det, q / det, q / det, -p / det]) < 1e-13);
    Ok(())
}

#[test]
fn two_gaussians_by_hand() -> Any {
    // D = 1: q = ¼ N(−m, v) + ¾ N(m, v), s = (−x + m tanh(m x/v + ½ ln 3))/v.
    let mixture = Mixture::isotropic(&[1.0, 3.0], &[vec![-1.0], vec![1.0]], 0.5)?;
    let c = Sde::sub_vp().at(0.2);
    let v = 0.25 * c.m * c.m + c.sigma * c.sigma;
    for x in [-1.0, 0.0, 0.3, 2.0] {
        let th = (c.m * x / v + 0.5 * 3.0_f64.ln()).tanh();
        let q = mixture.diffused(&c);
        let want = [(c.m * th - x) / v, (c.m * c.m * (1.0 - th * th) / v - 1.0) / v];
        let got = [filled(1, |o| q.score(&[x], o))[0], q.divergence(&[x])];
        assert!(gap(&got, &want) < 1e-12);
        let third = -2.0 * (c.m / v).powi(3) * th * (1.0 - th * th);
        assert!(gap(&filled(1, |o| q.grad_divergence(&[x], o)), &[third]) < 1e-11);
    }
    Ok(())
}

#[test]
fn curvature_vanishes_for_one_component_only() -> Any {
    for (k, curved) in [(1, false), (2, true)] {
        let case = setting(&Sde::vp(), 3, k, 3, 0.3)?;
        let h = filled(3, |o| case.q().second(&case.x, &case.u, &case.v, o));
        assert_eq!(norm(&h) > 1e-6, curved);
        assert!(curved || norm(&h) == 0.0);
    }
    Ok(())
}

#[test]
fn a_standard_normal_stands_still_under_vp_only() -> Any {
    let mixture = Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?;
    for (sde, moves) in all().into_iter().zip([false, true, true]) {
        let q = mixture.diffused(&sde.at(0.4));
        let speed = norm(&filled(2, |o| q.dt(&[0.5, -1.0], o))) + q.dt_log_density(&[0.5, -1.0]).abs();
        assert_eq!(speed > 1e-3, moves, "{sde:?}");
        assert!(moves || speed < 1e-12);
    }
    Ok(())
}

#[test]
fn round_components_equal_full_ones() -> Any {
    let means = [vec![-1.0, 0.2, 0.0], vec![1.0, 0.0, 0.5]];
    let round = Mixture::isotropic(&[1.0, 2.0], &means, 0.3)?;
    let cov = vec![0.09, 0.0, 0.0, 0.0, 0.09, 0.0, 0.0, 0.0, 0.09];
    let full = Mixture::new(&[10.0, 20.0], &means, &[cov.clone(), cov])?;
    let other = Mixture::isotropic(&[1.0, 2.1], &means, 0.3)?;
    let (c, x) = (Sde::ve().at(0.3), [0.1, 0.2, -0.3]);
    let third = |m: &Mixture| filled(3, |o| m.diffused(&c).second(&x, &[1.0, 0.0, 2.0], &x, o));
    let rate = |m: &Mixture| filled(3, |o| m.diffused(&c).dt(&x, o));
    for f in [&third as &dyn Fn(&Mixture) -> Vec<f64>, &rate] {
        assert!(gap(&f(&round), &f(&full)) < 1e-10 * norm(&f(&full)));
        assert!(gap(&f(&round), &f(&other)) > 1e-4 * norm(&f(&full)));
    }
    Ok(())
}

#[test]
fn far_points_do_not_underflow() -> Any {
    let q_t = Mixture::ring(5, 1.0, 0.05)?;
    let q = q_t.diffused(&Sde::vp().at(1e-6));
    let x = [400.0, 0.0];
    assert!(q.log_density(&x) < -1e7 && q.log_density(&x).is_finite());
    let s = filled(2, |o| q.score(&x, o));
    assert!((s[0] + 399.0 / 0.0025).abs() < 20.0 && s[1].abs() < 1e-6);
    Ok(())
}

#[test]
fn samples_have_the_mixture_s_moments() -> Any {
    let means = [vec![-1.0, 0.5], vec![1.0, 0.0]];
    let covs = [vec![0.2, 0.1, 0.1, 0.3], vec![0.1, -0.05, -0.05, 0.4]];
    let mixture = Mixture::new(&[1.0, 3.0], &means, &covs)?;
    let w = [0.25, 0.75];
    let mean = [0.5, 0.125];
    let mut want = [0.0; 4];
    for k in 0..2 {
        let d = [means[k][0] - mean[0], means[k][1] - mean[1]];
        for i in 0..4 {
            want[i] += w[k] * (covs[k][i] + d[i / 2] * d[i % 2]);
        }
    }
    let mut points = vec![0.0; 2 * 200_000];
    mixture.sample(&mut Xoshiro256PlusPlus::seed_from_u64(5), &mut points);
    let mut got_mean = [0.0; 2];
    let mut got = [0.0; 4];
    for x in points.chunks_exact(2) {
        add_scaled(1.0 / 200_000.0, x, &mut got_mean);
        for i in 0..4 {
            got[i] += (x[i / 2] - mean[i / 2]) * (x[i % 2] - mean[i % 2]) / 200_000.0;
        }
    }
    // Standard errors are near 0.003; the off-diagonal −0.10 would show a transposed Q.
    assert!(gap(&got_mean, &mean) < 0.01 && gap(&got, &want) < 0.015, "{got_mean:?} {got:?} {want:?}");
    assert!(want[1].abs() > 0.05);
    Ok(())
}

#[test]
fn random_is_deterministic_and_in_range() -> Any {
    let text = |m: &Mixture| format!("{m:?}");
    let mixture = Mixture::random(4, 6, 9)?;
    assert_eq!(text(&mixture), text(&Mixture::random(4, 6, 9)?));
    assert_ne!(text(&mixture), text(&Mixture::random(4, 6, 10)?));
    let total: f64 = mixture.components.iter().map(|c| c.weight).sum();
    assert!((total - 1.0).abs() < 1e-14);
    for c in &mixture.components {
        assert!((1.2..1.8).contains(&norm(&c.mean)));
        assert!(c.variances.iter().all(|v| (0.05..0.5).contains(v)));
        let axes = c.axes.as_deref().unwrap_or_default();
        for (i, a) in axes.chunks_exact(4).enumerate() {
            for (j, b) in axes.chunks_exact(4).enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(i == j))).abs() < 1e-13);
            }
        }
        assert!(axes.len() == 16 && axes[1].abs() > 1e-6);
    }
    Ok(())
}

#[test]
fn bad_mixtures_are_refused() {
    use MixtureError as E;
    let one = |w: f64, mean: Vec<f64>, cov: Vec<f64>| Mixture::new(&[w], &[mean], &[cov]).err();
    let (z, id) = (vec![0.0; 2], vec![1.0, 0.0, 0.0, 1.0]);
    assert_eq!(one(1.0, z.clone(), id.clone()), None);
    assert_eq!(Mixture::new(&[], &[], &[]).err(), Some(E::Empty));
    assert_eq!(one(1.0, vec![], vec![]), Some(E::Empty));
    assert_eq!(Mixture::random(0, 2, 0).err(), Some(E::Empty));
    assert_eq!(Mixture::random(2, 0, 0).err(), Some(E::Empty));
    assert_eq!(Mixture::ring(0, 1.0, 0.1).err(), Some(E::Empty));
    let few = Mixture::new(&[1.0; 2], slice::from_ref(&z), &[id.clone(), id.clone()]).err();
    assert_eq!(few, Some(E::Count { what: "means", expected: 2, found: 1 }));
    let none = Mixture::new(&[1.0], &[], slice::from_ref(&id)).err();
    assert_eq!(none, Some(E::Count { what: "means", expected: 1, found: 0 }));
    let few = Mixture::new(&[1.0; 2], &[z.clone(), z.clone()], slice::from_ref(&id)).err();
    assert_eq!(few, Some(E::Count { what: "covariances", expected: 2, found: 1 }));
    let ragged = Mixture::isotropic(&[1.0; 2], &[z.clone(), vec![0.0]], 1.0).err();
    assert_eq!(ragged, Some(E::Shape { what: "mean", component: 1, expected: 2, found: 1 }));
    let short = one(1.0, z.clone(), vec![1.0; 3]);
    assert_eq!(short, Some(E::Shape { what: "covariance", component: 0, expected: 4, found: 3 }));
    for w in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(one(w, z.clone(), id.clone()), Some(E::Weight { component: 0, value: w }));
    }
    assert!(matches!(one(f64::NAN, z.clone(), id.clone()), Some(E::Weight { .. })));
    let sum = Mixture::isotropic(&[1e308; 2], &[z.clone(), z.clone()], 1.0).err();
    assert_eq!(sum, Some(E::Weight { component: 0, value: 1e308 }));
    let nan = one(1.0, vec![f64::NAN, 0.0], id.clone());
    assert_eq!(nan, Some(E::NonFinite { what: "mean", component: 0 }));
    let nan = one(1.0, z.clone(), vec![f64::NAN, 0.0, 0.0, 1.0]);
    assert_eq!(nan, Some(E::NonFinite { what: "covariance", component: 0 }));
    assert!(matches!(Mixture::ring(3, f64::NAN, 0.1).err(), Some(E::NonFinite { .. })));
    for std in [0.0, -0.1, f64::INFINITY, 1e-200] {
        assert_eq!(Mixture::ring(3, 1.0, std).err(), Some(E::Std { value: std }));
    }
    let skew = one(1.0, z.clone(), vec![1.0, 0.1, 0.2, 1.0]);
    assert_eq!(skew, Some(E::NotSymmetric { component: 0, row: 1, column: 0 }));
    for scale in [1e-300, 1e300, 1.7e308] {
        let refused = one(1.0, z.clone(), id.iter().map(|v| v * scale).collect());
        assert_eq!(refused, None);
    }
    for cov in [vec![1.0; 4], vec![1.0, 2.0, 2.0, 1.0], vec![0.0; 4], vec![-1.0, 0.0, 0.0, -1.0]] {
        let refused = one(1.0, z.clone(), cov);
        assert!(matches!(refused, Some(E::NotPositiveDefinite { component: 0, .. })), "{refused:?}");
    }
}
