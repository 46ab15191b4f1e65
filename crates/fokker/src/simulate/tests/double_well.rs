//! Two wells of unlike weights: MALA's masses against quadrature.

use super::{Dynamics, LogDensityFn, Means, errors};

/// log q of two wells, the right one heavier.
fn log_q(x: f64) -> f64 {
    -2.0 * (x * x - 1.0).powi(2) + 0.4 * x
}

/// The probability of an interval, by the trapezoidal rule over all of the line, which converges faster than any power here.
fn mass(low: f64, high: f64) -> f64 {
    let (mut inside, mut all) = (0.0, 0.0);
    for at in -400_000..=400_000 {
        let x = f64::from(at) * 1e-5;
        let q = log_q(x).exp();
        all += q;
        inside += if x > low && x < high { q } else { 0.0 };
    }
    inside / all
}

#[test]
fn mala_has_the_masses_of_quadrature_and_without_its_rejections_has_not() {
    let density = LogDensityFn::new(1, |x, gradient| {
        gradient[0] = -8.0 * x[0] * (x[0] * x[0] - 1.0) + 0.4;
        log_q(x[0])
    });
    let truth = [mass(0.0, 9.0), mass(-0.4, 0.4), mass(1.2, 9.0)];
    assert!(truth[0] > 0.6 && truth[0] < 0.8 && truth[1] > 0.01, "{truth:?}");
    let means = |name| {
        let start = (0..400).map(|chain| if chain % 2 == 0 { -1.0 } else { 1.0 }).collect();
        let dynamics = Dynamics { kt: 2.0, friction: 4.0, ..Dynamics::of(0.12) };
        let means = Means { density: &density, name, dynamics, start, burn_in: 1000, frames: 1000, every: 5 };
        let inside = |x: f64, low, high| f64::from(u8::from(x > low && x < high));
        means.of(2, |x, _| [inside(x[0], 0.0, 9.0), inside(x[0], -0.4, 0.4), inside(x[0], 1.2, 9.0)])
    };
    let exact = means("mala");
    for (found, truth) in exact.into_iter().zip(truth) {
        assert!(errors(found, truth) < 5.0 && found.se < 0.02, "{found:?} {truth}");
    }
    // The same proposals, all accepted.
    let biased = means("overdamped");
    assert!(errors(biased[1], truth[1]) > 5.0 && errors(biased[2], truth[2]) > 5.0, "{biased:?} {truth:?}");
}
