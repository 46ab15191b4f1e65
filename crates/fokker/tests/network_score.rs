//! A network's score: its derivatives against central differences in f64, under every SDE and parameterisation.
#![allow(clippy::unwrap_used, missing_docs)]

use fokker::Workers;
use fokker::data::Scaling;
use fokker::density::mixture::Mixture;
use fokker::evaluate::{Quantity, evaluate};
use fokker::net::{NetworkConfig, TimeConfig};
use fokker::rng::Streams;
use fokker::score::analytic::AnalyticScore;
use fokker::score::network::{NetworkScore, Parameterisation, ScoreModel};
use fokker::score::{Differentiable, Direction, Directions, Evaluator, Score, ScoreTape};
use fokker::sde::Sde;

const ALL: [Quantity; 5] =
    [Quantity::Score, Quantity::Dt, Quantity::Divergence, Quantity::Residual, Quantity::Jacobian];

const X: [f64; 3] = [0.4, -1.1, 0.7];

fn networks() -> Vec<NetworkScore<f64>> {
    let mut all = Vec::new();
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        for parameterisation in [Parameterisation::Noise, Parameterisation::Score, Parameterisation::Preconditioned] {
            for time in [TimeConfig::LogSigma { frequencies: 2 }, TimeConfig::Plain {}] {
                let network = NetworkConfig::Mlp {
                    width: 12,
                    depth: 2,
                    activation: fokker::net::Activation::Silu,
                    skip: true,
                    dropout: 0.0,
                    time,
                    output: fokker::net::Output::Score,
                    blend: None,
                    range: Vec::new(),
                };
                let model = ScoreModel::new(fokker_jet::Shape::vector(3), &sde, &network, parameterisation);
                let parameters = model.initial_parameters(&mut Streams::new(1).named("weights"));
                all.push(NetworkScore::new(model, &parameters));
            }
        }
    }
    all
}

fn score_at(score: &NetworkScore<f64>, x: &[f64], t: f64) -> Vec<f64> {
    let mut tape = score.tape(&Directions::new(&[]), 1).unwrap();
    tape.begin(x, &[score.model().sde().at(t)]);
    tape.forward(0..1);
    tape.part(0).to_vec()
}

/// Fourth-order central difference.
fn slope(f: impl Fn(f64) -> Vec<f64>, h: f64) -> Vec<f64> {
    let (a, b, c, d) = (f(-2.0 * h), f(-h), f(h), f(2.0 * h));
    (0..a.len()).map(|i| (8.0 * (c[i] - b[i]) - (d[i] - a[i])) / (12.0 * h)).collect()
}

fn near(got: &[f64], want: &[f64], what: &str) {
    let norm = want.iter().map(|w| w * w).sum::<f64>().sqrt();
    let error = got.iter().zip(want).map(|(g, w)| (g - w).powi(2)).sum::<f64>().sqrt();
    assert!(error < 5e-9 * norm, "{what}: {error:e} of {norm:e}");
    assert!(norm > 1e-6, "{what} says nothing");
}

#[test]
fn derivatives_match_central_differences() {
    let workers = Workers::new(1, 4).unwrap();
    for score in networks() {
        for t in [0.05, 0.6] {
            let name = format!("{:?} at {t}", score.model());
            let found = evaluate(&score, &X, t, None, &ALL, &workers).unwrap();
            near(&found.score, &score_at(&score, &X, t), &name);
            near(&found.dt, &slope(|h| score_at(&score, &X, t + h), 1e-4 * t), &name);
            for column in 0..3 {
                let shifted = |h: f64| {
                    let mut x = X;
                    x[column] += h;
                    score_at(&score, &x, t)
                };
                let got: Vec<f64> = (0..3).map(|row| found.jacobian[row * 3 + column]).collect();
                near(&got, &slope(shifted, 1e-3), &name);
            }
            // ε = ∂ₜs − ∇φ, φ by the exact divergence at shifted points.
            let c = score.model().sde().at(t);
            let phi = |h: f64, i: usize| {
                let mut x = X;
                x[i] += h;
                let at = evaluate(&score, &x, t, None, &[Quantity::Score, Quantity::Divergence], &workers).unwrap();
                let square: f64 = at.score.iter().map(|s| s * s).sum();
                let inner: f64 = at.score.iter().zip(&x).map(|(s, x)| s * x).sum();
                vec![0.5 * c.g2 * (at.divergence[0] + square) - c.a * inner]
            };
            let gradient: Vec<f64> = (0..3).map(|i| slope(|h| phi(h, i), 1e-3)[0]).collect();
            let want: Vec<f64> = found.dt.iter().zip(&gradient).map(|(d, g)| d - g).collect();
            near(&found.residual, &want, &name);
        }
    }
}

/// y = scale·x + shift, per coordinate.
fn units() -> Scaling {
    Scaling::new(vec![100.0, -3.0, 0.5], vec![20.0, 0.01, 1.0]).unwrap()
}

/// The points of model coordinates in the units of the data.
fn in_units(x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    units().invert_f64(&mut y);
    y
}

/// Steps of central differences along y_i.
fn along(y: &[f64], i: usize, h: f64) -> Vec<f64> {
    let mut y = y.to_vec();
    y[i] += h * units().scale[i];
    y
}

