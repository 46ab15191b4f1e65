//! Matrix products by register tiles.
//!
//! A tile is some rows by two registers of the result, kept in registers while one sum runs. The right factor is *packed* into
//! slivers of 128 bytes' worth of columns that a tile reads from end to end; the left is read where it lies, a number at a time. An
//! element of the result is always the same sum in the same order, whatever rows it shares a tile with: a row's values do not
//! depend on its batch.

use std::ops::Range;

use super::simd::multiversion;
use super::vector::Vector;
use crate::Real;

/// Columns of a sliver: 128 bytes.
pub(super) const fn sliver<F>() -> usize {
    128 / size_of::<F>()
}

/// Most rows of a tile.
const MOST_ROWS: usize = 12;

/// Rows of Ȳ that are packed at a time for the product `Xᵀ Ȳ`.
const DEPTH: usize = 320;

/// Rows of Ȳ this far apart in memory fall into few sets of the first-level cache: packing them pays.
const FAR: usize = 2048;

/// A factor's place in a flat vector: element `(p, j)` is at `offset + p · rs + j · cs`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub offset: usize,
    pub rs: usize,
    pub cs: usize,
}

/// A sliver of a right factor: `depth × sliver` numbers, zeros where there are no columns.
#[derive(Clone, Debug)]
pub(crate) struct Sliver<F> {
    place: Place,
    columns: Range<usize>,
    values: Vec<F>,
}

impl<F: Real> Sliver<F> {
    /// Empty slivers for a factor of `depth` rows and `columns` columns.
    pub fn of(place: Place, depth: usize, columns: usize) -> impl Iterator<Item = Self> {
        let width = sliver::<F>();
        (0..columns).step_by(width).map(move |first| Self {
            place,
            columns: first..columns.min(first + width),
            values: vec![F::ZERO; depth * width],
        })
    }

    /// Copies its columns of the factor.
    pub fn pack(&mut self, flat: &[F]) {
        let width = sliver::<F>();
        let columns = self.columns.len();
        let Place { offset, rs, cs } = self.place;
        let b = &flat[offset + self.columns.start * cs..];
        if cs == 1 {
            for (p, row) in self.values.chunks_exact_mut(width).enumerate() {
                if columns == width {
                    // Of known length: no call.
                    row[..width].copy_from_slice(&b[p * rs..][..width]);
                } else {
                    row[..columns].copy_from_slice(&b[p * rs..][..columns]);
                }
            }
        } else {
            // Along the columns, which lie together in memory.
            for (block, rows) in self.values.chunks_mut(width * 16).enumerate() {
                for j in 0..columns {
                    let from = &b[j * cs + block * 16 * rs..];
                    for (p, row) in rows.chunks_exact_mut(width).enumerate() {
                        row[j] = from[p * rs];
                    }
                }
            }
        }
    }
}

/// A matrix in memory: element `(i, p)` is at `i · rs + p · cs`.
#[derive(Clone, Copy)]
pub(super) struct View<'a, F> {
    pub values: &'a [F],
    pub rs: usize,
    pub cs: usize,
}

/// What a tile's sums are put on top of.
#[derive(Clone, Copy)]
pub(super) enum Onto<'a, F> {
    /// Nothing: the result replaces what is there.
    Zero,
    /// A row of numbers, the same for every row of the result.
    Row(&'a [F]),
    /// What is there.
    Result,
}

/// Where a tile's numbers come from and go to.
#[derive(Clone, Copy)]
struct Tile<F> {
    depth: usize,
    a: *const F,
    a_rs: usize,
    a_cs: usize,
    b: *const F,
    b_rs: usize,
    c: *mut F,
    c_rs: usize,
    /// Null: start from zero. Else rows `start_rs` apart.
    start: *const F,
    start_rs: usize,
    /// An address that will be read before long, and how far it moves with each term of the sum.
    hint: *const F,
    hint_step: usize,
    /// And with each row.
    hint_rs: usize,
}

