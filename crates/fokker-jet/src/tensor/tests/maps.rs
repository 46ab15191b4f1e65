//! Elementwise functions.

use proptest::prelude::*;

use super::harness::{assert_close, check, constant, jet, largest, set, values};
use crate::Function;
use crate::tensor::Jet;

const FUNCTIONS: [Function; 12] = [
    Function::Silu,
    Function::Tanh,
    Function::Sin,
    Function::Cos,
    Function::Exp,
    Function::Log,
    Function::Sqrt,
    Function::Recip,
    Function::Power(2.0),
    Function::Power(3.0),
    Function::Power(-1.7),
    Function::Power(-2.0),
];

#[test]
fn every_function_has_the_parts_and_the_gradient_of_its_plain_form() {
    for function in FUNCTIONS {
        // Arguments in (1, 2): every function is smooth there.
        let shifted = |x: &[Jet<2>]| x[0].clone().scale(0.5).shift(1.5).map(function);
        check(&[jet([3, 2], &[1, 2, 3, 4, 5, 6], 1)], &[], &[1, 2, 3, 4, 5, 6], |x, _| shifted(x));
        check(&[jet([3, 2], &[1, 2, 6], 2)], &[], &[1, 2, 4, 5, 6], |x, _| shifted(x));
        check(&[jet([3, 2], &[2], 3)], &[], &[2], |x, _| shifted(x));
    }
}

#[test]
fn functions_of_either_sign_are_right_on_both_sides_of_zero() {
    for function in [Function::Silu, Function::Tanh, Function::Sin, Function::Cos, Function::Exp, Function::Power(3.0)]
    {
        check(&[jet([4, 3], &[1, 2, 3, 4], 4)], &[], &[1, 2, 3, 4, 5, 6], |x, _| x[0].clone().scale(2.0).map(function));
    }
}

#[test]
fn a_cube_is_exact() {
    let number = |x: f64| constant(vec![x], [1, 1]);
    let x = Jet::new(set(), number(2.0), vec![(1, number(3.0)), (2, number(5.0)), (4, number(7.0))]);
    let y = x.map(Function::Power(3.0));
    let part = |p: usize| y.part(p).map(|t| values(&t)[0]);
    // x³, 3x² x_u, 3x² x_v, 6x x_u x_v + 3x² x_uv, 6x x_u²
    assert_eq!([part(0), part(1), part(2)], [Some(8.0), Some(36.0), Some(60.0)]);
    assert_eq!([part(3), part(4), part(5), part(6)], [None, Some(180.0 + 84.0), Some(108.0), None]);
}

#[test]
fn polynomials_have_no_nan_at_zero_forward_or_back() {
    for (power, slope, curvature) in [(0.0, 0.0, 0.0), (1.0, 1.0, 0.0), (2.0, 0.0, 2.0), (3.0, 0.0, 0.0)] {
        let x = constant(vec![0.0], [1, 1]).autodiff().require_grad();
        let one = constant(vec![1.0], [1, 1]);
        // y + 5x, so that there is a graph to walk even for the constant
        let x_jet = Jet::new(set(), x.clone(), vec![(1, one.clone()), (2, one)]);
        let y = x_jet.clone().map(Function::Power(power)) + x_jet.scale(5.0);
        let part = |p: usize| y.part(p).map(|t| values(&t)[0]);
        assert_eq!((part(1), part(4)), (Some(slope + 5.0), Some(curvature)), "power {power}");
        let gradients = y.into_stacked().sum().backward();
        let gradient = values(&x.grad(&gradients).unwrap())[0];
        // ∂(y + y_u + y_v + y_uv + y_uu)/∂x
        let third = if power == 3.0 { 6.0 } else { 0.0 };
        assert_eq!(gradient, 5.0 + slope + 2.0 * curvature + 2.0 * third, "power {power}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `f(g(x))` against the closed chain rule with the crate's scalar derivatives.
    #[test]
    fn chain_rule(
        x in 0.4_f64..1.2,
        parts in prop::array::uniform4(-1.0_f64..1.0),
        outer in 0..FUNCTIONS.len(),
        inner in 0..FUNCTIONS.len(),
    ) {
        let (f, g) = (FUNCTIONS[outer], FUNCTIONS[inner]);
        let inside = g.derivatives(x);
        prop_assume!(inside[0] > 0.05);
        let [x_u, x_v, x_uv, x_uu] = parts;
        let number = |v: f64| constant(vec![v], [1, 1]);
        let jet = Jet::new(set(), number(x), vec![(1, number(x_u)), (2, number(x_v)), (4, number(x_uv)), (5, number(x_uu))]);
        let y = jet.map(g).map(f);

        let outside = f.derivatives(inside[0]);
        let first = outside[1] * inside[1];
        let second = outside[2] * inside[1] * inside[1] + outside[1] * inside[2];
        let want = [outside[0], first * x_u, first * x_v, second * x_u * x_v + first * x_uv, second * x_u * x_u + first * x_uu];
        for (part, want) in [0, 1, 2, 4, 5].into_iter().zip(want) {
            let got = values(&y.part(part).unwrap());
            assert_close(&got, &[want], 1e-9, &format!("{f:?} of {g:?}, part {part}"));
        }
    }

    /// `ln eˣ` is `x`, part by part, and the path there is not zero.
    #[test]
    fn inverse_functions_cancel(seed in 0_u64..1000) {
        let x = jet([2, 2], &[1, 2, 3, 5], seed);
        let between = x.clone().map(Function::Exp);
        prop_assert!(between.part(4).is_some_and(|p| largest(&values(&p)) > 1e-6));
        let back = between.map(Function::Log);
        for part in 0..7 {
            let got = back.part(part).map_or(vec![0.0; 4], |p| values(&p));
            let want = x.part(part).map_or(vec![0.0; 4], |p| values(&p));
            assert_close(&got, &want, 1e-12, "ln exp");
        }
    }
}
