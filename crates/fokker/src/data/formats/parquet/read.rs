//! Numbers from `.parquet` files, as many rows at a time as are asked for.
//!
//! Format: <https://parquet.apache.org/docs/file-format/>. Flat numeric columns, compressed by Snappy, Zstandard, gzip or not at
//! all; a page of each column is in memory at a time.

use std::path::{Path, PathBuf};

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::super::format::RowSource;
use super::source::Source;
use crate::caught::catch;
use crate::data::DataError;
use crate::data::input::{Input, fill};
use crate::data::one_line::one_line;

/// Rows between two looks at the input's other columns, and numbers that they may have.
const BATCH: usize = 1 << 13;
const NUMBERS: usize = 1 << 22;

/// An open file and how far it has been read.
pub(super) struct ParquetRows {
    path: PathBuf,
    file: SerializedFileReader<Source>,
    rows: u64,
    /// What the columns are called.
    names: Vec<String>,
    columns: Vec<Column>,
    /// The row group to be opened next.
    next_group: usize,
    /// The open row group's columns, and how many rows of it are left.
    readers: Vec<ColumnReader>,
    left: usize,
    /// Rows read so far.
    done: usize,
    levels: Vec<i16>,
}

/// What has to be known of a column.
#[derive(Clone, Copy)]
struct Column {
    /// May it hold nulls?
    optional: bool,
    /// Are its integers unsigned?
    unsigned: bool,
}

impl ParquetRows {
    /// Opens a file and checks that its columns are numbers.
    pub(super) fn open(input: Input) -> Result<Self, DataError> {
        let path = input.path.clone();
        guarded(&path, || Self::open_unguarded(input))
    }

