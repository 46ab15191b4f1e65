//! Vector registers, so that one text of a matrix kernel serves every instruction set and both precisions.

use crate::Real;

/// A register of numbers. All functions are for processors that have the instructions; see [`super::simd`].
pub trait Vector<F>: Copy {
    /// Numbers in the register.
    const LANES: usize;
    /// All equal.
    ///
    /// # Safety
    /// The processor must have the instructions (this holds of every function here).
    unsafe fn splat(x: F) -> Self;
    /// From memory, at any alignment.
    ///
    /// # Safety
    /// `from` must point to `LANES` numbers.
    unsafe fn load(from: *const F) -> Self;
    /// To memory, at any alignment.
    ///
    /// # Safety
    /// `to` must point to `LANES` numbers.
    unsafe fn store(self, to: *mut F);
    /// `self · b + c`.
    ///
    /// # Safety
    /// As for [`splat`](Self::splat).
    unsafe fn multiply_add(self, b: Self, c: Self) -> Self;
    /// `self + b`.
    ///
    /// # Safety
    /// As for [`splat`](Self::splat).
    unsafe fn add(self, b: Self) -> Self;
}

/// A precision's registers.
pub trait Registers: Sized {
    /// 512 bits (AVX-512).
    type V4: Vector<Self>;
    /// 256 bits (AVX2 with FMA).
    type V3: Vector<Self>;
    /// 128 bits, the baseline (SSE2, NEON), left to the compiler.
    type Baseline: Vector<Self>;
}

/// 16 bytes' worth of numbers, as an array that the compiler puts into a register.
#[derive(Clone, Copy)]
pub struct Array<F, const N: usize>([F; N]);

impl<F: Real, const N: usize> Vector<F> for Array<F, N> {
    const LANES: usize = N;

    #[inline(always)]
    unsafe fn splat(x: F) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    unsafe fn load(from: *const F) -> Self {
        // SAFETY: the caller's promise; an array of numbers has their alignment.
        Self(unsafe { from.cast::<[F; N]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut F) {
        // SAFETY: as above.
        unsafe { to.cast::<[F; N]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn multiply_add(mut self, b: Self, c: Self) -> Self {
        for i in 0..N {
            // NEON, with its fused multiply-add, is part of the aarch64 baseline; that of x86 has none.
            self.0[i] = self.0[i].multiply_add::<{ cfg!(target_arch = "aarch64") }>(b.0[i], c.0[i]);
        }
        self
    }

    #[inline(always)]
    unsafe fn add(mut self, b: Self) -> Self {
        for i in 0..N {
            self.0[i] += b.0[i];
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    macro_rules! vector {
        ($register:ty, $f:ty, $lanes:literal, $set1:ident, $load:ident, $store:ident, $fmadd:ident, $add:ident) => {
            impl Vector<$f> for $register {
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn splat(x: $f) -> Self {
                    // SAFETY: the caller's promise, here and below.
                    unsafe { $set1(x) }
                }

                #[inline(always)]
                unsafe fn load(from: *const $f) -> Self {
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut $f) {
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                unsafe fn multiply_add(self, b: Self, c: Self) -> Self {
                    unsafe { $fmadd(self, b, c) }
                }

                #[inline(always)]
                unsafe fn add(self, b: Self) -> Self {
                    unsafe { $add(self, b) }
                }
            }
        };
    }

    vector!(__m512, f32, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps);
    vector!(__m512d, f64, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd);
    vector!(__m256, f32, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps);
    vector!(__m256d, f64, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd);

    impl super::Registers for f32 {
        type V4 = __m512;
        type V3 = __m256;
        type Baseline = super::Array<f32, 4>;
    }

    impl super::Registers for f64 {
        type V4 = __m512d;
        type V3 = __m256d;
        type Baseline = super::Array<f64, 2>;
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod other {
    impl super::Registers for f32 {
        type V4 = super::Array<f32, 4>;
        type V3 = super::Array<f32, 4>;
        type Baseline = super::Array<f32, 4>;
    }

    impl super::Registers for f64 {
        type V4 = super::Array<f64, 2>;
        type V3 = super::Array<f64, 2>;
        type Baseline = super::Array<f64, 2>;
    }
}
