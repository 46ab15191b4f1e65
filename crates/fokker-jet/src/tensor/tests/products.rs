//! Sums, products, quotients, matrix products and rearrangements.

use proptest::prelude::*;

use super::harness::{assert_close, check, constant, jet, set, tensor, values};
use crate::tensor::Jet;

const ALL: [usize; 6] = [1, 2, 3, 4, 5, 6];

#[test]
fn sums_and_differences() {
    let (a, b) = (jet([3, 4], &[1, 3], 1), jet([3, 1], &[2, 3, 4], 2));
    check(&[a.clone(), b.clone()], &[], &[1, 2, 3, 4], |x, _| x[0].clone() + x[1].clone());
    check(&[b, a], &[], &[1, 2, 3, 4], |x, _| x[0].clone() - x[1].clone());
    check(&[jet([3, 4], &[2], 3)], &[], &[2], |x, _| -x[0].clone());
}

#[test]
fn scaling_and_shifting() {
    let a = jet([3, 2], &[1, 4], 1);
    check(&[a.clone()], &[], &[1, 4], |x, _| x[0].clone().scale(-1.5).shift(0.7));
    check(&[a.clone()], &[tensor([2], 5)], &[1, 4], |x, w| x[0].clone().mul_tensor(w[0].clone().reshape([1, 2])));
    check(&[a.clone()], &[tensor([3], 6)], &[1, 4], |x, w| x[0].clone().mul_tensor(w[0].clone().reshape([3, 1])));
    check(&[a.clone()], &[tensor([2], 5)], &[1, 4], |x, w| x[0].clone().add_tensor(w[0].clone().reshape([1, 2])));
    // A term wider than the jet repeats the other parts too.
    check(&[jet([3, 1], &[1, 4], 1)], &[tensor([6], 7)], &[1, 4], |x, w| {
        x[0].clone().add_tensor(w[0].clone().reshape([3, 2]))
    });
}

#[test]
fn products_and_quotients() {
    let (a, b) = (jet([3, 2], &[1, 3, 4], 1), jet([3, 2], &[2, 3, 5], 2));
    check(&[a.clone(), b.clone()], &[], &ALL, |x, _| x[0].clone() * x[1].clone());
    check(&[a.clone(), b], &[], &ALL, |x, _| x[0].clone() / x[1].clone().shift(2.0));
    check(&[a.clone()], &[], &[1, 3, 4, 5], |x, _| x[0].clone() * x[0].clone());
    // broadcasting of either operand, and factors without derivatives
    let narrow = jet([3, 1], &[2, 6], 3);
    check(&[a.clone(), narrow.clone()], &[], &[1, 2, 3, 4, 6], |x, _| x[0].clone() * x[1].clone());
    check(&[narrow, a.clone()], &[], &ALL, |x, _| x[0].clone() / x[1].clone().shift(2.0));
    check(&[a.clone(), jet([3, 2], &[], 4)], &[], &[1, 3, 4], |x, _| x[0].clone() * x[1].clone());
    check(&[a.clone(), jet([3, 2], &[], 4)], &[], &[1, 3, 4], |x, _| x[0].clone() / x[1].clone().shift(2.0));
    check(&[jet([3, 2], &[], 4), a], &[], &[1, 3, 4, 5], |x, _| x[0].clone() / x[1].clone().shift(2.0));
}

#[test]
fn matrix_products() {
    let (a, b) = (jet([2, 3, 4], &[1, 3, 4], 1), jet([2, 4, 3], &[1, 2, 6], 2));
    check(&[a.clone(), b.clone()], &[], &ALL, |x, _| x[0].clone().matmul(x[1].clone()));
    check(&[a.clone()], &[], &[1, 3, 4, 5], |x, _| x[0].clone().matmul(x[0].clone().swap_dims(1, 2)));
    let (a, b) = (a.reshape([2, 2, 3, 2]), b.reshape([2, 2, 2, 3]));
    check(&[a, b], &[], &ALL, |x, _| x[0].clone().matmul(x[1].clone()));
}

