//! A network's score: its derivatives against central differences in f64, under every SDE and parameterisation.
#![allow(clippy::unwrap_used, missing_docs)]

use fokker::evaluate::evaluate;
use fokker::net::{NetworkConfig, TimeConfig};
use fokker::rng::Streams;
use fokker::score::network::{NetworkScore, Parameterisation, ScoreModel};
use fokker::score::{Directions, Score};
use fokker::sde::Sde;
use fokker_jet::panel::Workers;

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
                    time,
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
            let found = evaluate(&score, &X, t, true, &workers).unwrap();
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
                let at = evaluate(&score, &x, t, false, &workers).unwrap();
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
