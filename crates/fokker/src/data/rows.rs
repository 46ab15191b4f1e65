//! Tables in memory: single-precision rows, a part of them held out.

use std::path::Path;
use std::sync::Arc;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::error::shown;
use super::npy::require;
use super::{DataError, Scaling, ScalingConfig, Table, read_table};
use crate::memory::{self, Held};

/// Chooses the held-out rows of a file: the same ones in every run.
const SPLIT_SEED: u64 = 0x005b_1175;

/// A table, scaled and split.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    dim: usize,
    train: Vec<f32>,
    held_out: Vec<f32>,
    _held: Arc<Held>,
}

impl Rows {
    pub(super) fn load(
        path: &Path, array: Option<&str>, held_out: f64, config: ScalingConfig,
    ) -> Result<(Self, Scaling), DataError> {
        check_held_out(held_out)?;
        let table = read_table(path, array)?;
        if table.rows < 2 {
            return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: table.rows, needed: 2 });
        }
        let dim = table.dim;
        // The table, and its training rows once more while they are looked at.
        require(path, &[table.values.len(), 2 * size_of::<f64>()])?;
        let is_held_out = split(table.rows, held_out);
        let scaling = fit(&table, &is_held_out, config)?;
        let size = |out: bool| is_held_out.iter().filter(|mark| **mark == out).count() * dim;
        let [train, held_out] = [false, true].map(|out| Vec::with_capacity(size(out)));
        let held = Arc::new(memory::hold(&shown(path), memory::product(&[table.values.len(), size_of::<f32>()]))?);
        let mut rows = Self { dim, train, held_out, _held: held };
        let mut scaled = vec![0.0; dim];
        for (at, (row, &out)) in table.values.chunks_exact(dim).zip(&is_held_out).enumerate() {
            scaled.copy_from_slice(row);
            scaling.apply_f64(&mut scaled);
            if let Some(column) = scaled.iter().position(|x| !(*x as f32).is_finite()) {
                let path = path.to_path_buf();
                return Err(DataError::OutOfRange { path, row: at + 1, column: column + 1, value: row[column] });
            }
            let part = if out { &mut rows.held_out } else { &mut rows.train };
            part.extend(scaled.iter().map(|&x| x as f32));
        }
        Ok((rows, scaling))
    }

    pub(super) fn train_len(&self) -> usize {
        self.train.len() / self.dim
    }

    pub(super) fn held_out_len(&self) -> usize {
        self.held_out.len() / self.dim
    }

    pub(super) fn train_row(&self, index: usize) -> &[f32] {
        &self.train[index * self.dim..][..self.dim]
    }

    /// The index wraps round.
    pub(super) fn held_out_row(&self, index: usize) -> &[f32] {
        &self.held_out[index % self.held_out_len() * self.dim..][..self.dim]
    }

    pub(super) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut low, mut high) = (vec![f32::INFINITY; self.dim], vec![f32::NEG_INFINITY; self.dim]);
        for row in self.train.chunks_exact(self.dim) {
            extend_box(&mut low, &mut high, row);
        }
        (low, high)
    }
}

/// Refuses a part that is none or all.
pub(super) fn check_held_out(held_out: f64) -> Result<(), DataError> {
    if held_out > 0.0 && held_out < 1.0 {
        return Ok(());
    }
    Err(DataError::parameter("held_out", held_out, "must lie between 0 and 1, both excluded"))
}

/// Marks the held-out rows: the part asked for, at least one, leaving at least one of `rows`, which are 2 or more.
pub(super) fn split(rows: usize, held_out: f64) -> Vec<bool> {
    let count = ((rows as f64 * held_out).round() as usize).clamp(1, rows - 1);
    let mut marks = vec![false; rows];
    marks[..count].fill(true);
    marks.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(SPLIT_SEED));
    marks
}

/// The scaling of the training rows.
fn fit(table: &Table, is_held_out: &[bool], config: ScalingConfig) -> Result<Scaling, DataError> {
    let dim = table.dim;
    let fit = match config {
        ScalingConfig::None => return Ok(Scaling::identity(dim)),
        ScalingConfig::Standardise => Scaling::standardise,
        ScalingConfig::MinMax => Scaling::min_max,
    };
    let rows = table.values.chunks_exact(dim).zip(is_held_out);
    let train: Vec<f64> = rows.filter(|(_, out)| !**out).flat_map(|(row, _)| row).copied().collect();
    let Scaling { shift, scale } = fit(&train, dim);
    Scaling::new(shift, scale)
}

/// Widens the box so that it holds `row`.
pub(super) fn extend_box(low: &mut [f32], high: &mut [f32], row: &[f32]) {
    for ((low, high), &x) in low.iter_mut().zip(high).zip(row) {
        *low = low.min(x);
        *high = high.max(x);
    }
}
