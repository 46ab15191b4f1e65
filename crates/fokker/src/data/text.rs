//! Numbers from `.csv` files.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::DataError;
use super::error::{one_line, shown};
use super::npy::{Array, require};
use crate::memory::{PerRecord, Record};

/// An open file of numbers separated by commas. A first row in which no field is a number is a header and is left out.
pub(super) struct CsvRows {
    path: PathBuf,
    reader: csv::Reader<PerRecord<File>>,
    /// A record without end is given up.
    bounds: Record,
    record: csv::ByteRecord,
    /// Fields of the first row.
    width: Option<usize>,
    /// What the header calls the columns, once the first row is read.
    pub(super) names: Option<Vec<String>>,
    /// The line of the last row.
    pub(super) line: u64,
    /// Is NaN a value?
    gaps: bool,
}

impl CsvRows {
    pub(super) fn open(path: &Path, gaps: bool) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|error| DataError::read(path, error))?;
        let (file, bounds) = PerRecord::new(shown(path), file);
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file);
        let record = csv::ByteRecord::new();
        Ok(Self { path: path.to_path_buf(), reader, bounds, record, width: None, names: None, line: 0, gaps })
    }

    /// Appends the next row to `values`; `false` at the end.
    pub(super) fn read(&mut self, values: &mut Vec<f64>) -> Result<bool, DataError> {
        let (path, record) = (&self.path, &mut self.record);
        loop {
            if !self.reader.read_byte_record(record).map_err(|error| failed(path, error))? {
                return Ok(false);
            }
            self.bounds.done();
            let line = record.position().map_or(0, csv::Position::line);
            let is_header = self.width.is_none() && record.iter().all(|field| parse(field).is_none());
            let expected = *self.width.get_or_insert(record.len());
            if record.len() != expected {
                let path = path.to_path_buf();
                return Err(DataError::Ragged { path, row: line, expected, actual: record.len() });
            }
            if is_header {
                self.names = Some(record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect());
                continue;
            }
            self.line = line;
            for (at, field) in record.iter().enumerate() {
                values.push(value(path, line, at + 1, field, self.gaps)?);
            }
            return Ok(true);
        }
    }
}

/// Reads all rows, and the names of the columns if there is a header; NaN is a value if `gaps`.
pub(super) fn read_csv(path: &Path, gaps: bool) -> Result<(Array, Option<Vec<String>>), DataError> {
    let (mut file, mut rows, mut values) = (CsvRows::open(path, gaps)?, 0, Vec::new());
    while file.read(&mut values)? {
        rows += 1;
        grow(path, &mut values, file.width.unwrap_or(0))?;
    }
    match file.width {
        Some(dim) if rows > 0 => Ok((Array { rows, dim, values }, file.names)),
        _ => Err(DataError::TooFewRows { path: path.to_path_buf(), actual: 0, needed: 1 }),
    }
}

/// Makes room for a row more, as long as there may be memory for it: a stream may have no end.
fn grow(path: &Path, values: &mut Vec<f64>, dim: usize) -> Result<(), DataError> {
    let (length, capacity) = (values.len(), values.capacity());
    if capacity - length < dim {
        let more = dim.max(length / 2);
        // Growing may need both the old and the new.
        require(path, &[capacity + length + more, size_of::<f64>()])?;
        values.reserve_exact(more);
    }
    Ok(())
}

/// A field's value, which must be a finite number, or NaN if `gaps`.
fn value(path: &Path, row: u64, column: usize, field: &[u8], gaps: bool) -> Result<f64, DataError> {
    let path = || path.to_path_buf();
    match parse(field) {
        Some(value) if value.is_finite() || gaps && value.is_nan() => Ok(value),
        Some(value) => Err(DataError::NonFinite { path: path(), row: row as usize, column, value }),
        None => {
            let text = format!("\"{}\"", one_line(&String::from_utf8_lossy(field), 40));
            Err(DataError::NotANumber { path: path(), row, column, text })
        }
    }
}

fn parse(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn failed(path: &Path, error: csv::Error) -> DataError {
    let reason = one_line(&error.to_string(), 200);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => DataError::read(path, source),
        _ => DataError::damaged(path, reason),
    }
}
