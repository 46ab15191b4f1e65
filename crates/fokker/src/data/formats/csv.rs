//! Tables as text: numbers separated by commas in `.csv` files, by tabs in `.tsv` files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::fields::{Counted, Fields, MOST_FIELDS, is_too_wide};
use super::format::{Options, RowSource, TableFormat};
use crate::data::DataError;
use crate::data::column::{Column, ColumnKind, Replay};
use crate::data::input::{Bytes, Input};
use crate::data::one_line::{one_line, shown};
use crate::memory::{PerRecord, Record};

/// Values with something between them.
pub(in crate::data) struct Separated {
    endings: &'static [&'static str],
    delimiter: u8,
}

/// Comma-separated values.
pub(in crate::data) const CSV: Separated = Separated { endings: &["csv"], delimiter: b',' };

/// Tab-separated values.
pub(super) const TSV: Separated = Separated { endings: &["tsv"], delimiter: b'\t' };

impl TableFormat for Separated {
    fn endings(&self) -> &'static [&'static str] {
        self.endings
    }

    fn open(&self, input: Input, options: Options<'_>) -> Result<Box<dyn RowSource>, DataError> {
        Ok(Box::new(CsvRows::open(input, self.delimiter, options.gaps)?))
    }

    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], _: u64, replay: Replay<'_>,
    ) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(out);
        writer.write_record(columns.iter().map(|column| column.name))?;
        replay(&mut |row| {
            Ok(writer.write_record(columns.iter().zip(row).map(|(column, &value)| text(column, value)))?)
        })?;
        writer.flush()
    }
}

/// A value as text: numbers with as many digits as it takes to read the same number back.
fn text(column: &Column<'_>, value: f64) -> String {
    match column.kind {
        ColumnKind::Real => format!("{value:?}"),
        ColumnKind::Count => format!("{}", value as u64),
        ColumnKind::Label(_) => column.label(value).into(),
    }
}

/// An open file. A first row in which no field is a number is a header and is left out.
struct CsvRows {
    path: PathBuf,
    reader: csv::Reader<Counted<PerRecord<Box<dyn Bytes>>>>,
    /// A record without end is given up, and one of too many fields.
    bounds: (Record, Fields),
    record: csv::ByteRecord,
    /// Fields of the first row.
    width: Option<usize>,
    /// What the header calls the columns.
    names: Option<Vec<String>>,
    /// The first row, which is read to know the columns, until it is asked for.
    first: Vec<f64>,
    /// The line of the last row.
    line: u64,
    /// Is NaN a value?
    gaps: bool,
}

impl CsvRows {
    fn open(input: Input, delimiter: u8, gaps: bool) -> Result<Self, DataError> {
        let Input { path, bytes, .. } = input;
        let (bytes, record) = PerRecord::new(shown(&path), bytes);
        let (bytes, fields) = Counted::new(bytes, delimiter);
        let bounds = (record, fields);
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let record = csv::ByteRecord::new();
        let (width, names, line) = (None, None, 0);
        let mut rows = Self { path, reader, bounds, record, width, names, first: Vec::new(), line, gaps };
        let mut first = Vec::new();
        if !rows.next(&mut first)? {
            return Err(DataError::TooFewRows { path: rows.path, actual: 0, needed: 1 });
        }
        rows.first = first;
        Ok(rows)
    }

    /// Appends the next row to `values`; `false` at the end.
    fn next(&mut self, values: &mut Vec<f64>) -> Result<bool, DataError> {
        let (path, record) = (&self.path, &mut self.record);
        loop {
            if !self.reader.read_byte_record(record).map_err(|error| failed(path, error))? {
                return Ok(false);
            }
            self.bounds.0.done();
            self.bounds.1.done();
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

impl RowSource for CsvRows {
    fn dim(&self) -> usize {
        self.width.unwrap_or(0)
    }

    fn take_names(&mut self) -> Option<Vec<String>> {
        self.names.take()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn read(&mut self, most: usize, values: &mut Vec<f64>, numbers: &mut Vec<u64>) -> Result<(), DataError> {
        let mut rows = 0;
        if most > 0 && !self.first.is_empty() {
            values.append(&mut self.first);
            numbers.push(self.line);
            rows += 1;
        }
        while rows < most && self.next(values)? {
            numbers.push(self.line);
            rows += 1;
        }
        Ok(())
    }
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
        csv::ErrorKind::Io(source) if is_too_wide(&source) => {
            DataError::TooWide { path: path.to_path_buf(), most: MOST_FIELDS }
        }
        csv::ErrorKind::Io(source) => DataError::read(path, source),
        _ => DataError::damaged(path, reason),
    }
}
