//! Tables in memory: single-precision rows, a part of them held out.

use std::path::Path;
use std::sync::Arc;

use rand::{Rng, RngExt};

use super::bounds::extend_box;
use super::column_name::{listed, place_in, unknown_columns};
use super::column_profile::{ColumnProfile, remarks};
use super::formats::format::Options;
use super::formats::selection::Selection;
use super::input::{Input, require};
use super::one_line::shown;
use super::split::{check_held_out, split};
use super::table::whole;
use super::{ColumnName, DataError, Fingerprint, Missing, Scaling, ScalingConfig, Table, TableConfig};
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
    /// What is worth a word about the table.
    pub(super) notes: Vec<String>,
    /// The steps that columns are dequantised by, in the units of the data, 0 for those that are not; `None` if none is.
    pub(super) steps: Option<Vec<f64>>,
    /// The same in model coordinates.
    noise: Option<Vec<f32>>,
    /// The least and the greatest value of each column over the training rows, in the file's units.
    pub(super) range: (Vec<f64>, Vec<f64>),
    pub(super) fingerprint: u64,
    _held: Arc<Held>,
}

impl Rows {
    /// The rows of a file, of which the part `held_out` is held out.
    pub(super) fn load(
        config: &TableConfig, fit: Fit<'_>, columns: Option<&[String]>,
    ) -> Result<(Self, Scaling), DataError> {
        let TableConfig { path, array, drop, dequantise, missing, held_out, .. } = config;
        check_held_out(*held_out)?;
        // By the names that a model knows, what is to be left out need not be there.
        let selection = columns.map_or(Selection::Without(drop), Selection::Only);
        let gaps = *missing == Missing::DropRow;
        let options = Options { array: array.as_deref(), gaps, selection, ..Options::default() };
        let (mut table, mut left_out) = whole(path, options, Input::open)?;
        let mut notes = if gaps { without_gaps(&mut table, path)? } else { Vec::new() };
        let names = table.names.clone();
        let mut profiles = vec![ColumnProfile::default(); table.dim];
        for row in table.values.chunks_exact(table.dim) {
            profiles.iter_mut().zip(row).for_each(|(profile, &value)| profile.add(value));
        }
        let steps = steps(path, dequantise, &profiles, names.as_deref())?;
        let dequantised: Vec<bool> = steps.iter().map(|&step| step > 0.0).collect();
        // Of a model's columns it was said when it was trained.
        match columns {
            None => notes.extend(remarks(&profiles, names.as_deref(), &dequantised)),
            Some(_) => {
                left_out.retain(|name| !drop.contains(name));
                notes.extend(unknown_columns(path, &left_out));
            }
        }
        let (mut rows, scaling) = Self::split(table, *held_out, fit, path)?;
        rows.notes = notes;
        if !dequantise.is_empty() {
            rows.noise = Some(steps.iter().zip(&scaling.scale).map(|(step, scale)| (step / scale) as f32).collect());
            rows.steps = Some(steps);
        }
        Ok((rows, scaling))
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
                let (column, value) = (ColumnName::at(column, table.names.as_deref()), row[column]);
                return Err(DataError::OutOfRange { path, row: at + 1, column, value });
            }
            values.extend(scaled.iter().map(|&x| x as f32));
        }
        let chosen = |part: bool| (0..table.rows).filter(|&row| is_held_out[row] == part).collect::<Vec<_>>();
        let (train, held_out) = (chosen(false), chosen(true));
        let range = range(&table, &train);
        let (notes, steps, noise) = (Vec::new(), None, None);
        let names = table.names;
        Ok((
            Self { dim, values, train, held_out, names, notes, steps, noise, range, fingerprint, _held: held },
            scaling,
        ))
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

    /// Spreads a row over the steps of its dequantised columns.
    pub(super) fn spread<R: Rng>(&self, rng: &mut R, row: &mut [f32]) {
        let noise = self.noise.iter().flatten();
        row.iter_mut()
            .zip(noise)
            .filter(|(_, step)| **step > 0.0)
            .for_each(|(x, step)| *x += step * (rng.random::<f32>() - 0.5));
    }

    /// The box of the training rows, or of the held-out ones if there are none.
    pub(super) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut low, mut high) = (vec![f32::INFINITY; self.dim], vec![f32::NEG_INFINITY; self.dim]);
        let rows = if self.train.is_empty() { &self.held_out } else { &self.train };
        for &row in rows {
            extend_box(&mut low, &mut high, self.row(row));
        }
        for ((low, high), step) in low.iter_mut().zip(&mut high).zip(self.noise.iter().flatten()) {
            *low -= step / 2.0;
            *high += step / 2.0;
        }
        (low, high)
    }
}

/// Leaves out the rows in which a value is missing, and says how many those are.
fn without_gaps(table: &mut Table, path: &Path) -> Result<Vec<String>, DataError> {
    let (dim, all) = (table.dim, table.rows);
    let mut missing = vec![0_usize; dim];
    let mut kept = Vec::with_capacity(table.values.len());
    for row in table.values.chunks_exact(dim) {
        row.iter().zip(&mut missing).for_each(|(value, count)| *count += usize::from(value.is_nan()));
        if !row.iter().any(|value| value.is_nan()) {
            kept.extend_from_slice(row);
        }
    }
    (table.rows, table.values) = (kept.len() / dim, kept);
    if table.rows == all {
        return Ok(Vec::new());
    }
    let names = table.names.as_deref();
    let of = |(at, count): (usize, &usize)| format!("{count} in column {}", ColumnName::at(at, names));
    let columns: Vec<String> = missing.iter().enumerate().filter(|(_, count)| **count > 0).map(of).collect();
    let (left_out, columns) = (all - table.rows, listed(&columns));
    if table.rows == 0 {
        return Err(DataError::TooFewRows { path: path.into(), actual: 0, needed: 2 });
    }
    Ok(vec![format!("{left_out} of {all} rows are left out, in which a value is missing: {columns}")])
}

/// The step of each column, 0 for those that are not dequantised.
fn steps(
    path: &Path, dequantise: &[String], profiles: &[ColumnProfile], names: Option<&[String]>,
) -> Result<Vec<f64>, DataError> {
    let mut steps = vec![0.0; profiles.len()];
    for column in dequantise {
        let at = place_in(path, column, names, profiles.len())?;
        let reason = "its values are not multiples of one step: there is nothing to dequantise";
        steps[at] = profiles[at].quantum().ok_or_else(|| DataError::parameter("dequantise", column, reason))?;
    }
    Ok(steps)
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
