//! Known solutions in both directions, fitted orders, independence of rows, failures.

use super::tableau::{ERROR_WEIGHTS, NODES, STAGE_WEIGHTS};
use super::*;
use crate::rng::{Stream, Streams};
use crate::testing::worst;
use rand_distr::{Distribution, StandardNormal};

/// dy/dt = f(row, t, y), counting calls and rows.
struct Made<F> {
    rate: F,
    calls: usize,
    rows: usize,
}

fn made<F: FnMut(usize, f64, &[f64], &mut [f64])>(rate: F) -> Made<F> {
    Made { rate, calls: 0, rows: 0 }
}

impl<F: FnMut(usize, f64, &[f64], &mut [f64])> System for Made<F> {
    fn rate(&mut self, rows: &[usize], t: &[f64], y: &[f64], dy: &mut [f64]) {
        self.calls += 1;
        self.rows += rows.len();
        let dim = y.len() / rows.len();
        for (i, (&row, &t)) in rows.iter().zip(t).enumerate() {
            let at = i * dim..(i + 1) * dim;
            (self.rate)(row, t, &y[at.clone()], &mut dy[at]);
        }
    }
}

/// y′ = −2t y² and z′ = cos(3t) z, from (1, 1) at t = 0: y = 1/(1 + t²), z = exp(sin(3t)/3).
fn problem(_: usize, t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = -2.0 * t * y[0] * y[0];
    dy[1] = (3.0 * t).cos() * y[1];
}

fn solution(t: f64) -> [f64; 2] {
    [1.0 / (1.0 + t * t), ((3.0 * t).sin() / 3.0).exp()]
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    worst(a.iter().zip(b).map(|(a, b)| (a - b).abs()))
}

fn solver(tolerance: f64) -> Dopri5 {
    Dopri5 { tolerance: Tolerance::both(tolerance), ..Dopri5::default() }
}

/// The slope of a line through (ln x, ln y).
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x.ln() / n, b + y.ln() / n));
    let cross: f64 = points.iter().map(|(x, y)| (x.ln() - mx) * (y.ln() - my)).sum();
    cross / points.iter().map(|(x, _)| (x.ln() - mx).powi(2)).sum::<f64>()
}

#[test]
fn tableau_is_consistent() {
    for (weights, node) in STAGE_WEIGHTS.iter().zip(NODES) {
        assert!((weights.iter().sum::<f64>() - node).abs() < 1e-14);
    }
    // Quadrature of tᵏ on [0, 1]: order 5 for the weights, 4 for the embedded ones.
    for k in 0..6 {
        let moment = |w: &[f64]| w.iter().zip(NODES).map(|(w, c)| w * c.powi(k)).sum::<f64>();
        let exact = moment(&STAGE_WEIGHTS[6]) - 1.0 / f64::from(k + 1);
        let error = moment(&ERROR_WEIGHTS);
        assert_eq!(exact.abs() < 1e-14, k < 5, "{k} {exact}");
        assert_eq!(error.abs() < 1e-14, k < 4, "{k} {error}");
    }
}

#[test]
fn known_solutions_both_ways() {
    for (from, to) in [(0.0, 2.0), (2.0, 0.0), (-1.0, 1.5), (0.3, 0.3)] {
        for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
            let found = solver(tolerance).integrate(&mut made(problem), (from, to), &solution(from), 2, &mut |_| {});
            assert_eq!(found[0].outcome, Outcome::Converged);
            let error = gap(&found[0].y, &solution(to));
            assert!(error < 20.0 * tolerance, "{from} {to} {tolerance} {error}");
        }
    }
}

#[test]
fn error_falls_with_the_fifth_power_of_the_steps() {
    // A pendulum's steps are all alike, so that their number is a measure of their length.
    let pendulum = |_: usize, _: f64, y: &[f64], dy: &mut [f64]| dy.copy_from_slice(&[y[1], -y[0]]);
    let solution = |t: f64| [t.sin(), t.cos()];
    for span in [(0.0, 20.0), (20.0, 0.0)] {
        let points: Vec<_> = (0..9)
            .map(|i| {
                let tolerance = 10_f64.powf(-5.0 - 0.5 * f64::from(i));
                let found = solver(tolerance).integrate(&mut made(pendulum), span, &solution(span.0), 2, &mut |_| {});
                (found[0].steps as f64, gap(&found[0].y, &solution(span.1)))
            })
            .collect();
        let order = -slope(&points);
        assert!((order - 5.0).abs() < 0.3, "{order} {points:?}");
    }
}

#[test]
fn costs_what_it_did() {
    let count = |tolerance: f64| {
        let found = solver(tolerance).integrate(&mut made(problem), (0.0, 2.0), &solution(0.0), 2, &mut |_| {});
        (found[0].steps, found[0].rejected, found[0].evaluations)
    };
    let counts = [1e-3, 1e-5, 1e-7, 1e-9].map(count);
    insta::assert_snapshot!(format!("{counts:?}"), @"[(5, 0, 32), (9, 0, 56), (18, 0, 110), (42, 0, 254)]");
    for (steps, rejected, evaluations) in counts {
        assert_eq!(evaluations, 2 + 6 * (steps + rejected));
    }
}