#[test]
fn derivatives_in_the_data_s_units_are_those_of_log_p_there() {
    let mixture = Mixture::random(3, 4, 7).unwrap();
    let workers = Workers::new(1, 4).unwrap();
    for sde in [Sde::vp(), Sde::ve()] {
        let (truth, t, y) = (AnalyticScore::new(mixture.clone(), sde.clone()), 0.2, in_units(&X));
        // log p_t(y) = log q_t(x) − Σ ln scale.
        let log_p = |y: &[f64], t: f64| {
            let mut x = y.to_vec();
            units().apply_f64(&mut x);
            mixture.diffused(&sde.at(t)).log_density(&x) + units().log_det()
        };
        let found = evaluate(&truth, &y, t, Some(&units()), &ALL, &workers).unwrap();
        let per_unit = |i: usize, slope: f64| slope / units().scale[i];
        let score: Vec<f64> =
            (0..3).map(|i| per_unit(i, slope(|h| vec![log_p(&along(&y, i, h), t)], 1e-3)[0])).collect();
        near(&found.score, &score, "score");
        let score_at =
            |y: &[f64], t: f64| evaluate(&truth, y, t, Some(&units()), &[Quantity::Score], &workers).unwrap().score;
        near(&found.dt, &slope(|h| score_at(&y, t + h), 1e-5), "dt");
        let mut trace = 0.0;
        for column in 0..3 {
            let want: Vec<f64> =
                slope(|h| score_at(&along(&y, column, h), t), 1e-3).iter().map(|&s| per_unit(column, s)).collect();
            let got: Vec<f64> = (0..3).map(|row| found.jacobian[row * 3 + column]).collect();
            near(&got, &want, "jacobian");
            trace += want[column];
        }
        near(&found.divergence, &[trace], "divergence");
        // The truth obeys the equation in any units.
        assert!(found.residual.iter().zip(&found.dt).all(|(e, dt)| e.abs() < 1e-9 * dt.abs()), "{found:?}");
    }
}

#[test]
fn the_residual_in_the_data_s_units_is_that_of_its_definition_there() {
    let workers = Workers::new(1, 4).unwrap();
    let (t, y) = (0.3, in_units(&X));
    for score in networks().iter().step_by(2) {
        let name = format!("{:?}", score.model());
        let found = evaluate(score, &y, t, Some(&units()), &ALL, &workers).unwrap();
        // φ is ∂ₜ log p in any units: that of model coordinates at the point.
        let c = score.model().sde().at(t);
        let phi = |y: &[f64]| {
            let mut x = y.to_vec();
            units().apply_f64(&mut x);
            let at = evaluate(score, &x, t, None, &[Quantity::Score, Quantity::Divergence], &workers).unwrap();
            let square: f64 = at.score.iter().map(|s| s * s).sum();
            let inner: f64 = at.score.iter().zip(&x).map(|(s, x)| s * x).sum();
            vec![0.5 * c.g2 * (at.divergence[0] + square) - c.a * inner]
        };
        let want = (0..3).map(|i| found.dt[i] - slope(|h| phi(&along(&y, i, h)), 1e-3)[0] / units().scale[i]);
        near(&found.residual, &want.collect::<Vec<_>>(), &name);
        // The twin: it is another than the model's.
        let model = evaluate(score, &X, t, None, &ALL, &workers).unwrap();
        assert!((model.residual[1] / found.residual[1] - 0.01).abs() < 1e-9, "{name}");
    }
}

/// A score that gives derivatives in time, and in x only if it is allowed to.
struct Lazy<'a>(&'a NetworkScore<f64>, bool);

impl Score<f64> for Lazy<'_> {
    fn dim(&self) -> usize {
        Score::<f64>::dim(self.0)
    }

    fn sde(&self) -> &Sde {
        self.0.model().sde()
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<f64> + Send + 'a>, fokker::Error> {
        self.0.evaluator(rows)
    }
}

impl Differentiable<f64> for Lazy<'_> {
    fn tape<'a>(
        &'a self, directions: &Directions, rows: usize,
    ) -> Result<Box<dyn ScoreTape<f64> + Send + 'a>, fokker::Error> {
        assert!(self.1 || !directions.kinds().contains(&Direction::Space), "a derivative in x is computed");
        self.0.tape(directions, rows)
    }
}

#[test]
fn only_what_is_asked_is_computed() {
    let workers = Workers::new(1, 4).unwrap();
    let network = &networks()[0];
    let cheap = [Quantity::Score, Quantity::Dt];
    let found = evaluate(&Lazy(network, false), &X, 0.3, None, &cheap, &workers).unwrap();
    let all = evaluate(&Lazy(network, true), &X, 0.3, None, &ALL, &workers).unwrap();
    assert_eq!((&found.score, &found.dt), (&all.score, &all.dt));
    assert!(found.divergence.is_empty() && found.residual.is_empty() && found.jacobian.is_empty());
    let expensive = [Quantity::Divergence, Quantity::Residual, Quantity::Jacobian];
    for what in expensive {
        let one = evaluate(&Lazy(network, true), &X, 0.3, None, &[what], &workers).unwrap();
        let lengths = [one.score.len(), one.dt.len(), one.divergence.len(), one.residual.len(), one.jacobian.len()];
        assert_eq!(lengths.iter().filter(|&&length| length > 0).count(), 1, "{what:?} alone");
        let refused = std::panic::catch_unwind(|| {
            evaluate(&Lazy(network, false), &X, 0.3, None, &[what], &Workers::new(1, 4).unwrap()).is_ok()
        });
        assert!(refused.is_err(), "{what:?} needs derivatives in x");
    }
}