#[test]
fn rearrangements_and_sums_over_an_axis() {
    let (a, b) = (jet([2, 3, 4], &[1, 4], 1), jet([2, 3, 2], &[2, 3], 2));
    check(&[a.clone(), b], &[], &[1, 2, 3, 4], |x, _| Jet::cat(x.to_vec(), 2));
    check(&[a.clone()], &[], &[1, 4], |x, _| x[0].clone().reshape([2, 2, 3, 2]).swap_dims(1, 3).reshape([2, 12]));
    check(&[a.clone()], &[], &[1, 4], |x, _| x[0].clone().narrow(2, 1, 2));
    check(&[a.clone()], &[], &[1, 4], |x, _| x[0].clone().sum_dim(1));
    check(&[a], &[], &[1, 4], |x, _| x[0].clone().mean_dim(2));
}

#[test]
fn a_detached_jet_keeps_its_values_and_loses_its_graph() {
    let leaf = tensor([2, 2], 1).autodiff().require_grad();
    let x = Jet::new(set(), leaf.clone(), vec![(1, leaf.clone())]);
    let y = x.clone() * x;
    assert!(y.clone().into_stacked().is_tracked());
    let detached = y.clone().detach();
    assert!(!detached.clone().into_stacked().is_tracked());
    assert_eq!(values(&detached.into_stacked()), values(&y.into_stacked()));
}

#[test]
#[should_panic(expected = "different jet sets")]
fn operands_of_different_sets_are_refused() {
    let _ = jet([2, 2], &[1], 1) + Jet::from(tensor([2, 2], 2));
}

#[test]
#[should_panic(expected = "axis 0 is the batch")]
fn the_batch_is_no_axis_to_sum_over() {
    let _ = jet([2, 2], &[1], 1).sum_dim(0);
}

#[test]
#[should_panic(expected = "differ in shape")]
fn parts_of_another_shape_are_refused() {
    let _ = Jet::new(set(), tensor([2, 2], 1), vec![(1, tensor([1, 2], 2))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `(a b)_uv` and `(a b)_uu` of whole numbers, exactly, whichever parts are there.
    #[test]
    fn product_rule(
        a in prop::array::uniform7(-20_i32..20),
        b in prop::array::uniform7(-20_i32..20),
        here in prop::array::uniform7(prop::bool::ANY),
        there in prop::array::uniform7(prop::bool::ANY),
    ) {
        let masked = |values: [i32; 7], mask: [bool; 7]| -> [f64; 7] {
            std::array::from_fn(|i| if i == 0 || mask[i] { f64::from(values[i]) } else { 0.0 })
        };
        let number = |v: f64| constant(vec![v], [1, 1]);
        let build = |values: [f64; 7], mask: [bool; 7]| {
            Jet::new(set(), number(values[0]), (1..7).filter(|&i| mask[i]).map(|i| (i, number(values[i]))).collect())
        };
        let (a, b) = (masked(a, here), masked(b, there));
        let y = build(a, here) * build(b, there);
        let got = |part: usize| y.part(part).map_or(0.0, |t| values(&t)[0]);
        let pair = |uv: usize, u: usize, v: usize| a[uv] * b[0] + a[u] * b[v] + a[v] * b[u] + a[0] * b[uv];
        prop_assert_eq!(got(0), a[0] * b[0]);
        for u in 1..4 {
            prop_assert_eq!(got(u), a[u] * b[0] + a[0] * b[u]);
        }
        prop_assert_eq!([got(4), got(5), got(6)], [pair(4, 1, 2), pair(5, 1, 1), pair(6, 3, 2)]);
    }

    /// `(a b) / b` is `a`, part by part.
    #[test]
    fn a_quotient_undoes_a_product(seed in 0_u64..1000) {
        let (a, b) = (jet([2, 3], &[1, 2, 4], seed), jet([2, 3], &[2, 3, 5], seed + 1).shift(3.0));
        let y = a.clone() * b.clone() / b;
        for part in 0..7 {
            let got = y.part(part).map_or(vec![0.0; 6], |p| values(&p));
            let want = a.part(part).map_or(vec![0.0; 6], |p| values(&p));
            assert_close(&got, &want, 1e-13, "quotient");
        }
    }
}
