//! Run-time choice of vector instructions: a routine is compiled for AVX-512, for AVX2 with FMA and for the baseline.

/// Compiles a generic body for several instruction sets and calls the best one that the processor has.
///
/// Inside the body, `FMA` is true where a fused multiply-add is one instruction, `V` is the widest register, and `TALL` the
/// number of rows of a matrix tile for which there are registers enough. The body runs only where the processor has the
/// instructions of `V`: functions whose safety depends on that may be called there.
macro_rules! multiversion {
    ($(#[$doc:meta])* $visible:vis fn $name:ident<$f:ident: Real>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $visible fn $name<$f: $crate::routines::vector::Registers>($($arg: $ty),*) {
            use $crate::routines::vector::{Registers, Vector};

            /// # Safety
            /// The processor must have the instructions of `V`.
            #[inline(always)]
            #[allow(clippy::too_many_arguments, clippy::extra_unused_type_parameters)]
            unsafe fn body<$f: Registers, V: Vector<$f>, const FMA: bool, const TALL: usize>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                use $crate::routines::simd::{Level, level};

                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,fma,avx2")]
                #[allow(clippy::too_many_arguments)]
                fn v4<$f: Registers>($($arg: $ty),*) {
                    // SAFETY: this function is compiled for AVX-512, so whoever calls it has its instructions.
                    unsafe { body::<$f, $f::V4, true, 12>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v3<$f: Registers>($($arg: $ty),*) {
                    // SAFETY: this function is compiled for AVX2 and FMA, so whoever calls it has their instructions.
                    unsafe { body::<$f, $f::V3, true, 6>($($arg),*) }
                }
                match level() {
                    // SAFETY: the processor has been asked for every feature that the function is compiled for.
                    Level::V4 => return unsafe { v4($($arg),*) },
                    // SAFETY: as for V4.
                    Level::V3 => return unsafe { v3($($arg),*) },
                    Level::Baseline => {}
                }
            }
            // NEON, with its fused multiply-add, is part of the aarch64 baseline.
            // SAFETY: every processor has its architecture's baseline.
            unsafe { body::<$f, $f::Baseline, { cfg!(target_arch = "aarch64") }, 6>($($arg),*) }
        }
    };
}
pub(crate) use multiversion;

/// The instruction sets that routines are compiled for.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Baseline,
    V3,
    V4,
}

#[cfg(all(test, target_arch = "x86_64"))]
thread_local! {
    /// Tests lower it to run what other processors would.
    pub(crate) static HIGHEST: std::cell::Cell<Level> = const { std::cell::Cell::new(Level::V4) };
}

#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn level() -> Level {
    #[cfg(test)]
    {
        HIGHEST.get().min(best())
    }
    #[cfg(not(test))]
    {
        best()
    }
}

/// The best that the processor has. Miri interprets no vector instructions: under it, the baseline.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn best() -> Level {
    // The standard library caches the answers.
    if cfg!(miri) {
        Level::Baseline
    } else if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("avx2")
    {
        Level::V4
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::V3
    } else {
        Level::Baseline
    }
}

/// The vector instructions that routines run with on this processor.
///
/// ```
/// assert!(["AVX-512", "AVX2", "SSE2", "NEON", "scalar"].contains(&fokker_jet::cpu::instructions()));
/// ```
#[must_use]
pub fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    return match best() {
        Level::V4 => "AVX-512",
        Level::V3 => "AVX2",
        Level::Baseline => "SSE2",
    };
    #[cfg(not(target_arch = "x86_64"))]
    if cfg!(target_arch = "aarch64") { "NEON" } else { "scalar" }
}
