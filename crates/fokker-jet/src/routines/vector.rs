//! Vector registers, so that one text of the matrix product serves every instruction set and both precisions.

use crate::Real;

/// A register of numbers. All functions are for processors that have the instructions; see [`super::simd`].
pub(crate) trait Vector<F>: Copy {
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
}

/// A precision's registers. Routines are generic in it; whoever calls them knows the precision.
pub(crate) trait Registers: Real {
    /// 512 bits (AVX-512).
    type V4: Vector<Self>;
    /// 256 bits (AVX2 with FMA).
    type V3: Vector<Self>;
    /// 128 bits, the baseline (SSE2, NEON), left to the compiler.
    type Baseline: Vector<Self>;
}

/// 16 bytes' worth of numbers, as an array that the compiler puts into a register.
#[derive(Clone, Copy)]
pub(crate) struct Array<F, const N: usize>([F; N]);

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
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    macro_rules! vector {
        ($register:ty, $f:ty, $lanes:literal, $set1:ident, $load:ident, $store:ident, $fmadd:ident) => {
            impl Vector<$f> for $register {
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn splat(x: $f) -> Self {
                    // SAFETY: the caller's promise that the processor has the instruction.
                    unsafe { $set1(x) }
                }

                #[inline(always)]
                unsafe fn load(from: *const $f) -> Self {
                    // SAFETY: the caller's promise of the instruction and of the numbers, which need no alignment.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut $f) {
                    // SAFETY: as for `load`.
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                unsafe fn multiply_add(self, b: Self, c: Self) -> Self {
                    // SAFETY: as for `splat`.
                    unsafe { $fmadd(self, b, c) }
                }
            }
        };
    }

    vector!(__m512, f32, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
    vector!(__m512d, f64, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd);
    vector!(__m256, f32, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
    vector!(__m256d, f64, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);

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