    fn open_unguarded(input: Input) -> Result<Self, DataError> {
        let Input { path, mut bytes, length } = input;
        let mut start = [0; 4];
        let known = fill(&mut bytes, &mut start).map_err(|error| DataError::read(&path, error))?;
        if start != *b"PAR1" {
            return Err(DataError::magic(&path, "a Parquet file", &start[..known]));
        }
        let file = SerializedFileReader::new(Source::new(bytes, length)).map_err(|error| failed(&path, error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let columns: Result<Vec<_>, _> =
            schema.columns().iter().enumerate().map(|(at, column)| check(&path, at + 1, column)).collect();
        let columns = columns?;
        let names = schema.columns().iter().map(|column| column.name().to_owned()).collect();
        if columns.is_empty() {
            let needed = "at least one column";
            return Err(DataError::Shape { path, found: "of no columns".into(), needed });
        }
        let mut counts = file.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
        let rows = counts.try_fold(0_u64, |sum, count| sum.checked_add(count?));
        let rows = rows.ok_or_else(|| DataError::damaged(&path, "a row group of impossible length"))?;
        if rows == 0 {
            return Err(DataError::TooFewRows { path, actual: 0, needed: 1 });
        }
        let (readers, levels) = (Vec::new(), Vec::new());
        Ok(Self { path, file, rows, names, columns, next_group: 0, readers, left: 0, done: 0, levels })
    }

    fn read_unguarded(&mut self, most: usize, values: &mut Vec<f64>) -> Result<(), DataError> {
        let mut read = 0;
        while read < most {
            if self.left == 0 && !self.open_group()? {
                break;
            }
            let batch = (NUMBERS / self.columns.len()).clamp(1, BATCH);
            read += self.read_batch((most - read).min(batch), values)?;
        }
        Ok(())
    }

    /// Opens the next row group that is not empty; `false` at the end.
    fn open_group(&mut self) -> Result<bool, DataError> {
        while self.left == 0 {
            if self.next_group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.next_group).map_err(|error| failed(&self.path, error))?;
            self.next_group += 1;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            let readers: Result<_, _> = (0..self.columns.len()).map(|at| group.get_column_reader(at)).collect();
            self.readers = readers.map_err(|error| failed(&self.path, error))?;
        }
        Ok(true)
    }

    /// Appends up to `most` rows of the open row group.
    fn read_batch(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, DataError> {
        let (rows, dim, start) = (most.min(self.left), self.columns.len(), values.len());
        values.resize(start + rows * dim, 0.0);
        for (at, (reader, &Column { optional, unsigned })) in self.readers.iter_mut().zip(&self.columns).enumerate() {
            let out = values[start + at..].iter_mut().step_by(dim);
            let levels = optional.then_some(&mut self.levels);
            let found = match reader {
                ColumnReader::Int32ColumnReader(reader) if unsigned => {
                    copy(reader, rows, levels, out, |value| f64::from(value.cast_unsigned()))
                }
                ColumnReader::Int32ColumnReader(reader) => copy(reader, rows, levels, out, f64::from),
                ColumnReader::Int64ColumnReader(reader) if unsigned => {
                    copy(reader, rows, levels, out, |value| value.cast_unsigned() as f64)
                }
                ColumnReader::Int64ColumnReader(reader) => copy(reader, rows, levels, out, |value| value as f64),
                ColumnReader::FloatColumnReader(reader) => copy(reader, rows, levels, out, f64::from),
                ColumnReader::DoubleColumnReader(reader) => copy(reader, rows, levels, out, |value| value),
                _ => Err(ParquetError::General("a column of another type than the schema's".into())),
            };
            if let Some(null) = found.map_err(|error| failed(&self.path, error))? {
                let row = (self.done + null + 1) as u64;
                let path = self.path.clone();
                return Err(DataError::NotANumber { path, row, column: at + 1, text: "null".into() });
            }
        }
        self.left -= rows;
        self.done += rows;
        Ok(rows)
    }
}

impl RowSource for ParquetRows {
    fn dim(&self) -> usize {
        self.columns.len()
    }

    fn take_names(&mut self) -> Option<Vec<String>> {
        Some(std::mem::take(&mut self.names))
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn read(&mut self, most: usize, values: &mut Vec<f64>, _: &mut Vec<u64>) -> Result<(), DataError> {
        let path = self.path.clone();
        guarded(&path, || self.read_unguarded(most, values))
    }
}

/// Copies `rows` values of a column to `out`; `Some` is the index of the first null.
fn copy<'a, T: DataType>(
    reader: &mut ColumnReaderImpl<T>, rows: usize, levels: Option<&mut Vec<i16>>,
    out: impl Iterator<Item = &'a mut f64>, number: impl Fn(T::T) -> f64,
) -> Result<Option<usize>, ParquetError> {
    let mut levels = levels;
    if let Some(levels) = &mut levels {
        levels.clear();
    }
    let mut values = Vec::new();
    let (read, ..) = reader.read_records(rows, levels.as_deref_mut(), None, &mut values)?;
    if let Some(null) = levels.and_then(|levels| levels.iter().position(|&level| level == 0)) {
        return Ok(Some(null));
    }
    if read != rows || values.len() != rows {
        return Err(ParquetError::EOF("a column is shorter than its row group".into()));
    }
    out.zip(values).for_each(|(out, value)| *out = number(value));
    Ok(None)
}

/// Refuses a column that is not a flat one of numbers.
fn check(path: &Path, at: usize, column: &ColumnDescriptor) -> Result<Column, DataError> {
    let refuse = |what: String| {
        let found = format!("{what} in column {at} (\"{}\")", one_line(&column.path().string(), 40));
        Err(DataError::Dtype { path: path.to_path_buf(), found })
    };
    if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
        return refuse("nested".into());
    }
    let physical = column.physical_type();
    let unsigned = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Integer(integer)), _) => Some(!integer.is_signed),
        (Some(_), _) => None,
        (None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64) => {
            Some(true)
        }
        (None, ConvertedType::NONE | ConvertedType::INT_8 | ConvertedType::INT_16) => Some(false),
        (None, ConvertedType::INT_32 | ConvertedType::INT_64) => Some(false),
        (None, _) => None,
    };
    match (physical, unsigned) {
        (Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE, Some(unsigned)) => {
            Ok(Column { optional: column.max_def_level() > 0, unsigned })
        }
        _ => match (column.logical_type_ref(), column.converted_type()) {
            (Some(logical), _) => refuse(one_line(&format!("{logical:?}"), 40)),
            (None, ConvertedType::NONE) => refuse(physical.to_string()),
            (None, converted) => refuse(converted.to_string()),
        },
    }
}

/// Turns a panic of the parquet crate, which some damaged files cause, into an error.
fn guarded<T>(path: &Path, call: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    // What a panic leaves half-done is never used: every caller gives up.
    catch(call).unwrap_or_else(|_| Err(DataError::damaged(path, "its pages cannot be decoded")))
}

fn failed(path: &Path, error: ParquetError) -> DataError {
    DataError::damaged(path, one_line(&error.to_string(), 200))
}