/// One tile of `ROWS × 2` registers.
///
/// # Safety
/// Every element named by the tile must be there, and the processor must have the instructions of `V`.
#[inline(always)]
unsafe fn tile<F: Real, V: Vector<F>, const ROWS: usize, const HINT: bool>(t: Tile<F>) {
    // SAFETY: the caller's promise.
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
        let (mut a, mut b, mut hint) = (t.a, t.b, t.hint);
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
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing; every x86-64 processor has it.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// The tiles of `rows` rows, as tall as `TALL` allows.
///
/// # Safety
/// As for [`tile`], for all rows.
#[inline(always)]
unsafe fn column_of_tiles<F: Real, V: Vector<F>, const TALL: usize, const HINT: bool>(rows: usize, t: Tile<F>) {
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

/// What is worth asking of memory while a tile is at work.
#[derive(Clone, Copy)]
enum Hint<'a, F> {
    /// The left factor, some terms ahead.
    Left,
    /// A share of the sliver that is next.
    Next(&'a [F]),
}

/// Columns of the right factor: `depth × sliver` numbers in rows `rs` apart.
#[derive(Clone, Copy)]
struct Right<'a, F> {
    values: &'a [F],
    rs: usize,
    hint: Hint<'a, F>,
}

/// One sliver's columns of the result, `rows × columns`; `HINT` says whether the hint is followed.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn sliver_product<F: Real, V: Vector<F>, const TALL: usize, const HINT: bool>(
    rows: usize, depth: usize, a: View<F>, b: Right<F>, columns: &Range<usize>, c: &mut [F], c_rs: usize, onto: Onto<F>,
) {
    let width = sliver::<F>();
    let Right { values: b, rs: b_rs, hint } = b;
    let (hint, hint_step, hint_rs) = match hint {
        Hint::Left => (a.values.as_ptr().wrapping_add(12 * a.cs), a.cs, a.rs),
        Hint::Next(next) => {
            let of_row = next.len().div_ceil(rows.max(1));
            (next.as_ptr(), (of_row * TALL).div_ceil(depth.max(1)), of_row)
        }
    };
    assert!(rows > 0 && depth > 0 && columns.len() <= width);
    assert!((rows - 1) * a.rs + (depth - 1) * a.cs < a.values.len());
    assert!((depth - 1) * b_rs + width <= b.len());
    assert!((rows - 1) * c_rs + columns.end <= c.len());
    if let Onto::Row(row) = onto {
        assert!(columns.end <= row.len());
    }
    if columns.len() == width {
        for at in (0..width).step_by(2 * V::LANES) {
            // SAFETY: the assertions bound every element; `c` is borrowed mutably, so nothing aliases it.
            unsafe {
                let c = c.as_mut_ptr().add(columns.start + at);
                let (start, start_rs) = match onto {
                    Onto::Zero => (std::ptr::null(), 0),
                    Onto::Row(row) => (row.as_ptr().add(columns.start + at), 0),
                    Onto::Result => (c.cast_const(), c_rs),
                };
                let b = b.as_ptr().add(at);
                let a_rs = a.rs;
                let (a, a_cs) = (a.values.as_ptr(), a.cs);
                let t = Tile { depth, a, a_rs, a_cs, b, b_rs, c, c_rs, start, start_rs, hint, hint_step, hint_rs };
                column_of_tiles::<F, V, TALL, HINT>(rows, t);
            }
        }
        return;
    }
    // The last, narrower sliver, by way of a buffer of whole tiles.
    let mut buffer = [F::ZERO; MOST_ROWS * 32];
    for i in (0..rows).step_by(MOST_ROWS) {
        let rows = MOST_ROWS.min(rows - i);
        for (r, row) in buffer.chunks_exact_mut(width).enumerate().take(rows) {
            match onto {
                Onto::Zero => row.fill(F::ZERO),
                Onto::Row(from) => row[..columns.len()].copy_from_slice(&from[columns.clone()]),
                Onto::Result => row[..columns.len()].copy_from_slice(&c[(i + r) * c_rs..][columns.clone()]),
            }
        }
        for at in (0..width).step_by(2 * V::LANES) {
            // SAFETY: as above, with `MOST_ROWS × width` numbers in the buffer.
            unsafe {
                let c = buffer.as_mut_ptr().add(at);
                let (start, start_rs) = (c.cast_const(), width);
                let (values, b) = (a.values.as_ptr().add(i * a.rs), b.as_ptr().add(at));
                let (a, a_rs, a_cs) = (values, a.rs, a.cs);
                let t =
                    Tile { depth, a, a_rs, a_cs, b, b_rs, c, c_rs: width, start, start_rs, hint, hint_step, hint_rs };
                column_of_tiles::<F, V, TALL, false>(rows, t);
            }
        }
        for (r, row) in buffer.chunks_exact(width).enumerate().take(rows) {
            c[(i + r) * c_rs..][columns.clone()].copy_from_slice(&row[..columns.len()]);
        }
    }
}

multiversion! {
    /// `C (rows × n) = A B` on top of something, B packed.
    pub(super) fn product<F: Real>(
        rows: usize, depth: usize, a: View<F>, b: &[Sliver<F>], c: &mut [F], c_rs: usize, onto: Onto<F>
    ) {
        for (i, sliver) in b.iter().enumerate() {
            let next = b.get(i + 1).unwrap_or(sliver);
            let b = Right { values: &sliver.values, rs: self::sliver::<F>(), hint: Hint::Next(&next.values) };
            sliver_product::<F, V, TALL, true>(rows, depth, a, b, &sliver.columns, c, c_rs, onto);
        }
    }
}

multiversion! {
    /// `W̄ (k × n) = Xᵀ Ȳ` on top of zero or what is there; X is `rows × k`, Ȳ `rows × n`. `scratch` is for packing.
    pub(super) fn transposed_product<F: Real>(
        rows: usize, k: usize, n: usize, x: &[F], y_bar: &[F], w_bar: &mut [F], add: bool, scratch: &mut Vec<F>
    ) {
        let width = sliver::<F>();
        let far = n * size_of::<F>() >= FAR;
        scratch.resize(DEPTH * width, F::ZERO);
        for from in (0..rows).step_by(DEPTH) {
            let depth = DEPTH.min(rows - from);
            let a = View { values: &x[from * k..], rs: 1, cs: k };
            let y_bar = &y_bar[from * n..(from + depth) * n];
            let onto = if add || from > 0 { Onto::Result } else { Onto::Zero };
            for first in (0..n).step_by(width) {
                let columns = first..n.min(first + width);
                let partial = columns.len() < width;
                if !partial && !far {
                    let b = Right { values: &y_bar[first..], rs: n, hint: Hint::Left };
                    sliver_product::<F, V, TALL, false>(k, depth, a, b, &columns, w_bar, n, onto);
                    continue;
                }
                for (row, y) in scratch.chunks_exact_mut(width).zip(y_bar.chunks_exact(n)) {
                    if partial {
                        row[..columns.len()].copy_from_slice(&y[columns.clone()]);
                        row[columns.len()..].fill(F::ZERO);
                    } else {
                        // Of known length: no call.
                        row[..width].copy_from_slice(&y[first..][..width]);
                    }
                }
                let b = Right { values: &scratch[..depth * width], rs: width, hint: Hint::Left };
                sliver_product::<F, V, TALL, true>(k, depth, a, b, &columns, w_bar, n, onto);
            }
        }
    }
}
