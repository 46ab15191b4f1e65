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
    /// Where its rows come from, in blocks of equally many rows.
    places: Vec<Place>,
    columns: Range<usize>,
    values: Vec<F>,
}

impl<F: Real> Sliver<F> {
    /// Empty slivers for a factor of `columns` columns, made of blocks of `depth` rows, one below the other.
    pub fn of(blocks: &[Place], depth: usize, columns: usize) -> impl Iterator<Item = Self> {
        let width = sliver::<F>();
        (0..columns).step_by(width).map(move |first| Self {
            places: blocks.to_vec(),
            columns: first..columns.min(first + width),
            values: vec![F::ZERO; blocks.len() * depth * width],
        })
    }

    /// Copies its columns of the factor.
    pub fn pack(&mut self, flat: &[F]) {
        let block = self.values.len() / self.places.len().max(1);
        for (place, values) in self.places.iter().zip(self.values.chunks_exact_mut(block.max(1))) {
            pack(*place, &self.columns, flat, values);
        }
    }
}

/// Copies columns of a factor into a sliver.
pub(super) fn pack<F: Real>(place: Place, columns: &Range<usize>, flat: &[F], values: &mut [F]) {
    let width = sliver::<F>();
    let Place { offset, rs, cs } = place;
    let b = &flat[offset + columns.start * cs..];
    let columns = columns.len();
    if cs == 1 {
        for (p, row) in values.chunks_exact_mut(width).enumerate() {
            if columns == width {
                // Of known length: no call.
                row[..width].copy_from_slice(&b[p * rs..][..width]);
            } else {
                row[..columns].copy_from_slice(&b[p * rs..][..columns]);
            }
        }
    } else {
        // Along the columns, which lie together in memory.
        for (block, rows) in values.chunks_mut(width * 16).enumerate() {
            for j in 0..columns {
                let from = &b[j * cs + block * 16 * rs..];
                for (p, row) in rows.chunks_exact_mut(width).enumerate() {
                    row[j] = from[p * rs];
                }
            }
        }
    }
}

/// A left factor in memory: element `(i, p)` is at `i · rs + p · cs`. Its rows may come in lines, and the terms of a sum in segments,
/// each some distance after the one before: a window on an image is a segment for each line that it covers.
#[derive(Clone, Copy)]
pub(super) struct View<'a, F> {
    pub values: &'a [F],
    pub rs: usize,
    pub cs: usize,
    pub lines: Steps,
    pub segments: Steps,
}

/// So many steps of equal length.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub count: usize,
    pub length: usize,
}

impl Steps {
    /// A single line or segment.
    pub const ONE: Self = Self { count: 1, length: 0 };

    /// How far the last step is from the first.
    fn span(self) -> usize {
        (self.count - 1) * self.length
    }
}

impl<'a, F> View<'a, F> {
    /// A matrix whose rows lie one after the other, or, with `rs` and `cs` exchanged, its transpose.
    pub fn matrix(values: &'a [F], rs: usize, cs: usize) -> Self {
        Self { values, rs, cs, lines: Steps::ONE, segments: Steps::ONE }
    }
}

/// The result, and where its rows lie: `rs` apart within a line, lines `line` apart.
pub(super) struct Target<'a, F> {
    pub values: &'a mut [F],
    pub rs: usize,
    pub line: usize,
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
    segments: usize,
    /// Terms of a segment.
    depth: usize,
    a: *const F,
    a_rs: usize,
    a_cs: usize,
    /// From the beginning of a segment to that of the next.
    a_segment: usize,
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

/// What is worth asking of memory while a tile is at work.
#[derive(Clone, Copy)]
enum Hint<'a, F> {
    /// The left factor, some terms ahead.
    Left,
    /// A share of the sliver that is next.
    Next(&'a [F]),
}

/// Columns of the right factor: a row of `sliver` numbers for each term, rows `rs` apart.
#[derive(Clone, Copy)]
struct Right<'a, F> {
    values: &'a [F],
    rs: usize,
    hint: Hint<'a, F>,
}

