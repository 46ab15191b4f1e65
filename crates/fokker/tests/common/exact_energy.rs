//! Energy models that are exact: networks whose log-density is that of a mixture.
#![allow(dead_code)]

use fokker::density::mixture::Mixture;
use fokker::net::{Output, TimeFeatures};
use fokker::score::network::{NetworkScore, Parameterisation, ScoreModel};
use fokker::sde::Sde;
use fokker_jet::{Function, Graph};

/// Three Gaussians of standard deviation `S`.
pub const WEIGHTS: [f64; 3] = [0.2, 0.5, 0.3];
pub const MEANS: [[f64; 2]; 3] = [[1.0, 0.5], [-1.2, 0.3], [0.2, -0.9]];
pub const S: f64 = 0.35;

pub fn mixture() -> Mixture {
    Mixture::isotropic(&WEIGHTS, &MEANS.map(|mean| mean.to_vec()), S).unwrap()
}

/// The network of the mixture above.
pub fn exact_energy(sde: &Sde, b: f64) -> NetworkScore<f64> {
    energy_of(sde, &WEIGHTS, &MEANS, S, b)
}

/// A network that is log q_t of a mixture in the plane: log Σ w_k N(x; m μ_k, v), v = m² s² + σ², from dense layers, products, eᵃ and ln a;
/// plus t b x₀.
pub fn energy_of(sde: &Sde, weights: &[f64], means: &[[f64; 2]], s: f64, b: f64) -> NetworkScore<f64> {
    let k = weights.len();
    // m, m², 1/v, −ln v, t.
    let features = TimeFeatures::from_fn(move |c| {
        let (v, dv) = (c.m * c.m * s * s + c.sigma * c.sigma, 2.0 * (c.m * c.dm * s * s + c.sigma * c.dsigma));
        [[c.m, c.dm], [c.m * c.m, 2.0 * c.m * c.dm], [1.0 / v, -dv / (v * v)], [-v.ln(), -dv / v], [c.t, 1.0]]
    });
    let mut parameters = Vec::new();
    let mut graph = Graph::new();
    let x = graph.input(2);
    let time = graph.input(5);
    let mut dense = |graph: &mut Graph, name: &str, x, weight: &[f64], bias: &[f64]| {
        parameters.extend_from_slice(weight);
        parameters.extend_from_slice(bias);
        graph.dense(name, x, bias.len())
    };
    let pick = |i: usize, n: usize| (0..5).flat_map(|j| vec![f64::from(u8::from(i == j)); n]).collect::<Vec<_>>();
    // μ_k·x, −½‖μ_k‖² m², −½‖x‖², 1/v, −ln v + ln w_k − ln 2π.
    let columns: Vec<f64> = (0..2).flat_map(|i| means.iter().map(move |mean| mean[i])).collect();
    let along = dense(&mut graph, "along", x, &columns, &vec![0.0; k]);
    let m = dense(&mut graph, "m", time, &pick(0, 1), &[0.0]);
    let along = graph.mul(along, m);
    let mut lengths = vec![0.0; 5 * k];
    for (to, mean) in lengths[k..2 * k].iter_mut().zip(means) {
        *to = -0.5 * (mean[0] * mean[0] + mean[1] * mean[1]);
    }
    let lengths = dense(&mut graph, "lengths", time, &lengths, &vec![0.0; k]);
    let square = graph.mul(x, x);
    let square = graph.sum(square, -0.5);
    let square = dense(&mut graph, "square", square, &vec![1.0; k], &vec![0.0; k]);
    let exponent = graph.add(along, lengths);
    let exponent = graph.add(exponent, square);
    let inverse = dense(&mut graph, "inverse", time, &pick(2, 1), &[0.0]);
    let exponent = graph.mul(exponent, inverse);
    let bias: Vec<f64> = weights.iter().map(|w| w.ln() - std::f64::consts::TAU.ln()).collect();
    let normal = dense(&mut graph, "normal", time, &pick(3, k), &bias);
    let exponent = graph.add(exponent, normal);
    let terms = graph.map(exponent, Function::Exp);
    let sum = graph.sum(terms, 1.0);
    let log_q = graph.map(sum, Function::Log);
    // t b x₀.
    let t = dense(&mut graph, "t", time, &pick(4, 1), &[0.0]);
    let bent = dense(&mut graph, "bent", x, &[b, 0.0], &[0.0]);
    let bent = graph.mul(bent, t);
    let output = graph.add(log_q, bent);
    graph.set_output(output);
    let model = ScoreModel::from_graph(Output::Energy, graph, sde, features, Parameterisation::Plain).unwrap();
    NetworkScore::new(model, &parameters)
}
