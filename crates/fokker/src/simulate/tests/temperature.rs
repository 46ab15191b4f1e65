//! The temperature of velocities, and of positions.

use super::{Dynamics, LogDensityFn, Means, errors};
use crate::data::Scaling;
use crate::density::mixture::Mixture;
use crate::score::analytic::AnalyticScore;
use crate::sde::Sde;
use crate::simulate::ScoreGradient;

/// U = ¼ x⁴ + ½ y² + ½ x y, which is no sum of its coordinates'.
fn force(x: &[f64]) -> [f64; 2] {
    [-x[0].powi(3) - 0.5 * x[1], -x[1] - 0.5 * x[0]]
}

/// m⟨v²⟩ and −⟨x·F⟩, each divided by D: both are kT.
fn temperatures(name: &str, kt: f64, dt: f64) -> [crate::stats::MeanSe; 2] {
    let density = LogDensityFn::new(2, |x, gradient| {
        gradient.iter_mut().zip(force(x)).for_each(|(g, force)| *g = force / kt);
        -(0.25 * x[0].powi(4) + 0.5 * x[1] * x[1] + 0.5 * x[0] * x[1]) / kt
    });
    let dynamics = Dynamics { kt, mass: 2.0, ..Dynamics::of(dt) };
    let every = (0.5 / dt) as u64;
    let start = vec![0.5; 400];
    let means = Means { density: &density, name, dynamics, start, burn_in: 40 * every, frames: 200, every };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    means.of(3, |x, v| [2.0 * dot(v, v) / 2.0, -dot(x, &force(x)) / 2.0])
}

#[test]
fn both_temperatures_are_k_t() {
    for (name, dt) in [("baoab", 0.05), ("scoremd", 0.0025)] {
        let [kinetic, configurational] = temperatures(name, 0.7, dt);
        // The steps' own errors: of order Δt² for BAOAB, of order Δt in ScoreMD's velocities.
        for found in [kinetic, configurational] {
            assert!(((found.mean - 0.7).abs() - 0.002).max(0.0) / found.se < 5.0, "{name}: {found:?}");
            assert!(errors(found, 0.8) > 5.0, "{name}: {found:?}");
        }
    }
    let [kinetic, configurational] = temperatures("mala", 0.7, 0.5);
    assert!(errors(configurational, 0.7) < 5.0, "{configurational:?}");
    assert_eq!(kinetic.mean, 0.0);
}

#[test]
fn a_free_particle_s_velocity_is_thermal_for_every_step() {
    let flat = LogDensityFn::new(1, |_, gradient| {
        gradient[0] = 0.0;
        0.0
    });
    for name in ["baoab", "scoremd"] {
        let dynamics = Dynamics { dt: 0.8, kt: 1.5, mass: 3.0, friction: 0.6 };
        let start = vec![0.0; 400];
        let means = Means { density: &flat, name, dynamics, start, burn_in: 0, frames: 100, every: 3 };
        let [square, fourth] = means.of(4, |_, v| [v[0].powi(2), v[0].powi(4)]);
        assert!(errors(square, 0.5) < 5.0 && errors(fourth, 0.75) < 5.0, "{name} {square:?} {fourth:?}");
        assert!(errors(square, 0.55) > 5.0, "{name} {square:?}");
    }
}

/// A model's score, in the units of its data: at kT = 23 as at any other the chains are where the data are.
#[test]
fn a_score_s_chains_are_where_its_data_are() {
    let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0).unwrap(), Sde::vp());
    let scaling = Scaling::new(vec![3.0, -1.0], vec![2.0, 0.5]).unwrap();
    let density = ScoreGradient::<f64>::new(&score, 1e-3, scaling);
    let dynamics = Dynamics { kt: 23.0, mass: 0.5, ..Dynamics::of(0.1) };
    let start = [3.0, -1.0].repeat(400);
    let means = Means { density: &density, name: "baoab", dynamics, start, burn_in: 400, frames: 200, every: 20 };
    let found = means.of(5, |x, _| [x[0], x[1], (x[0] - 3.0).powi(2), (x[1] + 1.0).powi(2)]);
    for (found, truth) in found.into_iter().zip([3.0, -1.0, 4.0, 0.25]) {
        assert!(errors(found, truth) < 5.0, "{found:?} {truth}");
    }
    assert!(errors(found[2], 1.0) > 5.0 && errors(found[3], 1.0) > 5.0);
}