/// One sliver's columns of the result; `rows` are those of a line, `depth` the terms of a segment. `HINT` says whether the hint is
/// followed.
#[inline(always)]
fn sliver_product<F: Real, V: Vector<F>, const TALL: usize, const HINT: bool>(
    (rows, depth): (usize, usize), a: View<F>, b: Right<F>, columns: &Range<usize>, c: &mut Target<F>, onto: Onto<F>,
) {
    let width = sliver::<F>();
    let terms = a.segments.count * depth;
    let (hint, hint_step, hint_rs) = match b.hint {
        Hint::Left => (a.values.as_ptr().wrapping_add(12 * a.cs), a.cs, a.rs),
        Hint::Next(next) => {
            let of_row = next.len().div_ceil((rows * a.lines.count).max(1));
            (next.as_ptr(), (of_row * TALL).div_ceil(terms.max(1)), of_row)
        }
    };
    assert!(rows > 0 && terms > 0 && a.lines.count > 0 && columns.len() <= width);
    assert!((rows - 1) * a.rs + (depth - 1) * a.cs + a.lines.span() + a.segments.span() < a.values.len());
    assert!((terms - 1) * b.rs + width <= b.values.len());
    assert!((a.lines.count - 1) * c.line + (rows - 1) * c.rs + columns.end <= c.values.len());
    if let Onto::Row(row) = onto {
        assert!(columns.end <= row.len());
    }
    let tiles = Tile {
        segments: a.segments.count,
        depth,
        a: a.values.as_ptr(),
        a_rs: a.rs,
        a_cs: a.cs,
        a_segment: a.segments.length,
        b: b.values.as_ptr(),
        b_rs: b.rs,
        c: c.values.as_mut_ptr(),
        c_rs: c.rs,
        start: std::ptr::null(),
        start_rs: 0,
        hint,
        hint_step,
        hint_rs,
    };
    for line in 0..a.lines.count {
        let tiles = Tile {
            a: tiles.a.wrapping_add(line * a.lines.length),
            hint: hint.wrapping_add(line * rows * hint_rs),
            ..tiles
        };
        let c_line = line * c.line;
        if columns.len() == width {
            for at in (0..width).step_by(2 * V::LANES) {
                // SAFETY: the assertions bound every element; `c` is borrowed mutably, so nothing aliases it.
                unsafe {
                    let to = tiles.c.add(c_line + columns.start + at);
                    let (start, start_rs) = match onto {
                        Onto::Zero => (std::ptr::null(), 0),
                        Onto::Row(row) => (row.as_ptr().add(columns.start + at), 0),
                        Onto::Result => (to.cast_const(), c.rs),
                    };
                    let t = Tile { b: tiles.b.add(at), c: to, start, start_rs, ..tiles };
                    column_of_tiles::<F, V, TALL, HINT>(rows, t);
                }
            }
            continue;
        }
        // The last, narrower sliver, by way of a buffer of whole tiles.
        let mut buffer = [F::ZERO; MOST_ROWS * 32];
        for i in (0..rows).step_by(MOST_ROWS) {
            let rows = MOST_ROWS.min(rows - i);
            let place = |r: usize| c_line + (i + r) * c.rs + columns.start;
            for (r, row) in buffer.chunks_exact_mut(width).enumerate().take(rows) {
                match onto {
                    Onto::Zero => row.fill(F::ZERO),
                    Onto::Row(from) => row[..columns.len()].copy_from_slice(&from[columns.clone()]),
                    Onto::Result => row[..columns.len()].copy_from_slice(&c.values[place(r)..][..columns.len()]),
                }
            }
            for at in (0..width).step_by(2 * V::LANES) {
                // SAFETY: as above, with `MOST_ROWS × width` numbers in the buffer.
                unsafe {
                    let to = buffer.as_mut_ptr().add(at);
                    let (a, b) = (tiles.a.wrapping_add(i * a.rs), tiles.b.add(at));
                    let t = Tile { a, b, c: to, c_rs: width, start: to.cast_const(), start_rs: width, ..tiles };
                    column_of_tiles::<F, V, TALL, false>(rows, t);
                }
            }
            for (r, row) in buffer.chunks_exact(width).enumerate().take(rows) {
                c.values[place(r)..][..columns.len()].copy_from_slice(&row[..columns.len()]);
            }
        }
    }
}

