//! What an operation on jets must satisfy, checked in f64.
//!
//! A jet is the Taylor expansion of a path `x(α) = x + Σ α_u x_u + Σ_{u≠v} α_u α_v x_uv + Σ ½ α_u² x_uu`. So the parts of
//! `op(jet)` must be the derivatives of the plain `op(x(α))` at `α = 0`, which differences of order 4 in the step give to about 1e-9.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::JetSet;
use crate::tensor::Jet;
use crate::testing::worst;

/// Weights of the derivative at 0 from values at the places −2, −1, 1, 2, in units of the step.
const STENCIL: [(f64, f64); 4] = [(-2.0, 1.0 / 12.0), (-1.0, -2.0 / 3.0), (1.0, 2.0 / 3.0), (2.0, -1.0 / 12.0)];

/// Directions u, v, w with the pairs uv, uu, wv: parts 1, 2, 3 and 4, 5, 6.
pub fn set() -> Arc<JetSet> {
    let set = JetSet::first_order(3).with_pair(0, 1).and_then(|s| s.with_pair(0, 0)).and_then(|s| s.with_pair(2, 1));
    Arc::new(set.unwrap())
}

/// Numbers in (−1, 1) fixed by `seed`.
pub fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    for _ in 0..8 {
        next();
    }
    (0..count).map(|_| next()).collect()
}

/// A tensor in f64 of numbers in (−1, 1).
pub fn tensor<const D: usize>(dims: [usize; D], seed: u64) -> Tensor<D> {
    constant(numbers(dims.iter().product(), seed), dims)
}

pub fn constant<const D: usize>(values: Vec<f64>, dims: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, dims), (&Device::flex(), DType::F64))
}

/// A jet with the listed parts live.
pub fn jet<const D: usize>(dims: [usize; D], live: &[usize], seed: u64) -> Jet<D> {
    let parts = live.iter().map(|&part| (part, tensor(dims, 100 * seed + part as u64))).collect();
    Jet::new(set(), tensor(dims, 100 * seed), parts)
}

pub fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.to_data().iter::<f64>().collect()
}

pub fn largest(values: &[f64]) -> f64 {
    worst(values.iter().map(|v| v.abs()))
}

/// Equal up to `relative` of the largest value (or of 1, if that is smaller).
pub fn assert_close(got: &[f64], want: &[f64], relative: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    let scale = largest(want).max(1.0);
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= relative * scale, "{what}, element {i}: {g} but should be {w}");
    }
}

/// The path's value `x(α)`.
fn path<const D: usize>(jet: &Jet<D>, alpha: &[f64]) -> Tensor<D> {
    let directions = jet.set().directions();
    let mut x = jet.primal();
    for direction in 0..directions {
        if let Some(part) = jet.part(1 + direction) {
            x = x + part.mul_scalar(alpha[direction]);
        }
    }
    for (uv, u, v) in jet.set().pairs() {
        if let Some(part) = jet.part(uv) {
            let half = if u == v { 0.5 } else { 1.0 };
            x = x + part.mul_scalar(half * alpha[u - 1] * alpha[v - 1]);
        }
    }
    x
}

/// An operation on jets of equal rank with plain weights (flattened).
pub trait Operation<const A: usize, const B: usize>: Fn(&[Jet<A>], &[Tensor<1>]) -> Jet<B> {}
impl<const A: usize, const B: usize, T: Fn(&[Jet<A>], &[Tensor<1>]) -> Jet<B>> Operation<A, B> for T {}

/// Checks values, parts and reverse pass of an operation. `live` lists the parts that must come out live, and so nonzero.
pub fn check<const A: usize, const B: usize>(
    inputs: &[Jet<A>], weights: &[Tensor<1>], live: &[usize], op: impl Operation<A, B>,
) {
    check_parts(inputs, weights, live, &op);
    check_reverse(inputs, weights, &op);
}

