//! A harmonic well: every integrator is linear there, and its stationary law a closed form.

use nalgebra::{Matrix3, Vector3};
use proptest::prelude::*;

use super::{Means, errors, integrator, well};
use crate::simulate::draws::Draws;
use crate::simulate::walkers::Walkers;
use crate::simulate::{Dynamics, LogDensity, State};

/// Noise of the test's choice.
struct Given(f64);

impl Draws for Given {
    fn normal(&mut self, z: &mut [f64]) {
        z.fill(self.0);
    }
    fn uniform(&mut self, u: &mut [f64]) {
        // Whatever is proposed is accepted.
        u.fill(0.0);
    }
}

/// One step in one dimension from (x, v) with noise z.
fn step(name: &str, dynamics: &Dynamics, k: f64, x: f64, v: f64, z: f64) -> [f64; 2] {
    let density = well(1, k, dynamics.kt);
    let mut state = State::at_rest(vec![x], 1);
    state.v[0] = v;
    let (mut chains, mut evaluator) = (Walkers::of(&state, 1, 0, 1), density.evaluator(1).unwrap());
    chains.evaluate(evaluator.as_mut(), true);
    (integrator(name).start)(dynamics).step(&mut chains, evaluator.as_mut(), &mut Given(z));
    [chains.x[0], chains.v[0]]
}

/// (x, v) ← A (x, v) + n ξ: A by rows, and n.
fn linear(name: &str, dynamics: &Dynamics, k: f64) -> ([[f64; 2]; 2], [f64; 2]) {
    let of = |x, v, z| step(name, dynamics, k, x, v, z);
    let (x, v, n) = (of(1.0, 0.0, 0.0), of(0.0, 1.0, 0.0), of(0.0, 0.0, 1.0));
    ([[x[0], v[0]], [x[1], v[1]]], n)
}

/// The stationary Var x, Cov(x, v), Var v: P = A P Aᵀ + n nᵀ.
fn stationary(([[a, b], [c, d]], n): ([[f64; 2]; 2], [f64; 2])) -> [f64; 3] {
    let map = Matrix3::new(a * a, 2.0 * a * b, b * b, a * c, a * d + b * c, b * d, c * c, 2.0 * c * d, d * d);
    let noise = Vector3::new(n[0] * n[0], n[0] * n[1], n[1] * n[1]);
    (Matrix3::identity() - map).lu().solve(&noise).unwrap().into()
}

/// The stationary variance of x where there are no velocities.
fn without_velocities(([[a, _], _], n): ([[f64; 2]; 2], [f64; 2])) -> f64 {
    n[0] * n[0] / (1.0 - a * a)
}

/// The stationary variance of x that an integrator has in a well.
fn variance(name: &str, dynamics: &Dynamics, k: f64) -> f64 {
    match name {
        "mala" => dynamics.kt / k,
        "overdamped" => without_velocities(linear(name, dynamics, k)),
        _ => stationary(linear(name, dynamics, k))[0],
    }
}

proptest! {
    #[test]
    fn baoab_has_the_exact_variance_for_every_stable_step(
        k in 0.1..10.0_f64, kt in 0.1..5.0_f64, mass in 0.1..10.0_f64, friction in 0.05..20.0_f64, part in 0.05..1.9_f64,
    ) {
        let omega = (k / mass).sqrt();
        let dynamics = Dynamics { dt: part / omega, kt, mass, friction };
        let [xx, xv, vv] = stationary(linear("baoab", &dynamics, k));
        prop_assert!((xx * k / kt - 1.0).abs() < 1e-7, "{xx} {}", kt / k);
        prop_assert!(xv.abs() < 1e-7 * (kt / k).sqrt() * (kt / mass).sqrt(), "{xv}");
        // Velocities are too cold by (ωΔt)²/4 (Leimkuhler & Matthews 2015, section 7.4).
        prop_assert!((vv * mass / kt - (1.0 - part * part / 4.0)).abs() < 1e-7, "{vv}");
        // The twin: the others are not exact.
        let other = stationary(linear("scoremd", &dynamics, k))[0];
        prop_assert!(other * k / kt - 1.0 > 1e-5, "{other}");
    }

    #[test]
    fn the_others_are_off_by_what_is_known(
        k in 0.1..10.0_f64, kt in 0.1..5.0_f64, mass in 0.1..10.0_f64, friction in 0.1..5.0_f64, part in 0.05..1.9_f64,
    ) {
        let dynamics = Dynamics { dt: part * mass * friction / k, kt, mass, friction };
        let found = variance("overdamped", &dynamics, k);
        let expected = kt / k / (1.0 - dynamics.dt * k / (2.0 * mass * friction));
        prop_assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        // MALA's proposals are the same steps.
        prop_assert_eq!(linear("mala", &dynamics, k), linear("overdamped", &dynamics, k));
        // The matrices of ScoreMD's step, written out.
        let Dynamics { dt, .. } = dynamics;
        let e = (-friction * dt).exp();
        let (pull, noise) = ((1.0 - e) / friction * k / mass, (kt * (1.0 - e * e) / mass).sqrt());
        let (a, n) = linear("scoremd", &dynamics, k);
        let expected = [1.0 - dt * pull, dt * e, -pull, e, dt * noise, noise];
        for (found, expected) in a.concat().iter().chain(&n).zip(expected) {
            prop_assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{found} {expected}");
        }
    }
}

#[test]
fn scoremd_is_too_wide_by_a_part_of_second_order() {
    let bias = |dt| variance("scoremd", &Dynamics::of(dt), 1.0) - 1.0;
    for dt in [0.2, 0.1, 0.05, 0.01] {
        assert!(bias(dt) > 0.0 && bias(dt) < dt * dt, "{dt}: {}", bias(dt));
    }
    let ratio = bias(0.01) / bias(0.005);
    assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
}

/// The driver with its own noise, at steps so long that each integrator's variance is another.
#[test]
fn chains_have_the_variances_that_the_recursions_have() {
    let (k, dynamics) = (4.0, Dynamics { dt: 0.4, kt: 2.0, mass: 2.0, friction: 1.0 });
    let density = well(1, k, dynamics.kt);
    let names = ["baoab", "scoremd", "overdamped", "mala"];
    let truths = names.map(|name| variance(name, &dynamics, k));
    assert_eq!(truths[3], dynamics.kt / k);
    for (name, truth) in names.iter().zip(truths) {
        let start = vec![0.5; 400];
        let means = Means { density: &density, name, dynamics, start, burn_in: 100, frames: 400, every: 3 };
        let [first, square, fourth] = means.of(1, |x, _| [x[0], x[0].powi(2), x[0].powi(4)]);
        assert!(errors(first, 0.0) < 5.0, "{name}: {first:?}");
        assert!(errors(square, truth) < 5.0, "{name}: {square:?} {truth}");
        // All are normal.
        assert!(errors(fourth, 3.0 * truth * truth) < 5.0, "{name}: {fourth:?} {truth}");
        // The twin: the variances of those that are not exact are no others'.
        for (other, wrong) in names.iter().zip(truths).filter(|(_, wrong)| (wrong / truth - 1.0).abs() > 1e-6) {
            assert!(errors(square, wrong) > 5.0, "{name} {other}: {square:?} {wrong}");
        }
    }
}