multiversion! {
    /// `C = A B` on top of something, B packed; `rows` are those of a line of A, `depth` the terms of a segment.
    pub(super) fn product<F: Real>(
        rows: usize, depth: usize, a: View<F>, b: &[Sliver<F>], c: Target<F>, onto: Onto<F>
    ) {
        let mut c = c;
        for (i, sliver) in b.iter().enumerate() {
            let next = b.get(i + 1).unwrap_or(sliver);
            let b = Right { values: &sliver.values, rs: self::sliver::<F>(), hint: Hint::Next(&next.values) };
            sliver_product::<F, V, TALL, true>((rows, depth), a, b, &sliver.columns, &mut c, onto);
        }
    }
}

multiversion! {
    /// Columns `first..end` of `C = A B` on top of something, `b` a sliver.
    pub(super) fn packed_product<F: Real>(
        rows: usize, depth: usize, a: View<F>, b: &[F], first: usize, end: usize, c: Target<F>, onto: Onto<F>
    ) {
        let mut c = c;
        let b = Right { values: b, rs: sliver::<F>(), hint: Hint::Left };
        sliver_product::<F, V, TALL, false>((rows, depth), a, b, &(first..end), &mut c, onto);
    }
}

/// The factors of `Xᵀ Ȳ`: X of `rows` rows, `k` columns of which count, `x_rs` apart in each of `lines`, which are `x_line` apart; Ȳ's
/// rows, `n` columns of which count, all `y_rs` apart.
#[derive(Clone, Copy)]
pub(super) struct Factors<'a, F> {
    pub lines: usize,
    pub rows: usize,
    pub k: usize,
    pub n: usize,
    pub x: &'a [F],
    pub x_rs: usize,
    pub x_line: usize,
    pub y: &'a [F],
    pub y_rs: usize,
}

multiversion! {
    /// `W̄ (k × n) = Xᵀ Ȳ` on top of zero or what is there. `scratch` is for packing.
    pub(super) fn transposed_product<F: Real>(f: Factors<F>, w_bar: &mut [F], add: bool, scratch: &mut Vec<F>) {
        let width = sliver::<F>();
        let Factors { lines, rows, k, n, y_rs, .. } = f;
        let far = y_rs * size_of::<F>() >= FAR;
        // Blocks of whole lines, or of a part of the only line.
        let of_block = if lines > 1 { (DEPTH / rows).max(1) } else { 1 };
        let depth = if lines > 1 { rows } else { rows.min(DEPTH) };
        scratch.resize(of_block * depth * width, F::ZERO);
        let mut first_row = 0;
        while first_row < lines * rows {
            let (line, row) = (first_row / rows, first_row % rows);
            let depth = depth.min(rows - row);
            let segments = of_block.min(lines - line);
            let terms = segments * depth;
            let a = View {
                segments: Steps { count: segments, length: f.x_line },
                ..View::matrix(&f.x[line * f.x_line + row * f.x_rs..], 1, f.x_rs)
            };
            let y = &f.y[first_row * y_rs..];
            let onto = if add || first_row > 0 { Onto::Result } else { Onto::Zero };
            let mut c = Target { values: &mut *w_bar, rs: n, line: 0 };
            for first in (0..n).step_by(width) {
                let columns = first..n.min(first + width);
                let partial = columns.len() < width;
                if !partial && !far {
                    let b = Right { values: &y[first..], rs: y_rs, hint: Hint::Left };
                    sliver_product::<F, V, TALL, false>((k, depth), a, b, &columns, &mut c, onto);
                    continue;
                }
                for (p, row) in scratch.chunks_exact_mut(width).enumerate().take(terms) {
                    if partial {
                        row[..columns.len()].copy_from_slice(&y[p * y_rs + first..][..columns.len()]);
                        row[columns.len()..].fill(F::ZERO);
                    } else {
                        // Of known length: no call.
                        row[..width].copy_from_slice(&y[p * y_rs + first..][..width]);
                    }
                }
                let b = Right { values: &scratch[..terms * width], rs: width, hint: Hint::Left };
                sliver_product::<F, V, TALL, true>((k, depth), a, b, &columns, &mut c, onto);
            }
            first_row += terms;
        }
    }
}
