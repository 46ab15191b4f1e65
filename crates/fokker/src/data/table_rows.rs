//! Tables in memory: single-precision rows, a part of them held out.

use std::path::Path;
use std::sync::Arc;

use super::bounds::extend_box;
use super::input::require;
use super::one_line::shown;
use super::split::{check_held_out, split};
use super::{DataError, Fingerprint, Scaling, ScalingConfig, Table, read_table};
use crate::memory::{self, Held};

/// Where a table's scaling comes from.
#[derive(Clone, Copy)]
pub(super) enum Fit<'a> {
    /// The training rows.
    To(ScalingConfig),
    /// A model.
    Given(&'a Scaling),
}

/// A table, scaled and split.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    dim: usize,
    /// All rows, in the file's order.
    values: Vec<f32>,
    /// Which of them are trained on, in order.
    train: Vec<usize>,
    held_out: Vec<usize>,
    /// What the columns are called.
    pub(super) names: Option<Vec<String>>,
    /// The least and the greatest value of each column over the training rows, in the file's units.
    pub(super) range: (Vec<f64>, Vec<f64>),
    pub(super) fingerprint: u64,
    _held: Arc<Held>,
}

impl Rows {
    /// The rows of a file, of which the part `held_out` is held out.
    pub(super) fn load(
        path: &Path, array: Option<&str>, held_out: f64, fit: Fit<'_>,
    ) -> Result<(Self, Scaling), DataError> {
        check_held_out(held_out)?;
        Self::split(read_table(path, array)?, held_out, fit, path)
    }

    /// The rows of a table, of which the part `held_out` is held out; `path` is what messages call it.
    pub(super) fn split(table: Table, held_out: f64, fit: Fit<'_>, path: &Path) -> Result<(Self, Scaling), DataError> {
        check_held_out(held_out)?;
        if table.rows < 2 {
            return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: table.rows, needed: 2 });
        }
        let is_held_out = split(table.rows, held_out);
        let fingerprint = fingerprint(&table);
        Self::of(table, &is_held_out, fingerprint, fit, path)
    }

    /// The rows of a table, those that are marked being held out.
    pub(super) fn of(
        table: Table, is_held_out: &[bool], fingerprint: u64, fit: Fit<'_>, path: &Path,
    ) -> Result<(Self, Scaling), DataError> {
        let dim = table.dim;
        // The table, and its training rows once more while they are looked at.
        require(path, &[table.values.len(), 2 * size_of::<f64>()])?;
        let scaling = match fit {
            Fit::To(config) => fitted(&table, is_held_out, config)?,
            Fit::Given(scaling) => {
                table.require_dim(path, scaling.dim())?;
                scaling.clone()
            }
        };
        // The values in single precision, and a row's number for each.
        let kept =
            memory::product(&[table.values.len(), size_of::<f32>()]).saturating_add(memory::product(&[table.rows, 8]));
        let held = Arc::new(memory::hold(&shown(path), kept)?);
        let mut values = Vec::with_capacity(table.values.len());
        let mut scaled = vec![0.0; dim];
        for (at, row) in table.values.chunks_exact(dim).enumerate() {
            scaled.copy_from_slice(row);
            scaling.apply_f64(&mut scaled);
            if let Some(column) = scaled.iter().position(|x| !(*x as f32).is_finite()) {
                let path = path.to_path_buf();
                return Err(DataError::OutOfRange { path, row: at + 1, column: column + 1, value: row[column] });
            }
            values.extend(scaled.iter().map(|&x| x as f32));
        }
        let chosen = |part: bool| (0..table.rows).filter(|&row| is_held_out[row] == part).collect::<Vec<_>>();
        let (train, held_out) = (chosen(false), chosen(true));
        let range = range(&table, &train);
        Ok((Self { dim, values, train, held_out, names: table.names, range, fingerprint, _held: held }, scaling))
    }

    /// Holds out all rows.
    pub(super) fn hold_out_all(&mut self) {
        self.train.clear();
        self.held_out = (0..self.values.len() / self.dim).collect();
    }

    pub(super) fn train_len(&self) -> usize {
        self.train.len()
    }

    pub(super) fn held_out_len(&self) -> usize {
        self.held_out.len()
    }

    pub(super) fn train_row(&self, index: usize) -> &[f32] {
        self.row(self.train[index])
    }

    /// The index wraps round.
    pub(super) fn held_out_row(&self, index: usize) -> &[f32] {
        self.row(self.held_out[index % self.held_out_len()])
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.dim..][..self.dim]
    }

    /// The box of the training rows, or of the held-out ones if there are none.
    pub(super) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut low, mut high) = (vec![f32::INFINITY; self.dim], vec![f32::NEG_INFINITY; self.dim]);
        let rows = if self.train.is_empty() { &self.held_out } else { &self.train };
        for &row in rows {
            extend_box(&mut low, &mut high, self.row(row));
        }
        (low, high)
    }
}

/// The least and the greatest value of each column over some rows.
fn range(table: &Table, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let (mut low, mut high) = (vec![f64::INFINITY; table.dim], vec![f64::NEG_INFINITY; table.dim]);
    for &row in rows {
        let values = &table.values[row * table.dim..][..table.dim];
        for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(values) {
            *low = low.min(value);
            *high = high.max(value);
        }
    }
    (low, high)
}

/// Of the shape and of all values in order, whatever the format of the file and the names of its columns.
fn fingerprint(table: &Table) -> u64 {
    let mut print = Fingerprint::default();
    print.bytes(b"table");
    print.numbers(&[table.rows as f64, table.dim as f64]);
    print.numbers(&table.values);
    print.digest()
}

/// The scaling of the training rows.
fn fitted(table: &Table, is_held_out: &[bool], config: ScalingConfig) -> Result<Scaling, DataError> {
    let dim = table.dim;
    let fit = match config {
        ScalingConfig::None => return Ok(Scaling::identity(dim)),
        ScalingConfig::Standardise => Scaling::standardise,
        ScalingConfig::Isotropic => Scaling::isotropic,
        ScalingConfig::MinMax => Scaling::min_max,
    };
    let rows = table.values.chunks_exact(dim).zip(is_held_out);
    let train: Vec<f64> = rows.filter(|(_, out)| !**out).flat_map(|(row, _)| row).copied().collect();
    let Scaling { shift, scale } = fit(&train, dim);
    Scaling::new(shift, scale)
}