fn check_parts<const A: usize, const B: usize>(
    inputs: &[Jet<A>], weights: &[Tensor<1>], live: &[usize], op: &impl Operation<A, B>,
) {
    let set = inputs[0].set().clone();
    let step = 2e-3;
    let plain = |alpha: &[f64]| {
        let x: Vec<Jet<A>> = inputs.iter().map(|jet| Jet::from(path(jet, alpha))).collect();
        values(&op(&x, weights).primal())
    };
    // The combination of values of the plain operation at places `(weight, α)`.
    let combine = |places: &[(f64, Vec<f64>)]| {
        let mut sum = Vec::new();
        for (weight, alpha) in places {
            let y = plain(alpha);
            sum.resize(y.len(), 0.0);
            sum.iter_mut().zip(y).for_each(|(s, y)| *s += weight * y);
        }
        sum
    };
    let at = |shifts: &[(usize, f64)]| {
        let mut alpha = vec![0.0; set.directions()];
        shifts.iter().for_each(|&(direction, shift)| alpha[direction] += shift * step);
        alpha
    };

    let y = op(inputs, weights);
    assert_close(&values(&y.primal()), &combine(&[(1.0, at(&[]))]), 1e-13, "primal");
    for part in 1..set.parts() {
        let difference = match set.pair_of(part) {
            None => combine(&STENCIL.map(|(i, c)| (c / step, at(&[(part - 1, i)])))),
            Some((u, v)) => {
                let mut places = Vec::new();
                for (i, c) in STENCIL {
                    places.extend(STENCIL.map(|(j, d)| (c * d / (step * step), at(&[(u - 1, i), (v - 1, j)]))));
                }
                combine(&places)
            }
        };
        assert_eq!(y.live().has(part), live.contains(&part), "is part {part} live?");
        match y.part(part) {
            Some(tensor) => {
                let got = values(&tensor);
                assert!(largest(&got) > 1e-3, "part {part} is zero");
                assert_close(&got, &difference, 2e-8, &format!("part {part}"));
            }
            None => assert!(largest(&difference) < 1e-8, "part {part} should not be structurally zero"),
        }
    }
}

/// The gradient of `Σ ⟨part, seed⟩` with respect to every stored part of every input and to every weight, against the
/// difference of that sum along one random direction each.
fn check_reverse<const A: usize, const B: usize>(inputs: &[Jet<A>], weights: &[Tensor<1>], op: &impl Operation<A, B>) {
    let sum = |inputs: &[Jet<A>], weights: &[Tensor<1>]| {
        let y = op(inputs, weights).into_stacked();
        (y.clone() * tensor(y.dims(), 77)).sum()
    };
    let leaves: Vec<Tensor<A>> =
        inputs.iter().map(|jet| jet.clone().into_stacked().autodiff().require_grad()).collect();
    let tracked: Vec<Jet<A>> = inputs.iter().zip(&leaves).map(|(jet, leaf)| replaced(jet, leaf.clone())).collect();
    let learned: Vec<Tensor<1>> = weights.iter().map(|w| w.clone().autodiff().require_grad()).collect();
    let gradients = sum(&tracked, &learned).backward();

    let step = 1e-3;
    let differences =
        |value: &dyn Fn(f64) -> f64| STENCIL.iter().map(|&(i, c)| c / step * value(i * step)).sum::<f64>();
    for (k, leaf) in leaves.iter().enumerate() {
        let along = tensor(leaf.dims(), 900 + k as u64);
        let got = values(&(leaf.grad(&gradients).unwrap() * along.clone()).sum())[0];
        let want = differences(&|shift| {
            let mut moved = inputs.to_vec();
            moved[k] = replaced(&inputs[k], inputs[k].clone().into_stacked() + along.clone().mul_scalar(shift));
            values(&sum(&moved, weights))[0]
        });
        assert!(want.abs() > 1e-3, "gradient of input {k} is zero along the chosen direction");
        assert_close(&[got], &[want], 1e-8, &format!("gradient of input {k}"));
    }
    for (k, leaf) in learned.iter().enumerate() {
        let along = tensor(leaf.dims(), 950 + k as u64);
        let got = values(&(leaf.grad(&gradients).unwrap() * along.clone()).sum())[0];
        let want = differences(&|shift| {
            let mut moved = weights.to_vec();
            moved[k] = weights[k].clone() + along.clone().mul_scalar(shift);
            values(&sum(inputs, &moved))[0]
        });
        assert!(want.abs() > 1e-3, "gradient of weight {k} is zero along the chosen direction");
        assert_close(&[got], &[want], 1e-8, &format!("gradient of weight {k}"));
    }
}

/// The jet with other stored values.
fn replaced<const D: usize>(jet: &Jet<D>, stacked: Tensor<D>) -> Jet<D> {
    jet.clone().linear_map(|_| stacked)
}
