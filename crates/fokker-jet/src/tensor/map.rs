//! Elementwise functions of jets.

use burn::tensor::{Tensor, activation};

use super::jet::Jet;
use super::product::accumulate;
use crate::Function;

impl<const D: usize> Jet<D> {
    /// `y = f(a)`, element by element: `y_u = f′(a) a_u`, `y_uv = f″(a) a_u a_v + f′(a) a_uv`.
    ///
    /// `f′` and `f″` are made of differentiable Burn operations, so a reverse pass over the result is exact.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{Function, JetSet, tensor::Jet};
    /// let x = Tensor::<2>::from_data([[0.3_f32]], &Device::flex());
    /// let y = Jet::new(JetSet::first_order(1), x.clone(), vec![(1, x.ones_like())]).map(Function::Sin);
    /// let slope = y.part(1).map(|p| p.into_scalar::<f32>());
    /// assert!(slope.is_some_and(|s| (s - 0.3_f32.cos()).abs() < 1e-6));
    /// ```
    #[must_use]
    pub fn map(self, function: Function) -> Self {
        if self.is_plain() {
            return self.linear_map(|a| value(function, a));
        }
        let pairs: Vec<_> = self.set().pairs().filter(|&(_, u, v)| self.live().has(u) && self.live().has(v)).collect();
        let slopes = Slopes::at(self.primal(), function, !pairs.is_empty());
        let a = self.parts();
        let mut y: Vec<_> = a.iter().map(|part| part.clone().map(|a_p| slopes.first.clone() * a_p)).collect();
        y[0] = Some(slopes.value);
        for (uv, u, v) in pairs {
            if let (Some(curvature), Some(a_u), Some(a_v)) = (&slopes.second, &a[u], &a[v]) {
                accumulate(&mut y[uv], curvature.clone() * a_u.clone() * a_v.clone());
            }
        }
        Self::from_parts(self.set().clone(), y)
    }
}

/// `f(a)` in Burn's own operations.
fn value<const D: usize>(function: Function, a: Tensor<D>) -> Tensor<D> {
    match function {
        Function::Silu => activation::silu(a),
        Function::Tanh => a.tanh(),
        Function::Sin => a.sin(),
        Function::Cos => a.cos(),
        Function::Exp => a.exp(),
        Function::Log => a.log(),
        Function::Sqrt => a.sqrt(),
        Function::Recip => a.recip(),
        Function::Power(p) => monomial(&a, 1.0, p),
    }
}

/// `f`, `f′` and, where it is wanted, `f″`.
struct Slopes<const D: usize> {
    value: Tensor<D>,
    first: Tensor<D>,
    second: Option<Tensor<D>>,
}

impl<const D: usize> Slopes<D> {
    fn at(a: Tensor<D>, function: Function, curved: bool) -> Self {
        if function == Function::Silu {
            return Self::silu(a, curved);
        }
        let y = value(function, a.clone());
        let first = match function {
            Function::Silu | Function::Exp => y.clone(),
            Function::Tanh => (y.clone() * y.clone()).neg().add_scalar(1.0),
            Function::Sin => a.clone().cos(),
            Function::Cos => a.clone().sin().neg(),
            Function::Log => a.clone().recip(),
            Function::Sqrt => y.clone().recip().mul_scalar(0.5),
            Function::Recip => (y.clone() * y.clone()).neg(),
            Function::Power(p) => monomial(&a, p, p - 1.0),
        };
        let second = curved.then(|| match function {
            Function::Silu | Function::Exp => y.clone(),
            Function::Tanh | Function::Recip => y.clone() * first.clone().mul_scalar(-2.0),
            Function::Sin | Function::Cos => y.clone().neg(),
            Function::Log => (first.clone() * first.clone()).neg(),
            Function::Sqrt => (first.clone() / a.clone()).mul_scalar(-0.5),
            Function::Power(p) => monomial(&a, p * (p - 1.0), p - 2.0),
        });
        Self { value: y, first, second }
    }

    /// With `s` the logistic function: `a s`, `s + a s′`, `s′ (2 + a (1 − 2s))`.
    fn silu(a: Tensor<D>, curved: bool) -> Self {
        let s = activation::sigmoid(a.clone());
        let slope = s.clone() * s.clone().neg().add_scalar(1.0);
        let first = s.clone() + a.clone() * slope.clone();
        let second = curved.then(|| slope * (a.clone() * s.clone().mul_scalar(-2.0).add_scalar(1.0)).add_scalar(2.0));
        Self { value: a * s, first, second }
    }
}

/// `c aᵉ`, with the cases in which it or its derivative has no power left written out (a polynomial has no NaN at 0).
#[allow(clippy::float_cmp)]
fn monomial<const D: usize>(a: &Tensor<D>, c: f64, e: f64) -> Tensor<D> {
    let power = if c == 0.0 {
        return a.zeros_like();
    } else if e == 0.0 {
        return a.full_like(c);
    } else if e == 1.0 {
        a.clone()
    } else {
        a.clone().powf_scalar(e)
    };
    if c == 1.0 { power } else { power.mul_scalar(c) }
}
