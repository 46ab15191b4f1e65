//! Right factors, packed.

use std::ops::Range;

use crate::Real;

/// Columns of a micro-panel: 128 bytes.
pub(crate) const fn micro_panel_columns<F>() -> usize {
    128 / size_of::<F>()
}

/// A factor's place in a flat vector: element `(p, j)` is at `offset + p · rs + j · cs`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub offset: usize,
    pub rs: usize,
    pub cs: usize,
}

/// A micro-panel of a right factor: one row of numbers for each of its `depth` rows, zeros where there are no columns.
#[derive(Clone, Debug)]
pub(crate) struct MicroPanel<F> {
    /// Where its rows come from, in blocks of equally many rows.
    places: Vec<Place>,
    pub(super) columns: Range<usize>,
    pub(super) values: Vec<F>,
}

impl<F: Real> MicroPanel<F> {
    /// Empty micro-panels for a factor of `columns` columns, made of blocks of `depth` rows, one below the other.
    pub fn of(blocks: &[Place], depth: usize, columns: usize) -> impl Iterator<Item = Self> {
        let width = micro_panel_columns::<F>();
        (0..columns).step_by(width).map(move |first| Self {
            places: blocks.to_vec(),
            columns: first..columns.min(first + width),
            values: vec![F::ZERO; blocks.len() * depth * width],
        })
    }

    /// Numbers of all the micro-panels of a factor of `depth` rows.
    pub fn numbers(depth: usize, columns: usize) -> u64 {
        (depth as u64).saturating_mul(columns.next_multiple_of(micro_panel_columns::<F>()) as u64)
    }

    /// Copies its columns of the factor.
    pub fn pack(&mut self, flat: &[F]) {
        let block = self.values.len() / self.places.len().max(1);
        for (place, values) in self.places.iter().zip(self.values.chunks_exact_mut(block.max(1))) {
            pack(*place, &self.columns, flat, values);
        }
    }
}

/// Copies columns of a factor into a micro-panel.
pub(crate) fn pack<F: Real>(place: Place, columns: &Range<usize>, flat: &[F], values: &mut [F]) {
    let width = micro_panel_columns::<F>();
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