/// A stiffness of its own for each row.
fn own_rate(row: usize, t: f64, y: &[f64], dy: &mut [f64]) {
    let k = 1.0 + (row * row) as f64;
    dy[0] = -k * (y[0] - t.cos()) + y[1];
    dy[1] = -y[0] * k.sqrt();
}

#[test]
fn a_row_does_not_depend_on_its_mates() {
    let starts: Vec<f64> = (0..40).map(|i| f64::from(i % 7) - 3.0).collect();
    let all = solver(1e-6).integrate(&mut made(own_rate), (0.0, 1.5), &starts, 2, &mut |_| {});
    assert_eq!(all.len(), 20);
    for active in [1, 3, 64] {
        let some = Dopri5 { active, ..solver(1e-6) };
        assert_eq!(some.integrate(&mut made(own_rate), (0.0, 1.5), &starts, 2, &mut |_| {}), all);
    }
    for (row, want) in all.iter().enumerate() {
        let alone = |_: usize, t: f64, y: &[f64], dy: &mut [f64]| own_rate(row, t, y, dy);
        let found = solver(1e-6).integrate(&mut made(alone), (0.0, 1.5), &starts[2 * row..2 * row + 2], 2, &mut |_| {});
        assert_eq!(&found[0], want);
    }
    // The rows differ in cost, or this would show nothing.
    assert!(all[19].steps > 3 * all[0].steps);
}

#[test]
fn evaluations_stay_batched() {
    let starts = vec![1.0; 2 * 200];
    let mut system = made(own_rate);
    let mut finished = Vec::new();
    let active = Dopri5 { active: 10, ..solver(1e-6) };
    let found = active.integrate(&mut system, (0.0, 0.2), &starts, 2, &mut |row| finished.push(row));
    assert_eq!(system.rows as u64, found.iter().map(|row| row.evaluations).sum::<u64>());
    let mean = system.rows as f64 / system.calls as f64;
    assert!(mean > 8.0, "{mean}");
    finished.sort_unstable();
    assert_eq!(finished, (0..200).collect::<Vec<_>>());
}

#[test]
fn failures_are_told_row_by_row() {
    // Row 0 is well; 1 meets its step limit; 2 blows up at t = 1 (y′ = y²); 3 has no rate beyond t = ½; 4 starts from NaN; 5 has an
    // infinite rate at once.
    let rate = |row: usize, t: f64, y: &[f64], dy: &mut [f64]| {
        dy[0] = match row {
            1 => (1e5 * t).sin() * 1e5,
            2 => y[0] * y[0],
            3 if t > 0.5 => f64::NAN,
            5 => f64::INFINITY,
            _ => -y[0],
        };
    };
    let starts = [1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0];
    let limited = Dopri5 { limits: Limits { steps: 300 }, ..solver(1e-6) };
    let found = limited.integrate(&mut made(rate), (0.0, 2.0), &starts, 1, &mut |_| {});
    assert_eq!(found[0].outcome, Outcome::Converged);
    assert!((found[0].y[0] - (-2.0_f64).exp()).abs() < 1e-5);
    assert!(matches!(found[1].outcome, Outcome::StepLimit { t } if t > 0.0 && t < 2.0));
    assert_eq!(found[1].steps + found[1].rejected, 300);
    assert!(matches!(found[2].outcome, Outcome::StepLimit { t } | Outcome::NonFinite { t } if t > 0.9 && t < 1.001));
    assert!(matches!(found[3].outcome, Outcome::NonFinite { t } if (t - 0.5).abs() < 1e-9), "{:?}", found[3]);
    assert!((found[3].y[0] - (-0.5_f64).exp()).abs() < 1e-5);
    assert_eq!(found[4].outcome, Outcome::NonFinite { t: 0.0 });
    assert_eq!(found[5].outcome, Outcome::NonFinite { t: 0.0 });
    assert!(found[4].y[0].is_nan());
}

#[test]
fn a_passing_overflow_only_shortens_the_step() {
    // The rate is NaN far from the solution y = t, where only an over-long trial step leads.
    let rate = |_: usize, t: f64, y: &[f64], dy: &mut [f64]| {
        dy[0] = if (y[0] - t).abs() > 1e-2 { f64::NAN } else { 1.0 - 100.0 * (y[0] - t) };
    };
    let found = solver(1e-4).integrate(&mut made(rate), (0.0, 1.0), &[1e-3], 1, &mut |_| {});
    assert_eq!(found[0].outcome, Outcome::Converged);
    assert!((found[0].y[0] - 1.0).abs() < 1e-3);
}

/// y′ = cos(3t) y with rates rounded to `f32`.
struct Rounded;

impl System for Rounded {
    #[allow(clippy::cast_possible_truncation)]
    fn rate(&mut self, _rows: &[usize], t: &[f64], y: &[f64], dy: &mut [f64]) {
        for ((dy, y), t) in dy.iter_mut().zip(y).zip(t) {
            *dy = f64::from((3.0 * *t as f32).cos() * *y as f32);
        }
    }
    fn resolution(&self) -> f64 {
        f32::EPSILON.into()
    }
}

