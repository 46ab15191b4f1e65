//! Numbers from `.parquet` files, as many rows at a time as are asked for.
//!
//! Format: <https://parquet.apache.org/docs/file-format/>. Flat columns of numbers (integers, floating-point numbers, decimals,
//! booleans), compressed by Snappy, Zstandard, gzip, LZ4 or not at all (Brotli would cost
//! every build half a minute); a page of each column is in memory at a time. What
//! pandas adds for an index without a name is left out.

use std::path::{Path, PathBuf};

use half::f16;
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::super::format::{Options, RowSource};
use super::source::Source;
use crate::caught::catch;
use crate::data::DataError;
use crate::data::column_name::ColumnName;
use crate::data::input::{Input, fill};
use crate::data::one_line::{one_line, shown};
use crate::memory::MemoryError;

/// What can be read, in messages.
const KNOWN: &str = "booleans, decimals, and integers and floating-point numbers of up to 64 bits";

/// Rows between two looks at the input's other columns, and numbers that they may have.
const BATCH: usize = 1 << 13;
const NUMBERS: usize = 1 << 22;

/// An open file and how far it has been read.
pub(super) struct ParquetRows {
    path: PathBuf,
    source: Source,
    file: SerializedFileReader<Source>,
    rows: u64,
    /// What the columns are called.
    names: Vec<String>,
    /// The names of the columns that are not read.
    left_out: Vec<String>,
    columns: Vec<Column>,
    /// The row group to be opened next.
    next_group: usize,
    /// The open row group's columns, and how many rows of it are left.
    readers: Vec<ColumnReader>,
    left: usize,
    /// Rows read so far.
    done: usize,
    levels: Vec<i16>,
    /// Is a null a value: one that is not known?
    gaps: bool,
}

/// What has to be known of a column.
#[derive(Clone, Copy)]
struct Column {
    /// Its place among all columns of the file.
    at: usize,
    /// May it hold nulls?
    optional: bool,
    number: Number,
}

/// How a column's values stand for numbers.
#[derive(Clone, Copy)]
enum Number {
    /// As they are: signed integers, floating-point numbers, booleans.
    Plain,
    /// Unsigned integers.
    Unsigned,
    /// Floating-point numbers of 16 bits.
    Half,
    /// Integers, in units of one over this.
    Decimal(f64),
}

impl ParquetRows {
    /// Opens a file and checks that its columns are numbers.
    pub(super) fn open(input: Input, options: Options<'_>) -> Result<Self, DataError> {
        let path = input.path.clone();
        guarded(&path, || Self::open_unguarded(input, options))
    }

