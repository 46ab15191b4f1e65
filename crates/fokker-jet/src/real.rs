//! The two precisions.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    /// Implemented by the two precisions alone.
    pub trait Sealed {}

    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` for training, `f64` for tests and exact evaluation. Sealed: no other type can have it.
pub trait Real:
    sealed::Sealed
    + Copy
    + Debug
    + Display
    + Default
    + PartialOrd
    + Send
    + Sync
    + bytemuck::Pod
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// From `f64`, rounded.
    fn of(value: f64) -> Self;
    /// To `f64`, exactly.
    fn as_f64(self) -> f64;
    /// `eˣ` without branches or calls, so that loops over it become vector code; within 2 units in the last place.
    #[inline(always)]
    fn exp(self) -> Self {
        self.exp_with::<false>()
    }
    /// The same, with fused multiply-adds if `FMA`.
    fn exp_with<const FMA: bool>(self) -> Self;
    /// `sin x`.
    fn sin(self) -> Self;
    /// `cos x`.
    fn cos(self) -> Self;
    /// `ln x`.
    fn ln(self) -> Self;
    /// `√x`.
    fn sqrt(self) -> Self;
    /// `xᵖ`.
    fn powf(self, p: f64) -> Self;
    /// `self · b + c`: fused if `FMA`, else rounded twice. Callers set `FMA` only where that is one instruction.
    fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self;
    /// Neither infinite nor NaN?
    fn is_finite(self) -> bool;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    // x = k ln 2 + r with |r| ≤ ln 2 / 2: eˣ = 2ᵏ eʳ, eʳ by its Taylor polynomial (remainder below 6e-9),
    // k rounded by adding 1.5·2²³, whose low mantissa bits then are k.
    #[inline(always)]
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap)]
    fn exp_with<const FMA: bool>(self) -> Self {
        const MAGIC: f32 = 12_582_912.0;
        let x = if self > 88.0 { 88.0 } else { self };
        let x = if x < -87.0 { -87.0 } else { x };
        let shifted = x.multiply_add::<FMA>(std::f32::consts::LOG2_E, MAGIC);
        let k = shifted - MAGIC;
        let r = k.multiply_add::<FMA>(2.121_944_4e-4, k.multiply_add::<FMA>(-0.693_359_4, x));
        let mut p = 1.0 / 5040.0;
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = p.multiply_add::<FMA>(r, c);
        }
        let bits = (shifted.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
        p * f32::from_bits((bits.wrapping_add(127) << 23) as u32)
    }

    #[inline(always)]
    fn sin(self) -> Self {
        self.sin()
    }

    #[inline(always)]
    fn cos(self) -> Self {
        self.cos()
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.ln()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn powf(self, p: f64) -> Self {
        self.powf(Self::of(p))
    }

    #[inline(always)]
    fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self {
        if FMA { self.mul_add(b, c) } else { self * b + c }
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self
    }

    // As for f32, with a Taylor polynomial of degree 13 (remainder below 5e-18).
    #[inline(always)]
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap)]
    fn exp_with<const FMA: bool>(self) -> Self {
        const MAGIC: f64 = 6_755_399_441_055_744.0;
        let x = if self > 709.0 { 709.0 } else { self };
        let x = if x < -708.0 { -708.0 } else { x };
        let shifted = x.multiply_add::<FMA>(std::f64::consts::LOG2_E, MAGIC);
        let k = shifted - MAGIC;
        let r =
            k.multiply_add::<FMA>(-1.908_214_929_270_587_7e-10, k.multiply_add::<FMA>(-6.931_471_803_691_238e-1, x));
        let mut p = 1.0 / 6_227_020_800.0;
        for c in [
            1.0 / 479_001_600.0,
            1.0 / 39_916_800.0,
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5_040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            p = p.multiply_add::<FMA>(r, c);
        }
        let bits = (shifted.to_bits() as i64).wrapping_sub(MAGIC.to_bits() as i64);
        p * f64::from_bits((bits.wrapping_add(1023) << 52) as u64)
    }

    #[inline(always)]
    fn sin(self) -> Self {
        self.sin()
    }

    #[inline(always)]
    fn cos(self) -> Self {
        self.cos()
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.ln()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn powf(self, p: f64) -> Self {
        self.powf(p)
    }

    #[inline(always)]
    fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self {
        if FMA { self.mul_add(b, c) } else { self * b + c }
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::Real;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        for i in (-70_000..=70_000_i32).step_by(if cfg!(miri) { 997 } else { 1 }) {
            let x = f64::from(i) * 1e-2;
            let want = x.exp();
            for got in [x.exp_with::<false>(), x.exp_with::<true>()] {
                // ε = 2⁻⁵² of a number is one or two of its units.
                assert!((got - want).abs() <= f64::EPSILON * want, "{x}: {got} {want}");
            }
            let y = f32::of(x / 8.5);
            let want = f64::from(y).exp();
            for got in [y.exp_with::<false>(), y.exp_with::<true>()] {
                assert!((f64::from(got) - want).abs() <= f64::from(f32::EPSILON) * want, "{y}: {got} {want}");
            }
        }
    }
}