#[test]
fn rounding_is_told_from_a_step_that_is_too_long() {
    let truth = (6.0_f64.sin() / 3.0).exp();
    let exact = |_: usize, t: f64, y: &[f64], dy: &mut [f64]| dy[0] = (3.0 * t).cos() * y[0];
    for tolerance in [1e-4, 1e-10, 1e-12] {
        let rounded = &solver(tolerance).integrate(&mut Rounded, (0.0, 2.0), &[1.0], 1, &mut |_| {})[0];
        let fine = &solver(tolerance).integrate(&mut made(exact), (0.0, 2.0), &[1.0], 1, &mut |_| {})[0];
        assert_eq!(fine.outcome, Outcome::Converged);
        let error = (rounded.y[0] - truth).abs();
        if tolerance > 1e-5 {
            assert_eq!(rounded.outcome, Outcome::Converged);
            assert!(error < 20.0 * tolerance);
        } else {
            assert_eq!(rounded.outcome, Outcome::PrecisionFloor);
            // What is said of the rounding is what there is, about, and less than a thousand evaluations went into it.
            let said = rounded.rounding * 2.0 * tolerance;
            assert!(error < 1e-6 && said > 0.1 * error && said < 1e-5, "{tolerance} {error} {said}");
            assert!(rounded.evaluations < 1000 && (fine.y[0] - truth).abs() < 50.0 * tolerance, "{rounded:?}");
        }
    }
}

#[test]
fn a_trajectory_that_gets_nowhere_is_given_up_early() {
    // Stiff to the end: some 1e6 steps would be needed. The twin gets there in a few thousand.
    let stiff = |k: f64| move |_: usize, t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -k * (y[0] - t.cos());
    let run = |k: f64| {
        let found = solver(1e-5).integrate(&mut made(stiff(k)), (1.0, 2.0), &[0.5], 1, &mut |_| {});
        (found[0].outcome, found[0].steps + found[0].rejected)
    };
    let (outcome, steps) = run(3e6);
    assert!(matches!(outcome, Outcome::FarOut { t } if t < 1.1) && steps < 1000, "{outcome:?} {steps}");
    let (outcome, steps) = run(1e4);
    assert!(outcome == Outcome::Converged && steps > 2000, "{outcome:?} {steps}");
}

#[test]
fn no_rows_and_no_time() {
    assert!(solver(1e-5).integrate(&mut made(problem), (0.0, 1.0), &[], 2, &mut |_| {}).is_empty());
    let still = solver(1e-5).integrate(&mut made(problem), (1.0, 1.0), &[1.0, f64::NAN], 1, &mut |_| {});
    assert_eq!((still[0].outcome, still[0].evaluations), (Outcome::Converged, 0));
    assert_eq!(still[1].outcome, Outcome::NonFinite { t: 1.0 });
}

/// dy = −y dt + dw; the noise of a step is the sum of `fold` finer draws, so that step sizes share one path.
struct Pull {
    stream: Stream,
    fold: usize,
}

impl NoisySystem for Pull {
    fn drift(&mut self, _t: f64, y: &[f64], dy: &mut [f64]) {
        dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = -y);
    }
    fn diffusion(&self, _t: f64) -> f64 {
        1.0
    }
    fn noise(&mut self, z: &mut [f64]) {
        z.fill(0.0);
        for _ in 0..self.fold {
            for z in z.iter_mut() {
                let fine: f64 = StandardNormal.sample(&mut self.stream);
                *z += fine / (self.fold as f64).sqrt();
            }
        }
    }
}

fn pulled(fold: usize, finest: usize) -> Vec<f64> {
    let mut system = Pull { stream: Streams::new(5).named("test"), fold };
    let (mut stepper, mut y) = (EulerMaruyama::default(), vec![1.0; 2000]);
    let h = fold as f64 / finest as f64;
    for step in 0..finest / fold {
        stepper.step(&mut system, step as f64 * h, h, &mut y);
    }
    y
}

#[test]
fn euler_maruyama_has_strong_order_one() {
    let finest = 1024;
    let reference = pulled(1, finest);
    let points: Vec<_> = [16, 32, 64, 128]
        .into_iter()
        .map(|fold| {
            let rough = pulled(fold, finest);
            let square = rough.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            (fold as f64, (square / reference.len() as f64).sqrt())
        })
        .collect();
    let order = slope(&points);
    assert!((order - 1.0).abs() < 0.1, "{order} {points:?}");
    // And it is the right process: mean e⁻¹, variance (1 − e⁻²)/2.
    let n = reference.len() as f64;
    let mean = reference.iter().sum::<f64>() / n;
    let variance = reference.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
    let want = 0.5 * (1.0 - (-2.0_f64).exp());
    assert!((mean - (-1.0_f64).exp()).abs() < 5.0 * (want / n).sqrt());
    assert!((variance / want - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
}
