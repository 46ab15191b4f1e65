//! Tables in `.npy` files: arrays of two dimensions.

use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::format::{Matrix, Options, RowSource, TableFormat};
use crate::data::DataError;
use crate::data::column::{Column, Replay};
use crate::data::input::{Bytes, Input};
use crate::data::numpy::array::{Layout, read_layout, read_table_values, read_values};
use crate::data::numpy::write::{write_array, write_column};

/// NumPy's array format.
pub(super) struct Npy;

impl TableFormat for Npy {
    fn endings(&self) -> &'static [&'static str] {
        &["npy"]
    }

    fn open(&self, input: Input, _: Options<'_>) -> Result<Box<dyn RowSource>, DataError> {
        let Input { path, bytes, length } = input;
        let mut bytes = BufReader::new(bytes);
        let layout = read_layout(&mut bytes, length, &path)?;
        Ok(Box::new(NpyRows { path, bytes, layout, done: 0 }))
    }

    /// The first column alone.
    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], rows: u64, replay: Replay<'_>,
    ) -> io::Result<()> {
        columns.first().map_or(Ok(()), |first| write_column(out, first, 0, rows, replay))
    }

    fn write_matrix(&self, out: &mut (dyn Write + Send), matrix: &Matrix<'_>) -> io::Result<()> {
        let dim = matrix.columns.len().max(1);
        write_array(out, &[matrix.values.len() / dim, dim], matrix.values)
    }
}

/// An open file, past its header.
struct NpyRows {
    path: PathBuf,
    bytes: BufReader<Box<dyn Bytes>>,
    layout: Layout,
    /// Rows read so far.
    done: usize,
}

impl RowSource for NpyRows {
    fn dim(&self) -> usize {
        self.layout.dim
    }

    fn rows(&self) -> Option<u64> {
        Some(self.layout.rows as u64)
    }

    /// In column order a seek for each column.
    fn read(&mut self, most: usize, values: &mut Vec<f64>, _: &mut Vec<u64>) -> Result<(), DataError> {
        let Layout { dim, dtype, start, fortran, .. } = self.layout;
        let (first, rows) = (self.done, most.min(self.layout.rows - self.done));
        self.done += rows;
        let before = |values: usize| start + (values * dtype.size) as u64;
        if !fortran {
            values.extend(read_values(&mut self.bytes, dtype, rows * dim, before(first * dim), &self.path)?);
            return Ok(());
        }
        if rows == 0 {
            return Ok(());
        }
        let from = values.len();
        values.resize(from + rows * dim, 0.0);
        for column in 0..dim {
            let before = before(column * self.layout.rows + first);
            self.bytes.seek(SeekFrom::Start(before)).map_err(|error| DataError::read(&self.path, error))?;
            let read = read_values(&mut self.bytes, dtype, rows, before, &self.path)?;
            values[from + column..].iter_mut().step_by(dim).zip(read).for_each(|(value, read)| *value = read);
        }
        Ok(())
    }

    fn read_all(&mut self, what: &Path) -> Result<Vec<f64>, DataError> {
        self.done = self.layout.rows;
        read_table_values(&mut self.bytes, self.layout, what)
    }
}
