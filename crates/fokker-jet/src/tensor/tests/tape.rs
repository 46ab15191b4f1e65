//! The executor against differences of its own plain evaluation.

use burn::tensor::Device;

use super::harness::{assert_close, largest, numbers};
use crate::tensor::{Parameters, TensorTape};
use crate::{Function, Graph, JetSet, Live, Tape, Wrt};

const ROWS: usize = 3;

/// Two inputs (a point of 2 coordinates, a number) through every kind of node.
pub fn network() -> Graph {
    let mut graph = Graph::new();
    let (x, t) = (graph.input(2), graph.input(1));
    let clock = graph.map(t, Function::Cos);
    let both = graph.concat(&[x, t, clock]);
    let h = graph.dense("first", both, 5);
    let h = graph.map(h, Function::Silu);
    let k = graph.dense("second", h, 5);
    let k = graph.map(k, Function::Tanh);
    let h = graph.add(h, k);
    let h = graph.mul(h, k);
    let y = graph.dense("out", h, 2);
    let y = graph.mul(y, t);
    graph.set_output(y);
    graph
}

/// Directions u, v in x, τ in t; the pairs uv and τu.
pub fn set() -> JetSet {
    JetSet::first_order(3).with_pair(0, 1).and_then(|s| s.with_pair(2, 0)).unwrap()
}

pub fn live(set: &JetSet) -> [Live; 2] {
    [Live::parts(set, &[1, 2]), Live::parts(set, &[3])]
}

pub fn tape() -> TensorTape<f64> {
    let set = set();
    TensorTape::new(&network(), &set, &live(&set), &Device::flex()).unwrap()
}

/// Inputs with the point moved by `α_u u + α_v v` and the number by `α_τ τ`.
pub fn fill(tape: &mut TensorTape<f64>, alpha: [f64; 3]) {
    let [x, u, v] = [1, 2, 3].map(|seed| numbers(2 * ROWS, seed));
    let [t, tau] = [4, 5].map(|seed| numbers(ROWS, seed));
    tape.begin(ROWS);
    for i in 0..2 * ROWS {
        tape.input(0, 0)[i] = x[i] + alpha[0] * u[i] + alpha[1] * v[i];
    }
    for i in 0..ROWS {
        tape.input(1, 0)[i] = t[i] + alpha[2] * tau[i];
    }
    tape.input(0, 1).copy_from_slice(&u);
    tape.input(0, 2).copy_from_slice(&v);
    tape.input(1, 3).copy_from_slice(&tau);
}

pub fn flat() -> Vec<f64> {
    numbers(network().parameter_count(), 9)
}

pub fn parameters() -> Parameters<f64> {
    Parameters::new(&network(), &flat(), &Device::flex())
}

pub fn seed_all(tape: &mut TensorTape<f64>, parts: usize) {
    for part in 0..parts {
        tape.seed(part).copy_from_slice(&numbers(2 * ROWS, 50 + part as u64));
    }
}

/// `Σ_{p < parts} ⟨output p, seed p⟩` as [`seed_all`] seeds it.
fn seeded_sum(tape: &TensorTape<f64>, parts: usize) -> f64 {
    let dot = |part: usize| -> f64 {
        tape.output(part).iter().zip(numbers(2 * ROWS, 50 + part as u64)).map(|(y, s)| y * s).sum()
    };
    (0..parts).map(dot).sum()
}

#[test]
fn parts_are_the_derivatives_of_the_plain_network() {
    let parameters = parameters();
    let mut tape = tape();
    let mut value = |alpha: [f64; 3]| {
        fill(&mut tape, alpha);
        tape.forward(&parameters, 0..6);
        (0..6).map(|part| tape.output(part).to_vec()).collect::<Vec<_>>()
    };
    let got = value([0.0; 3]);
    let step = 1e-5;
    // Each part is the slope of one of lower order: 1, 2, 3 of the primal, uv of part u along v, τu of part τ along u.
    for (part, of, direction) in [(1, 0, 0), (2, 0, 1), (3, 0, 2), (4, 1, 1), (5, 3, 0)] {
        let mut alpha = [0.0; 3];
        alpha[direction] = step;
        let (ahead, back) = (value(alpha), value(alpha.map(|a| -a)));
        let slope: Vec<f64> = ahead[of].iter().zip(&back[of]).map(|(a, b)| (a - b) / (2.0 * step)).collect();
        assert!(largest(&slope) > 1e-2);
        assert_close(&got[part], &slope, 1e-8, &format!("part {part}"));
    }
}

#[test]
fn reverse_with_respect_to_an_input_is_the_slope_of_the_seeded_sum() {
    let parameters = parameters();
    for parts in 1..=6 {
        for (input, width) in [(0, 2), (1, 1)] {
            let mut tape = tape();
            fill(&mut tape, [0.0; 3]);
            tape.forward(&parameters, 0..6);
            seed_all(&mut tape, 6);
            tape.reverse(&parameters, parts, Wrt::Input(input));
            let got = tape.input_gradient().to_vec();
            let step = 1e-5;
            let slope = |i: usize| {
                let mut value = |shift: f64| {
                    fill(&mut tape, [0.0; 3]);
                    tape.input(input, 0)[i] += shift;
                    tape.forward(&parameters, 0..6);
                    seeded_sum(&tape, parts)
                };
                (value(step) - value(-step)) / (2.0 * step)
            };
            let want: Vec<f64> = (0..ROWS * width).map(slope).collect();
            assert!(largest(&want) > 1e-2);
            assert_close(&got, &want, 1e-8, &format!("input {input}, {parts} parts"));
        }
    }
}

#[test]
fn reverse_with_respect_to_the_parameters_is_the_slope_of_the_seeded_sum() {
    let (flat, parameters) = (flat(), parameters());
    for parts in [1, 4, 6] {
        let mut tape = tape();
        fill(&mut tape, [0.0; 3]);
        tape.forward(&parameters, 0..6);
        seed_all(&mut tape, 6);
        tape.reverse(&parameters, parts, Wrt::Parameters);
        let got = tape.parameter_gradient().to_vec();
        let step = 1e-5;
        let slope = |i: usize| {
            let mut value = |shift: f64| {
                let mut moved = flat.clone();
                moved[i] += shift;
                let moved = Parameters::new(&network(), &moved, &Device::flex());
                fill(&mut tape, [0.0; 3]);
                tape.forward(&moved, 0..6);
                seeded_sum(&tape, parts)
            };
            (value(step) - value(-step)) / (2.0 * step)
        };
        let want: Vec<f64> = (0..flat.len()).map(slope).collect();
        assert!(want.iter().filter(|w| w.abs() > 1e-3).count() > want.len() / 2);
        assert_close(&got, &want, 1e-8, &format!("{parts} parts"));
    }
}
