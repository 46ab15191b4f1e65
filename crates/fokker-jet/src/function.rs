//! Elementwise functions with their derivatives up to the third order.

use crate::Real;

/// An elementwise function. The jet of `y = f(a)` is `y_u = f′a_u`, `y_uv = f″a_u a_v + f′a_uv`; its reverse pass needs `f‴`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// `a σ(a)`, σ the logistic function (Hendrycks & Gimpel 2016; Elfwing et al. 2018).
    Silu,
    /// `tanh a`.
    Tanh,
    /// `sin a`.
    Sin,
    /// `cos a`.
    Cos,
    /// `eᵃ`.
    Exp,
    /// `ln a`.
    Log,
    /// `√a`.
    Sqrt,
    /// `1/a`.
    Recip,
    /// `aᵖ`.
    Power(f64),
}

impl Function {
    /// `f, f′, f″, f‴` at `a`.
    ///
    /// ```
    /// use fokker_jet::Function;
    /// assert_eq!(Function::Power(3.0).derivatives(2.0_f64), [8.0, 12.0, 12.0, 6.0]);
    /// ```
    #[inline(always)]
    #[must_use]
    pub fn derivatives<F: Real>(self, a: F) -> [F; 4] {
        self.derivatives_from::<F, false>(a, self.transcendental::<F, false>(a))
    }

    /// The costly part of the derivatives, from which the rest is rational: worth keeping from one pass to the next.
    #[inline(always)]
    pub(crate) fn transcendental<F: Real, const FMA: bool>(self, a: F) -> F {
        match self {
            Self::Silu => F::ONE / (F::ONE + (-a).exp_with::<FMA>()),
            Self::Tanh => tanh::<F, FMA>(a),
            Self::Exp => a.exp_with::<FMA>(),
            Self::Sqrt => a.sqrt(),
            Self::Log | Self::Recip => F::ONE / a,
            Self::Sin | Self::Cos | Self::Power(_) => F::ZERO,
        }
    }

    /// `f, f′, f″, f‴` at `a`, whose [`transcendental`](Self::transcendental) part is known.
    #[inline(always)]
    pub(crate) fn derivatives_from<F: Real, const FMA: bool>(self, a: F, transcendental: F) -> [F; 4] {
        let two = F::of(2.0);
        match self {
            Self::Silu => {
                let s = transcendental;
                let (c, s1) = (F::ONE - two * s, s * (F::ONE - s));
                let s2 = s1 * c;
                let s3 = (-two * s1).multiply_add::<FMA>(s1, s2 * c);
                let y2 = a.multiply_add::<FMA>(s2, two * s1);
                [a * s, a.multiply_add::<FMA>(s1, s), y2, a.multiply_add::<FMA>(s3, F::of(3.0) * s2)]
            }
            Self::Tanh => {
                let y = transcendental;
                let d = F::ONE - y * y;
                [y, d, -two * y * d, -two * d * (d - two * y * y)]
            }
            Self::Sin => {
                let (s, c) = (a.sin(), a.cos());
                [s, c, -s, -c]
            }
            Self::Cos => {
                let (s, c) = (a.sin(), a.cos());
                [c, -s, -c, s]
            }
            Self::Exp => [transcendental; 4],
            Self::Log => {
                let r = transcendental;
                [a.ln(), r, -r * r, two * r * r * r]
            }
            Self::Sqrt => {
                let y = transcendental;
                let d = F::of(0.5) / y;
                let d2 = -F::of(0.5) * d / a;
                [y, d, d2, -F::of(1.5) * d2 / a]
            }
            Self::Recip => {
                let r = transcendental;
                [r, -r * r, two * r * r * r, -F::of(6.0) * r * r * r * r]
            }
            Self::Power(p) => [
                a.powf(p),
                F::of(p) * power(a, p - 1.0, p),
                F::of(p * (p - 1.0)) * power(a, p - 2.0, p * (p - 1.0)),
                F::of(p * (p - 1.0) * (p - 2.0)) * power(a, p - 3.0, p * (p - 1.0) * (p - 2.0)),
            ],
        }
    }
}

/// `tanh a = 1 − 2/(e^{2a}+1)`; near zero, where that cancels, its odd Taylor polynomial.
#[inline(always)]
fn tanh<F: Real, const FMA: bool>(a: F) -> F {
    let far = F::ONE - F::of(2.0) / ((a + a).exp_with::<FMA>() + F::ONE);
    let q = a * a;
    let mut p = F::of(-1382.0 / 155_925.0);
    for c in [62.0 / 2835.0, -17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0, 1.0] {
        p = p.multiply_add::<FMA>(q, F::of(c));
    }
    if q < F::of(1.6e-3) { p * a } else { far }
}

/// `aᵉ`, or 0 where its coefficient vanishes (so that polynomials have no NaN at 0).
#[inline(always)]
fn power<F: Real>(a: F, exponent: f64, coefficient: f64) -> F {
    if coefficient == 0.0 { F::ZERO } else { a.powf(exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Function; 10] = [
        Function::Silu,
        Function::Tanh,
        Function::Sin,
        Function::Cos,
        Function::Exp,
        Function::Log,
        Function::Sqrt,
        Function::Recip,
        Function::Power(3.0),
        Function::Power(-1.7),
    ];

    #[test]
    fn each_derivative_is_the_slope_of_the_one_before() {
        for f in ALL {
            for a in [0.013_f64, 0.2, 0.9, 1.7, 3.1] {
                let h = 1e-5;
                let (lo, hi) = (f.derivatives(a - h), f.derivatives(a + h));
                let at = f.derivatives(a);
                for k in 0..3 {
                    let slope = (hi[k] - lo[k]) / (2.0 * h);
                    let scale = at[k + 1].abs().max(1.0);
                    let relative = if a < 0.1 { 2e-5 } else { 1e-7 };
                    assert!(
                        (slope - at[k + 1]).abs() < relative * scale,
                        "{f:?} order {k} at {a}: {slope} {}",
                        at[k + 1]
                    );
                }
            }
        }
    }

    #[test]
    fn values_agree_with_the_standard_library() {
        for i in -400..400 {
            let a = f64::from(i) * 0.0317;
            assert!((Function::Tanh.derivatives(a)[0] - a.tanh()).abs() < 3e-16 + 1e-14 * a.tanh().abs());
            let silu = a / (1.0 + (-a).exp());
            assert!((Function::Silu.derivatives(a)[0] - silu).abs() < 1e-15 * (1.0 + a.abs()));
        }
    }
}
