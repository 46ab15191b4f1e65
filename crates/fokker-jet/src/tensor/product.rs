//! Products and quotients of jets.

use std::ops::{Div, Mul};

use burn::tensor::Tensor;

use super::jet::{Jet, Parts, common_set};

/// `y = a b`, element by element, with broadcasting of axes other than the batch:
/// `y_u = a_u b + a b_u`, `y_uv = a_uv b + a_u b_v + a_v b_u + a b_uv`.
///
/// # Panics
/// If the operands differ in jet set or rows, or their shapes do not broadcast.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fokker_jet::{JetSet, tensor::Jet};
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// let number = |x: f32| Tensor::<2>::from_data([[x]], &Device::flex());
/// let set = std::sync::Arc::new(JetSet::first_order(2).with_pair(0, 1)?);
/// // a = 2 + 3u, b = 5 + 7v: the coefficient of uv in a b is 21.
/// let a = Jet::new(set.clone(), number(2.0), vec![(1, number(3.0))]);
/// let b = Jet::new(set, number(5.0), vec![(2, number(7.0))]);
/// assert_eq!((a * b).part(3).map(|p| p.into_scalar::<f32>()), Some(21.0));
/// # Ok(()) }
/// ```
impl<const D: usize> Mul for Jet<D> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        bilinear(self, other, Tensor::mul)
    }
}

/// `y = a / b`, element by element, with broadcasting of axes other than the batch:
/// `y_u = (a_u − y b_u)/b`, `y_uv = (a_uv − y_u b_v − y_v b_u − y b_uv)/b`.
///
/// # Panics
/// If the operands differ in jet set or rows, or their shapes do not broadcast.
impl<const D: usize> Div for Jet<D> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        quotient(&self, &other)
    }
}

impl<const D: usize> Jet<D> {
    /// `Y = A B`, a matrix product of the last two axes for each row (and each index of the axes between):
    /// `Y_u = A_u B + A B_u`, `Y_uv = A_uv B + A_u B_v + A_v B_u + A B_uv`.
    ///
    /// Shapes `[rows, …, m, k]` and `[rows, …, k, n]` give `[rows, …, m, n]`.
    ///
    /// # Panics
    /// If `D < 3` (axis 0 is the batch, not a matrix axis), the operands differ in jet set or rows, or the shapes do not fit.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let a = Tensor::<3>::from_data([[[1.0, 2.0]]], &Device::flex());
    /// let b = Tensor::<3>::from_data([[[3.0], [4.0]]], &Device::flex());
    /// let set = std::sync::Arc::new(JetSet::first_order(1));
    /// let a = Jet::new(set.clone(), a.clone(), vec![(1, a.ones_like())]);
    /// let y = a.matmul(Jet::constant(set, b));
    /// assert_eq!(y.part(1).map(|p| p.into_scalar::<f32>()), Some(7.0));
    /// ```
    #[must_use]
    pub fn matmul(self, other: Self) -> Self {
        assert!(D >= 3, "matmul: axis 0 is the batch, so a jet of {D} axes has no matrices");
        bilinear(self, other, Tensor::matmul)
    }

    /// Multiplies by a plain tensor that broadcasts to the jet's shape or beyond it: `y_p = w a_p`.
    ///
    /// Axis 0 of `factor` is 1 (one factor for every row; one operation for all parts) or the rows.
    ///
    /// # Panics
    /// If the shapes do not broadcast, or the rows differ.
    #[must_use]
    pub fn mul_tensor(self, factor: Tensor<D>) -> Self {
        if factor.dims()[0] == 1 || self.is_plain() {
            return self.linear_map(|a| a * factor);
        }
        let parts = self.parts().into_iter().map(|part| part.map(|a_p| a_p * factor.clone())).collect();
        Self::from_parts(self.set().clone(), parts)
    }
}

/// The product rule for any product linear in both factors.
fn bilinear<const A: usize, const B: usize, const Y: usize>(
    a: Jet<A>, b: Jet<B>, product: impl Fn(Tensor<A>, Tensor<B>) -> Tensor<Y>,
) -> Jet<Y> {
    let set = common_set(&a, &b);
    if a.is_plain() && b.is_plain() {
        return Jet::constant(set, product(a.into_stacked(), b.into_stacked()));
    }
    let (a, b) = (a.parts(), b.parts());
    let mut y = vec![None; set.parts()];
    let mut term = |part: usize, i: usize, j: usize| {
        if let (Some(a_i), Some(b_j)) = (&a[i], &b[j]) {
            accumulate(&mut y[part], product(a_i.clone(), b_j.clone()));
        }
    };
    term(0, 0, 0);
    for part in 1..set.parts() {
        term(part, part, 0);
        term(part, 0, part);
    }
    for (uv, u, v) in set.pairs() {
        term(uv, u, v);
        term(uv, v, u);
    }
    Jet::from_parts(set, y)
}

/// The quotient rule: each part of `y b = a` solved for that of `y`, those of lower order first.
fn quotient<const D: usize>(a: &Jet<D>, b: &Jet<D>) -> Jet<D> {
    let set = common_set(a, b);
    let divisor = b.primal();
    let (a, b) = (a.parts(), b.parts());
    let mut y: Parts<D> = vec![None; set.parts()];
    for part in 0..set.parts() {
        let mut numerator = a[part].clone();
        let mut subtract = |i: usize, j: usize| {
            if let (Some(y_i), Some(b_j)) = (&y[i], &b[j]) {
                accumulate(&mut numerator, (y_i.clone() * b_j.clone()).neg());
            }
        };
        if part > 0 {
            subtract(0, part);
        }
        if let Some((u, v)) = set.pair_of(part) {
            subtract(u, v);
            subtract(v, u);
        }
        y[part] = numerator.map(|n| n / divisor.clone());
    }
    Jet::from_parts(set, y)
}

/// Adds a term to a sum that may still be structurally zero.
pub(super) fn accumulate<const D: usize>(sum: &mut Option<Tensor<D>>, term: Tensor<D>) {
    *sum = Some(match sum.take() {
        Some(sum) => sum + term,
        None => term,
    });
}
