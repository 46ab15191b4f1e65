//! Tiles of the result, in registers.

use crate::Real;
use crate::routines::vector::Vector;

/// Where a tile's numbers come from and go to.
#[derive(Clone, Copy)]
pub(super) struct Tile<F> {
    pub segments: usize,
    /// Terms of a segment.
    pub depth: usize,
    pub a: *const F,
    pub a_rs: usize,
    pub a_cs: usize,
    /// From the beginning of a segment to that of the next.
    pub a_segment: usize,
    pub b: *const F,
    pub b_rs: usize,
    pub c: *mut F,
    pub c_rs: usize,
    /// Null: start from zero. Else rows `start_rs` apart.
    pub start: *const F,
    pub start_rs: usize,
    /// An address that will be read before long, and how far it moves with each term of the sum.
    pub hint: *const F,
    pub hint_step: usize,
    /// And with each row.
    pub hint_rs: usize,
}

/// One tile of `ROWS × 2` registers.
///
/// # Safety
/// Every element named by the tile must be there, and the processor must have the instructions of `V`.
#[inline(always)]
unsafe fn tile<F: Real, V: Vector<F>, const ROWS: usize, const HINT: bool>(t: Tile<F>) {
    // SAFETY: the caller's promise of the elements and of the instructions.
    unsafe {
        for i in 0..ROWS {
            let to = t.c.wrapping_add(i * t.c_rs);
            ahead(to);
            ahead(to.wrapping_add(V::LANES));
        }
        let mut sums = [[V::splat(F::ZERO); 2]; ROWS];
        if !t.start.is_null() {
            for (i, row) in sums.iter_mut().enumerate() {
                let from = t.start.add(i * t.start_rs);
                *row = [V::load(from), V::load(from.add(V::LANES))];
            }
        }
        let (mut b, mut hint) = (t.b, t.hint);
        for segment in 0..t.segments {
            let mut a = t.a.wrapping_add(segment * t.a_segment);
            for _ in 0..t.depth {
                if HINT {
                    ahead(hint);
                    hint = hint.wrapping_add(t.hint_step);
                }
                let row = [V::load(b), V::load(b.add(V::LANES))];
                for (i, sum) in sums.iter_mut().enumerate() {
                    let x = V::splat(*a.add(i * t.a_rs));
                    *sum = [x.multiply_add(row[0], sum[0]), x.multiply_add(row[1], sum[1])];
                }
                a = a.wrapping_add(t.a_cs);
                b = b.wrapping_add(t.b_rs);
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            let to = t.c.add(i * t.c_rs);
            sum[0].store(to);
            sum[1].store(to.add(V::LANES));
        }
    }
}

/// Asks for the cache line that will be read soon.
#[inline(always)]
fn ahead<F>(address: *const F) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint, which reads nothing; every x86-64 processor has it.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    let _ = address;
}

/// The tiles of `rows` rows, as tall as `TALL` allows.
///
/// # Safety
/// As for [`tile`], for all rows.
#[inline(always)]
pub(super) unsafe fn column_of_tiles<F: Real, V: Vector<F>, const TALL: usize, const HINT: bool>(
    rows: usize, t: Tile<F>,
) {
    let mut i = 0;
    while i < rows {
        let here = Tile {
            a: t.a.wrapping_add(i * t.a_rs),
            c: t.c.wrapping_add(i * t.c_rs),
            start: if t.start.is_null() { t.start } else { t.start.wrapping_add(i * t.start_rs) },
            hint: t.hint.wrapping_add(i * t.hint_rs),
            ..t
        };
        // SAFETY: the caller's promise; each tile has no more rows than are left.
        unsafe {
            i += match rows - i {
                // Two tiles of 7 are faster than one of 12 and one of 2.
                13 | 14 | 7 if TALL > 8 => {
                    tile::<F, V, 7, HINT>(here);
                    7
                }
                n if n >= TALL => {
                    tile::<F, V, TALL, HINT>(here);
                    TALL
                }
                n if n >= 8 && TALL > 8 => {
                    tile::<F, V, 8, HINT>(here);
                    8
                }
                n if n >= 4 => {
                    tile::<F, V, 4, HINT>(here);
                    4
                }
                n if n >= 2 => {
                    tile::<F, V, 2, HINT>(here);
                    2
                }
                _ => {
                    tile::<F, V, 1, HINT>(here);
                    1
                }
            };
        }
    }
}
