//! Run-time choice of vector instructions: each kernel is compiled for AVX-512, AVX2 with FMA and the baseline.

/// Compiles a generic body for several instruction sets and calls the best one that the processor has.
///
/// Inside the body, `FMA` is true where a fused multiply-add is one instruction, `V` is the widest register, and `TALL` the
/// number of rows of a matrix tile for which there are registers enough.
macro_rules! multiversion {
    ($(#[$doc:meta])* $visible:vis fn $name:ident<$f:ident: Real>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $visible fn $name<$f: crate::Real>($($arg: $ty),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, clippy::extra_unused_type_parameters)]
            fn body<$f: crate::Real, V: crate::cpu::vector::Vector<$f>, const FMA: bool, const TALL: usize>(
                $($arg: $ty),*
            ) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,fma,avx2")]
                #[allow(clippy::too_many_arguments)]
                fn v4<$f: crate::Real>($($arg: $ty),*) {
                    body::<$f, $f::V4, true, 12>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v3<$f: crate::Real>($($arg: $ty),*) {
                    body::<$f, $f::V3, true, 6>($($arg),*)
                }
                match $crate::cpu::simd::level() {
                    // SAFETY: the processor has been asked for every feature that the function is compiled for.
                    $crate::cpu::simd::Level::V4 => return unsafe { v4($($arg),*) },
                    // SAFETY: as above.
                    $crate::cpu::simd::Level::V3 => return unsafe { v3($($arg),*) },
                    $crate::cpu::simd::Level::Baseline => {}
                }
            }
            // NEON, with its fused multiply-add, is part of the aarch64 baseline.
            body::<$f, $f::Baseline, { cfg!(target_arch = "aarch64") }, 6>($($arg),*);
        }
    };
}
pub(super) use multiversion;

/// The instruction sets that kernels are compiled for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Baseline,
    V3,
    V4,
}

#[cfg(all(test, target_arch = "x86_64"))]
thread_local! {
    /// Tests lower it to run what other processors would.
    pub(super) static HIGHEST: std::cell::Cell<Level> = const { std::cell::Cell::new(Level::V4) };
}

#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn level() -> Level {
    #[cfg(test)]
    {
        HIGHEST.get().min(best())
    }
    #[cfg(not(test))]
    {
        best()
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn best() -> Level {
    // The standard library caches the answers.
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("fma")
    {
        Level::V4
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::V3
    } else {
        Level::Baseline
    }
}
