//! Against densities that are known.

use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::density::mixture::Mixture;
use crate::rng::Streams;
use crate::sde::Sde;

fn rows(mixture: &Mixture, count: usize, seed: u64) -> Vec<f64> {
    let mut rows = vec![0.0; count * mixture.dim()];
    mixture.sample(&mut Streams::new(seed).named("rows"), &mut rows);
    rows
}

/// Mean log-density of rows.
fn mean(rows: &[f64], dim: usize, log_density: impl Fn(&[f64]) -> f64) -> f64 {
    rows.chunks_exact(dim).map(log_density).sum::<f64>() / (rows.len() / dim) as f64
}

#[test]
fn one_component_is_the_gaussian_of_mean_and_covariance() {
    // x, and y = 2x + noise, in units far from one.
    let mut rng = Streams::new(0).named("test");
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let rows: Vec<f64> = (0..4000)
        .flat_map(|_| {
            let x = 1e3 * normal();
            [x + 5e3, 2.0 * x + 1e3 * normal()]
        })
        .collect();
    let fitted = Gaussians::fit(&rows, 2, 1, 0).unwrap();
    // N: det C = 10¹², −½ log((2π)² det C) at the mean.
    let at_mean = fitted.log_density(&[5e3, 0.0]);
    let expected = -std::f64::consts::TAU.ln() - 0.5 * 1e12_f64.ln();
    assert!((at_mean - expected).abs() < 0.05, "{at_mean} {expected}");
    // −E log p is the entropy, 1 + log 2π + ½ log det C.
    let nll = -mean(&rows, 2, |x| fitted.log_density(x));
    assert!((nll - (1.0 - expected)).abs() < 0.05, "{nll}");
}

#[test]
fn a_mixture_is_found_and_one_gaussian_is_worse() {
    let ring = Mixture::ring(4, 1.5, 0.15).unwrap();
    let (train, test) = (rows(&ring, 3000, 1), rows(&ring, 3000, 2));
    let truth = ring.diffused(&Sde::vp().at(1e-9));
    let entropy = -mean(&test, 2, |x| truth.log_density(x));
    let nll = |components: usize| {
        let fitted = Gaussians::fit(&train, 2, components, 3).unwrap();
        -mean(&test, 2, |x| fitted.log_density(x)) - entropy
    };
    let (one, four) = (nll(1), nll(4));
    assert!(four > 0.0 && four < 0.03, "{four}");
    assert!(one > 0.5, "{one}");
}

#[test]
fn kernels_come_near_the_truth_and_nearer_with_more_rows() {
    let ring = Mixture::ring(8, 1.5, 0.15).unwrap();
    let test = rows(&ring, 2000, 2);
    let truth = ring.diffused(&Sde::vp().at(1e-9));
    let entropy = -mean(&test, 2, |x| truth.log_density(x));
    let gap = |count: usize| {
        let fitted = Kernels::fit(&rows(&ring, count, 1), 2).unwrap();
        -mean(&test, 2, |x| fitted.log_density(x)) - entropy
    };
    let (few, many) = (gap(100), gap(2000));
    assert!(many > 0.0 && many < 0.15 && few > many + 0.1, "{few} {many}");
}

#[test]
fn densities_integrate_to_one() {
    let ring = Mixture::ring(3, 1.0, 0.2).unwrap();
    let train = rows(&ring, 300, 4);
    let (mixture, kernels) = (Gaussians::fit(&train, 2, 3, 0).unwrap(), Kernels::fit(&train, 2).unwrap());
    let step = 0.02;
    let places: Vec<f64> = (-150..=150).map(|i| f64::from(i) * step).collect();
    for density in
        [&|x: &[f64]| mixture.log_density(x), &|x: &[f64]| kernels.log_density(x)] as [&dyn Fn(&[f64]) -> f64; 2]
    {
        let total: f64 =
            places.iter().flat_map(|&x| places.iter().map(move |&y| [x, y])).map(|x| density(&x).exp()).sum();
        assert!((total * step * step - 1.0).abs() < 1e-3, "{}", total * step * step);
    }
}

#[test]
fn what_cannot_be_fitted_is_not() {
    assert!(Gaussians::fit(&[1.0, 2.0], 2, 1, 0).is_none());
    assert!(Gaussians::fit(&[1.0, 5.0, 1.0, 6.0, 1.0, 7.5, 1.0, 8.0], 2, 1, 0).is_none(), "a constant column");
    assert!(Kernels::fit(&[1.0, 5.0, 1.0, 6.0, 1.0, 7.5, 1.0, 8.0], 2).is_none());
    assert!(Gaussians::fit(&[], 1, 1, 0).is_none() && Kernels::fit(&[1.0], 0).is_none());
}
