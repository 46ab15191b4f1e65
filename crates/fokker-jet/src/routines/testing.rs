//! What the tests of the routines share.

use super::matrix::{MicroPanel, Place};
use crate::Real;

/// Numbers in (−0.5, 0.5).
pub(crate) fn numbers<F: Real>(n: usize, seed: u64) -> Vec<F> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        F::of(f64::from((state >> 40) as u32) / f64::from(1_u32 << 24) - 0.5)
    };
    (0..n).map(|_| next()).collect()
}

/// The micro-panels of a factor made of blocks of `depth` rows.
pub(crate) fn packed<F: Real>(blocks: &[Place], depth: usize, columns: usize, w: &[F]) -> Vec<MicroPanel<F>> {
    let mut micro_panels: Vec<_> = MicroPanel::of(blocks, depth, columns).collect();
    micro_panels.iter_mut().for_each(|micro_panel| micro_panel.pack(w));
    micro_panels
}

/// Runs a check on every instruction set that routines are compiled for and the processor has.
pub(crate) fn on_every_instruction_set(mut check: impl FnMut()) {
    #[cfg(target_arch = "x86_64")]
    {
        use super::simd::{HIGHEST, Level, best, level};
        for asked in [Level::Baseline, Level::V3, Level::V4].into_iter().filter(|&level| level <= best()) {
            HIGHEST.set(asked);
            assert_eq!(level(), asked);
            check();
        }
        HIGHEST.set(Level::V4);
    }
    #[cfg(not(target_arch = "x86_64"))]
    check();
}
