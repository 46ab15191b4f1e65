//! Derivatives by finite differences of high order.

use fokker_jet::Real;

/// Nodes of a stencil.
pub(super) const NODES: usize = 9;

/// The weights by which a function's values at 0, ±1, … ±4 units from a point give its first derivative there, per unit: of eighth
/// order. That of the point itself is 0.
///
/// With a unit h over which the function changes by its length ℓ, the error is about ε ℓ/h from rounding and (h/ℓ)⁸ from the terms
/// left out, each of the derivative: some 1e-14 in `f64` at h = ℓ/50.
pub(super) const CENTRAL: [(f64, f64); NODES - 1] = [
    (-4.0, 1.0 / 280.0),
    (-3.0, -4.0 / 105.0),
    (-2.0, 1.0 / 5.0),
    (-1.0, -4.0 / 5.0),
    (1.0, 4.0 / 5.0),
    (2.0, -1.0 / 5.0),
    (3.0, 4.0 / 105.0),
    (4.0, -1.0 / 280.0),
];

/// The unit of a first derivative, in lengths over which the function changes, for numbers of machine epsilon ε: ε^(1/9), where
/// both errors are alike.
pub(super) fn unit(epsilon: f64) -> f64 {
    epsilon.powf(1.0 / 9.0)
}

/// The same for a second derivative, by differences of differences: ε^(1/10).
pub(super) fn second_unit(epsilon: f64) -> f64 {
    epsilon.powf(0.1)
}

/// Machine epsilon of a precision.
pub(super) fn epsilon<F: Real>() -> f64 {
    if F::of(1.0 + f64::EPSILON).as_f64() > 1.0 { f64::EPSILON } else { f32::EPSILON.into() }
}

/// Derivatives of a function of a point, with memory for one point.
pub(super) struct Slopes<F> {
    moved: Vec<F>,
    value: Vec<F>,
    sum: Vec<f64>,
}

impl<F: Real> Slopes<F> {
    /// In `dim` dimensions.
    pub fn new(dim: usize) -> Self {
        Self { moved: vec![F::ZERO; dim], value: vec![F::ZERO; dim], sum: vec![0.0; dim] }
    }

    /// d/dh f(x + h v) at h = 0 by steps of `unit`.
    pub fn along(&mut self, x: &[F], v: &[F], unit: f64, mut f: impl FnMut(&[F], &mut [F])) -> &[f64] {
        self.sum.fill(0.0);
        for (node, weight) in CENTRAL {
            let step = F::of(node * unit);
            for ((moved, &x), &v) in self.moved.iter_mut().zip(x).zip(v) {
                *moved = x + step * v;
            }
            f(&self.moved, &mut self.value);
            self.sum.iter_mut().zip(&self.value).for_each(|(sum, value)| *sum += weight / unit * value.as_f64());
        }
        &self.sum
    }
}

/// Nodes and weights of the first derivative at 0 from values at `first`, `first + 1`, … units, for where a point has no room on one
/// side (Fornberg 1988, Math. Comp. 51(184), of which this is the case of equal spacing, by Lagrange's polynomials).
pub(super) fn from(first: f64) -> [(f64, f64); NODES] {
    #[allow(clippy::cast_precision_loss)]
    let node = |i: usize| first + i as f64;
    std::array::from_fn(|i| {
        let others = || (0..NODES).filter(move |&k| k != i);
        let whole: f64 = others().map(|k| node(i) - node(k)).product();
        // The derivative at 0 of ∏ (x − x_k): the sum over the factors that are differentiated.
        let slope: f64 = others().map(|m| others().filter(|&k| k != m).map(|k| -node(k)).product::<f64>()).sum();
        (node(i), slope / whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_up_to_the_order_are_exact() {
        for first in [-4.0, -6.0, -8.0, 0.0] {
            for power in 0..=8 {
                let slope: f64 = from(first).iter().map(|(x, w)| w * x.powi(power)).sum();
                assert!((slope - f64::from(u8::from(power == 1))).abs() < 1e-8, "{first} {power} {slope}");
            }
            // The twin: one power more is not.
            assert!(from(first).iter().map(|(x, w)| w * x.powi(9)).sum::<f64>().abs() > 1.0);
        }
    }

    #[test]
    fn the_central_stencil_is_the_one_with_room_on_both_sides() {
        let all = from(-4.0);
        assert!(all[4].1.abs() < 1e-12);
        for (x, w) in CENTRAL {
            assert!(all.iter().any(|&(y, v)| y == x && (v - w).abs() < 1e-12), "{x} {w}");
        }
    }
}