    fn open_unguarded(input: Input, options: Options<'_>) -> Result<Self, DataError> {
        let Input { path, mut bytes, length } = input;
        let mut start = [0; 4];
        let known = fill(&mut bytes, &mut start).map_err(|error| DataError::read(&path, error))?;
        if start != *b"PAR1" {
            return Err(DataError::magic(&path, "a Parquet file", &start[..known]));
        }
        let source = Source::new(bytes, length);
        source.look_at_contents().map_err(|error| failed(&path, error))?;
        let file = SerializedFileReader::new(source.clone()).map_err(|error| failed(&path, error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let found: Vec<_> =
            schema.columns().iter().enumerate().filter(|(_, column)| !is_index(column.name())).collect();
        let all: Vec<String> = found.iter().map(|(_, column)| column.name().to_owned()).collect();
        let kept = options.selection.of(&path, Some(&all), all.len())?;
        let (mut columns, mut names, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for (((at, column), name), kept) in found.into_iter().zip(all).zip(kept) {
            // What is not read may be of any type.
            if kept {
                columns.push(check(&path, at, column)?);
                names.push(name);
            } else {
                left_out.push(name);
            }
        }
        if columns.is_empty() {
            let needed = "at least one column";
            return Err(DataError::Shape { path, found: "of no columns".into(), needed });
        }
        let pieces = file.metadata().row_groups().iter().flat_map(|group| group.columns());
        let unread = |codec: &Compression| matches!(codec, Compression::BROTLI(_) | Compression::LZO);
        if let Some(codec) = pieces.map(|piece| piece.compression()).find(unread) {
            let name = if codec == Compression::LZO { "LZO" } else { "Brotli" };
            return Err(DataError::Unsupported { path, what: format!("compressed by {name}") });
        }
        let mut counts = file.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
        let rows = counts.try_fold(0_u64, |sum, count| sum.checked_add(count?));
        let rows = rows.ok_or_else(|| DataError::damaged(&path, "a row group of impossible length"))?;
        if rows == 0 {
            return Err(DataError::TooFewRows { path, actual: 0, needed: 1 });
        }
        let (readers, levels) = (Vec::new(), Vec::new());
        let gaps = options.gaps;
        Ok(Self {
            path,
            source,
            file,
            rows,
            names,
            left_out,
            columns,
            next_group: 0,
            readers,
            left: 0,
            done: 0,
            levels,
            gaps,
        })
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
            for column in &self.columns {
                let (start, length) = group.metadata().column(column.at).byte_range();
                let looked = self.source.look_at_pages(start..start.saturating_add(length));
                looked.map_err(|error| failed(&self.path, error))?;
            }
            let readers: Result<_, _> = self.columns.iter().map(|column| group.get_column_reader(column.at)).collect();
            self.readers = readers.map_err(|error| failed(&self.path, error))?;
        }
        Ok(true)
    }

    /// Appends up to `most` rows of the open row group.
    fn read_batch(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, DataError> {
        let (rows, dim, start) = (most.min(self.left), self.columns.len(), values.len());
        values.resize(start + rows * dim, 0.0);
        for (at, (reader, &Column { optional, number, .. })) in self.readers.iter_mut().zip(&self.columns).enumerate() {
            let out = values[start + at..].iter_mut().step_by(dim);
            let place = Place { rows, levels: optional.then_some(&mut self.levels), gaps: self.gaps };
            let found = match (reader, number) {
                (ColumnReader::BoolColumnReader(reader), Number::Plain) => {
                    copy(reader, place, out, |value| f64::from(u8::from(value)))
                }
                (ColumnReader::Int32ColumnReader(reader), Number::Plain) => copy(reader, place, out, f64::from),
                (ColumnReader::Int32ColumnReader(reader), Number::Unsigned) => {
                    copy(reader, place, out, |value| f64::from(value.cast_unsigned()))
                }
                (ColumnReader::Int32ColumnReader(reader), Number::Decimal(unit)) => {
                    copy(reader, place, out, |value| f64::from(value) / unit)
                }
                (ColumnReader::Int64ColumnReader(reader), Number::Plain) => {
                    copy(reader, place, out, |value| value as f64)
                }
                (ColumnReader::Int64ColumnReader(reader), Number::Unsigned) => {
                    copy(reader, place, out, |value| value.cast_unsigned() as f64)
                }
                (ColumnReader::Int64ColumnReader(reader), Number::Decimal(unit)) => {
                    copy(reader, place, out, |value| value as f64 / unit)
                }
                (ColumnReader::FloatColumnReader(reader), Number::Plain) => copy(reader, place, out, f64::from),
                (ColumnReader::DoubleColumnReader(reader), Number::Plain) => copy(reader, place, out, |value| value),
                (ColumnReader::FixedLenByteArrayColumnReader(reader), Number::Half) => {
                    copy(reader, place, out, |value| half(value.data()))
                }
                (ColumnReader::FixedLenByteArrayColumnReader(reader), Number::Decimal(unit)) => {
                    copy(reader, place, out, |value| integer(value.data()) / unit)
                }
                (ColumnReader::ByteArrayColumnReader(reader), Number::Decimal(unit)) => {
                    copy(reader, place, out, |value| integer(value.data()) / unit)
                }
                _ => Err(ParquetError::General("a column of another type than the schema's".into())),
            };
            if let Some(null) = found.map_err(|error| failed(&self.path, error))? {
                let row = (self.done + null + 1) as u64;
                let path = self.path.clone();
                let column = ColumnName::at(at, Some(&self.names));
                return Err(DataError::MissingCell { path, row, column, text: "null".into() });
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

    fn names(&self) -> Option<Vec<String>> {
        Some(self.names.clone())
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.clone()
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn read(&mut self, most: usize, values: &mut Vec<f64>, _: &mut Vec<u64>) -> Result<(), DataError> {
        let path = self.path.clone();
        guarded(&path, || self.read_unguarded(most, values))
    }
}

/// What is to be copied.
struct Place<'a> {
    rows: usize,
    /// Where there may be nulls: room for 1 for each value, 0 for each null.
    levels: Option<&'a mut Vec<i16>>,
    /// Does NaN stand for a null?
    gaps: bool,
}

/// Copies values of a column to `out`; `Some` is the index of the first null, where it may not be.
fn copy<'a, T: DataType>(
    reader: &mut ColumnReaderImpl<T>, place: Place<'_>, mut out: impl Iterator<Item = &'a mut f64>,
    number: impl Fn(T::T) -> f64,
) -> Result<Option<usize>, ParquetError> {
    let Place { rows, mut levels, gaps } = place;
    if let Some(levels) = &mut levels {
        levels.clear();
    }
    let mut values = Vec::new();
    let (read, ..) = reader.read_records(rows, levels.as_deref_mut(), None, &mut values)?;
    let is_null = |levels: &[i16], at: usize| levels.get(at) == Some(&0);
    let levels = levels.map_or(&[][..], |levels| &levels[..]);
    let nulls = levels.iter().filter(|&&level| level == 0).count();
    if let Some(null) = (0..rows).find(|&at| nulls > 0 && !gaps && is_null(levels, at)) {
        return Ok(Some(null));
    }
    if read != rows || values.len() + nulls != rows {
        return Err(ParquetError::EOF("a column is shorter than its row group".into()));
    }
    let mut values = values.into_iter();
    for at in 0..rows {
        let value = if is_null(levels, at) { Some(f64::NAN) } else { values.next().map(&number) };
        out.next().zip(value).into_iter().for_each(|(out, value)| *out = value);
    }
    Ok(None)
}

/// Whether a column is what pandas writes for an index that has no name.
fn is_index(name: &str) -> bool {
    let number = name.strip_prefix("__index_level_").and_then(|name| name.strip_suffix("__"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The number of two bytes.
fn half(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(f64::NAN, |bytes| f16::from_le_bytes(bytes).to_f64())
}

/// The integer of up to 16 bytes, big-endian; of more NaN, which is refused as such. Beyond 2⁵³ it is rounded.
fn integer(bytes: &[u8]) -> f64 {
    if bytes.is_empty() || bytes.len() > 16 {
        return f64::NAN;
    }
    let sign = if bytes[0] >= 0x80 { -1 } else { 0 };
    bytes.iter().fold(sign, |number: i128, &byte| number << 8 | i128::from(byte)) as f64
}

/// Refuses a column that is not a flat one of numbers.
fn check(path: &Path, at: usize, column: &ColumnDescriptor) -> Result<Column, DataError> {
    let refuse = |what: String| {
        let found = format!("{what} in column {} (\"{}\")", at + 1, one_line(&column.path().string(), 40));
        Err(DataError::Dtype { path: path.to_path_buf(), found, known: KNOWN })
    };
    if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
        return refuse("nested".into());
    }
    let physical = column.physical_type();
    let number = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Integer(integer)), _) if !integer.is_signed => Some(Number::Unsigned),
        (Some(LogicalType::Integer(_)), _) => Some(Number::Plain),
        (Some(LogicalType::Float16), _) => Some(Number::Half),
        (Some(LogicalType::Decimal(_)), _) | (None, ConvertedType::DECIMAL) => decimal(column),
        (Some(_), _) => None,
        (None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64) => {
            Some(Number::Unsigned)
        }
        (None, ConvertedType::NONE | ConvertedType::INT_8 | ConvertedType::INT_16) => Some(Number::Plain),
        (None, ConvertedType::INT_32 | ConvertedType::INT_64) => Some(Number::Plain),
        (None, _) => None,
    };
    let (integers, bytes) = (Physical::INT32, Physical::FIXED_LEN_BYTE_ARRAY);
    let number = number.filter(|number| match number {
        Number::Plain => {
            [Physical::BOOLEAN, Physical::FLOAT, Physical::DOUBLE, integers, Physical::INT64].contains(&physical)
        }
        Number::Unsigned => [integers, Physical::INT64].contains(&physical),
        Number::Half => physical == bytes && column.type_length() == 2,
        Number::Decimal(_) => [integers, Physical::INT64, bytes, Physical::BYTE_ARRAY].contains(&physical),
    });
    match (number, column.logical_type_ref(), column.converted_type()) {
        (Some(number), ..) => Ok(Column { at, optional: column.max_def_level() > 0, number }),
        (None, Some(logical), _) => {
            // Its name, without what else it has.
            let debug = format!("{logical:?}");
            let name = debug.split(['(', ' ', '{']).next().unwrap_or_default();
            refuse(if name == "Unknown" { "null".into() } else { one_line(name, 40) })
        }
        (None, None, ConvertedType::NONE) => refuse(physical.to_string()),
        (None, None, converted) => refuse(converted.to_string()),
    }
}

/// Decimals of so many digits that an integer of 16 bytes holds them.
fn decimal(column: &ColumnDescriptor) -> Option<Number> {
    let (scale, precision) = (column.type_scale(), column.type_precision());
    ((0..=38).contains(&scale) && precision <= 38).then(|| Number::Decimal(10_f64.powi(scale)))
}

/// Turns a panic of the parquet crate, which some damaged files cause, into an error.
fn guarded<T>(path: &Path, call: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    // What a panic leaves half-done is never used: every caller gives up.
    catch(call).unwrap_or_else(|_| Err(DataError::damaged(path, "its pages cannot be decoded")))
}

fn failed(path: &Path, error: ParquetError) -> DataError {
    if let ParquetError::External(error) = &error
        && let Some(error) = error.downcast_ref::<MemoryError>()
    {
        return MemoryError { what: shown(path), ..error.clone() }.into();
    }
    DataError::damaged(path, one_line(&error.to_string(), 200))
}
