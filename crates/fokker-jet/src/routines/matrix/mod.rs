//! Matrix products by register tiles.
//!
//! A tile is some rows by two registers of the result, kept in registers while one sum runs. The right factor is *packed* into
//! micro-panels of 128 bytes' worth of columns (as in Goto & van de Geijn 2008, ACM TOMS 34(3)) that a tile reads from end to end; the
//! left is read where it lies, one number at a time. An element of the result is always the same sum in the same order, whatever rows it
//! shares a tile with: a row's values do not depend on its batch.

mod micro_panel;
mod tile;

use std::ops::Range;

pub(crate) use micro_panel::{MicroPanel, Place};
pub(crate) use micro_panel::{micro_panel_columns, pack};
use tile::{Tile, column_of_tiles};

use super::simd::multiversion;
use super::vector::Vector;
use crate::Real;

/// Most rows of a tile.
const MOST_ROWS: usize = 12;

/// Rows of Ȳ that are packed at a time for the product `Xᵀ Ȳ`.
const DEPTH: usize = 320;

/// Rows of Ȳ this far apart in memory fall into few sets of the first-level cache: packing them pays.
const FAR: usize = 2048;

/// A left factor in memory: element `(i, p)` is at `i · rs + p · cs`. Its rows may come in lines of images, and the terms of a sum in
/// segments, each some distance after the one before: a window on an image is a segment for each line that it covers.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, F> {
    pub values: &'a [F],
    pub rs: usize,
    pub cs: usize,
    pub images: Steps,
    pub lines: Steps,
    pub segments: Steps,
}

/// So many steps of equal length.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
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
        Self { values, rs, cs, images: Steps::ONE, lines: Steps::ONE, segments: Steps::ONE }
    }
}

/// The result, and where its rows lie: `rs` apart within a line, lines `line` apart.
pub(crate) struct Target<'a, F> {
    pub values: &'a mut [F],
    pub rs: usize,
    pub line: usize,
}

/// What a tile's sums are put on top of.
#[derive(Clone, Copy)]
pub(crate) enum Onto<'a, F> {
    /// Nothing: the result replaces what is there.
    Zero,
    /// A row of numbers, the same for every row of the result.
    Row(&'a [F]),
    /// What is there.
    Result,
}

/// What is worth asking of memory while a tile is at work.
#[derive(Clone, Copy)]
enum Hint<'a, F> {
    /// The left factor, some terms ahead.
    Left,
    /// A share of the micro-panel that is next.
    Next(&'a [F]),
}

/// Columns of the right factor: a row of as many numbers as a micro-panel has columns for each term, rows `rs` apart.
#[derive(Clone, Copy)]
struct Right<'a, F> {
    values: &'a [F],
    rs: usize,
    hint: Hint<'a, F>,
}

/// One micro-panel's columns of the result; `rows` are those of a line, `depth` the terms of a segment. `HINT` says whether the hint is
/// followed.
///
/// # Safety
/// The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn micro_panel_product<F: Real, V: Vector<F>, const TALL: usize, const HINT: bool>(
    (rows, depth): (usize, usize), a: View<F>, b: Right<F>, columns: &Range<usize>, c: &mut Target<F>, onto: Onto<F>,
) {
    let width = micro_panel_columns::<F>();
    let (terms, lines) = (a.segments.count * depth, a.images.count * a.lines.count);
    let (hint, hint_step, hint_rs) = match b.hint {
        Hint::Left => (a.values.as_ptr().wrapping_add(12 * a.cs), a.cs, a.rs),
        Hint::Next(next) => {
            let of_row = next.len().div_ceil((rows * lines).max(1));
            (next.as_ptr(), (of_row * TALL).div_ceil(terms.max(1)), of_row)
        }
    };
    assert!(rows > 0 && terms > 0 && lines > 0 && columns.len() <= width);
    let spans = a.images.span() + a.lines.span() + a.segments.span();
    assert!((rows - 1) * a.rs + (depth - 1) * a.cs + spans < a.values.len());
    assert!((terms - 1) * b.rs + width <= b.values.len());
    assert!((lines - 1) * c.line + (rows - 1) * c.rs + columns.end <= c.values.len());
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
    for line in 0..lines {
        let (image, line_of_image) = (line / a.lines.count, line % a.lines.count);
        let tiles = Tile {
            a: tiles.a.wrapping_add(image * a.images.length + line_of_image * a.lines.length),
            hint: hint.wrapping_add(line * rows * hint_rs),
            ..tiles
        };
        let c_line = line * c.line;
        if columns.len() == width {
            for at in (0..width).step_by(2 * V::LANES) {
                // SAFETY: the assertions bound every element; `c` is borrowed mutably, so nothing aliases it; the caller promises
                // the instructions.
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
        // The last, narrower micro-panel: whole tiles in a buffer.
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
                // SAFETY: the assertions bound every element of the factors, and the buffer has `MOST_ROWS × width` numbers, which
                // nothing else names; the caller promises the instructions.
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
    pub(crate) fn product<F: Real>(
        rows: usize, depth: usize, a: View<F>, b: &[MicroPanel<F>], c: Target<F>, onto: Onto<F>
    ) {
        let mut c = c;
        for (i, micro_panel) in b.iter().enumerate() {
            let next = b.get(i + 1).unwrap_or(micro_panel);
            let b = Right { values: &micro_panel.values, rs: micro_panel_columns::<F>(), hint: Hint::Next(&next.values) };
            // SAFETY: `multiversion` runs this where the instructions of `V` are.
            unsafe { micro_panel_product::<F, V, TALL, true>((rows, depth), a, b, &micro_panel.columns, &mut c, onto) };
        }
    }
}

multiversion! {
    /// Columns `first..end` of `C = A B` on top of something, `b` a micro-panel.
    pub(crate) fn packed_product<F: Real>(
        rows: usize, depth: usize, a: View<F>, b: &[F], first: usize, end: usize, c: Target<F>, onto: Onto<F>
    ) {
        let mut c = c;
        let b = Right { values: b, rs: micro_panel_columns::<F>(), hint: Hint::Left };
        // SAFETY: `multiversion` runs this where the instructions of `V` are.
        unsafe { micro_panel_product::<F, V, TALL, false>((rows, depth), a, b, &(first..end), &mut c, onto) };
    }
}

/// The factors of `Xᵀ Ȳ`: X of `rows` rows, `k` columns of which count, `x_rs` apart in each of `lines`, which are `x_line` apart; Ȳ's
/// rows, `n` columns of which count, all `y_rs` apart.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, F> {
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
    pub(crate) fn transposed_product<F: Real>(f: Factors<F>, w_bar: &mut [F], add: bool, scratch: &mut Vec<F>) {
        let width = micro_panel_columns::<F>();
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
                    // SAFETY: `multiversion` runs this where the instructions of `V` are.
                    unsafe { micro_panel_product::<F, V, TALL, false>((k, depth), a, b, &columns, &mut c, onto) };
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
                // SAFETY: `multiversion` runs this where the instructions of `V` are.
                unsafe { micro_panel_product::<F, V, TALL, true>((k, depth), a, b, &columns, &mut c, onto) };
            }
            first_row += terms;
        }
    }
}
