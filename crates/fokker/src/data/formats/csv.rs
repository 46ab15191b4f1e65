//! Tables as text: numbers separated by commas (or semicolons, or tabs) in `.csv` files, by tabs in `.tsv` files; the same by gzip.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::fields::{Counted, Fields, MOST_FIELDS, is_too_wide};
use super::format::{Options, RowSource, TableFormat};
use crate::data::DataError;
use crate::data::column::{Column, ColumnKind, Replay};
use crate::data::column_name::ColumnName;
use crate::data::input::Input;
use crate::data::one_line::{one_line, shown};
use crate::memory::{PerRecord, Record};

/// Values with something between them.
pub(in crate::data) struct Separated {
    endings: &'static [&'static str],
    /// What stands between values that are written, and between those that are read unless the first line says otherwise.
    delimiter: u8,
    gzip: bool,
}

/// Comma-separated values.
pub(in crate::data) const CSV: Separated = Separated { endings: &["csv"], delimiter: b',', gzip: false };

/// Tab-separated values.
pub(super) const TSV: Separated = Separated { endings: &["tsv"], delimiter: b'\t', gzip: false };

/// The same, compressed.
pub(super) const CSV_GZ: Separated = Separated { endings: &["csv.gz"], delimiter: b',', gzip: true };
pub(super) const TSV_GZ: Separated = Separated { endings: &["tsv.gz"], delimiter: b'\t', gzip: true };

impl TableFormat for Separated {
    fn endings(&self) -> &'static [&'static str] {
        self.endings
    }

    fn selects(&self) -> bool {
        true
    }

    fn open(&self, input: Input, options: Options<'_>) -> Result<Box<dyn RowSource>, DataError> {
        let Input { path, bytes, .. } = input;
        let bytes: Box<dyn Read + Send> =
            if self.gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
        Ok(Box::new(CsvRows::open(path, bytes, self.delimiter, options)?))
    }

    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], _: u64, replay: Replay<'_>,
    ) -> io::Result<()> {
        if self.gzip {
            let mut packed = GzEncoder::new(out, flate2::Compression::default());
            self.write(&mut packed, columns, replay)?;
            packed.finish()?.flush()
        } else {
            self.write(out, columns, replay)
        }
    }
}

impl Separated {
    fn write(&self, out: &mut dyn Write, columns: &[Column<'_>], replay: Replay<'_>) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(out);
        writer.write_record(columns.iter().map(|column| column.name))?;
        replay(&mut |row| {
            Ok(writer.write_record(columns.iter().zip(row).map(|(column, &value)| text(column, value)))?)
        })?;
        writer.flush()
    }
}

/// The longest beginning of a file that is looked at to know what stands between its values.
const FIRST_LINE: usize = 1 << 16;

/// What stands between values, by the first line: semicolons or tabs, if it is cut into numbers or names by them and not by commas.
fn delimiter(line: &[u8], usual: u8) -> u8 {
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let cuts = |delimiter: u8| {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == delimiter).collect();
        let whole = |field: &&[u8]| !field.contains(&b',') || parse(field.trim_ascii(), true).is_some();
        fields.len() > 1 && fields.iter().all(whole)
    };
    if usual != b',' || line.contains(&b'"') {
        return usual;
    }
    [b';', b'\t'].into_iter().find(|&other| cuts(other)).unwrap_or(usual)
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
    reader: csv::Reader<Counted<PerRecord<Box<dyn Read + Send>>>>,
    /// A record without end is given up, and one of too many fields.
    bounds: (Record, Fields),
    record: csv::ByteRecord,
    /// Fields of the first row.
    width: Option<usize>,
    /// What the header calls all columns.
    names: Option<Vec<String>>,
    /// Which columns are read.
    kept: Vec<bool>,
    /// The first row, which is read to know the columns, until it is asked for.
    first: Vec<f64>,
    /// The line of the last row.
    line: u64,
    cells: Cells,
}

/// How fields become values.
struct Cells {
    /// Numbers have a decimal comma, if they have no point.
    comma: bool,
    /// Is a missing value NaN, and no error?
    gaps: bool,
    /// Text is a missing value, too, and counted for each column that is read.
    texts: Option<Vec<u64>>,
}

impl CsvRows {
    fn open(path: PathBuf, bytes: Box<dyn Read + Send>, usual: u8, options: Options<'_>) -> Result<Self, DataError> {
        let mut bytes = BufReader::with_capacity(FIRST_LINE, bytes);
        let delimiter = delimiter(bytes.fill_buf().map_err(|error| DataError::read(&path, error))?, usual);
        let (bytes, record) = PerRecord::new(shown(&path), Box::new(bytes) as Box<dyn Read + Send>);
        let (bytes, fields) = Counted::new(bytes, delimiter);
        let bounds = (record, fields);
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let texts = options.texts.then(Vec::new);
        let cells = Cells { comma: delimiter == b';', gaps: options.gaps, texts };
        let record = csv::ByteRecord::new();
        let (width, names, kept, line) = (None, None, Vec::new(), 0);
        let mut rows = Self { path, reader, bounds, record, width, names, kept, first: Vec::new(), line, cells };
        let mut first = Vec::new();
        if !rows.next(&mut first, Some(options))? {
            return Err(DataError::TooFewRows { path: rows.path, actual: 0, needed: 1 });
        }
        rows.first = first;
        Ok(rows)
    }

    /// Appends the next row to `values`; `false` at the end. The first one, which comes with options, says what the columns are.
    fn next(&mut self, values: &mut Vec<f64>, first: Option<Options<'_>>) -> Result<bool, DataError> {
        let (path, record) = (&self.path, &mut self.record);
        loop {
            if !self.reader.read_byte_record(record).map_err(|error| failed(path, error))? {
                return Ok(false);
            }
            self.bounds.0.done();
            self.bounds.1.done();
            let line = record.position().map_or(0, csv::Position::line);
            let comma = self.cells.comma;
            let is_header = self.width.is_none() && record.iter().all(|field| parse(field, comma).is_none());
            let expected = *self.width.get_or_insert(record.len());
            if record.len() != expected {
                let path = path.to_path_buf();
                return Err(DataError::Ragged { path, row: line, expected, actual: record.len() });
            }
            if is_header {
                self.names = Some(record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect());
                continue;
            }
            if let Some(options) = first {
                self.kept = options.selection.of(path, self.names.as_deref(), expected)?;
            }
            self.line = line;
            let kept = record.iter().enumerate().zip(&self.kept).filter(|(_, kept)| **kept);
            for (out, ((at, field), _)) in kept.enumerate() {
                let column = || ColumnName::at(at, self.names.as_deref());
                values.push(self.cells.value(path, line, &column, out, field)?);
            }
            return Ok(true);
        }
    }
}

impl RowSource for CsvRows {
    fn dim(&self) -> usize {
        self.kept.iter().filter(|kept| **kept).count()
    }

    fn names(&self) -> Option<Vec<String>> {
        let kept = self.names.as_ref()?.iter().zip(&self.kept).filter(|(_, kept)| **kept);
        Some(kept.map(|(name, _)| name.clone()).collect())
    }

    fn left_out(&self) -> Vec<String> {
        let all = self.names.iter().flatten().zip(&self.kept);
        all.filter(|(_, kept)| !**kept).map(|(name, _)| name.clone()).collect()
    }

    fn texts(&self) -> Vec<u64> {
        self.cells.texts.clone().unwrap_or_default()
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
        while rows < most && self.next(values, None)? {
            numbers.push(self.line);
            rows += 1;
        }
        Ok(())
    }
}

impl Cells {
    /// A field's value, which must be a finite number, or NaN if there may be gaps; `out` is its place among the columns that are read.
    fn value(
        &mut self, path: &Path, row: u64, column: &dyn Fn() -> ColumnName, out: usize, field: &[u8],
    ) -> Result<f64, DataError> {
        let missing = is_missing(field);
        match parse(field, self.comma) {
            Some(value) if value.is_finite() => return Ok(value),
            _ if missing && self.gaps => return Ok(f64::NAN),
            Some(value) => {
                return Err(DataError::NonFinite { path: path.into(), row: row as usize, column: column(), value });
            }
            None => {}
        }
        if let (Some(texts), false) = (&mut self.texts, missing) {
            texts.resize(texts.len().max(out + 1), 0);
            texts[out] += 1;
            return Ok(f64::NAN);
        }
        let (path, column, text) = (path.into(), column(), one_line(&String::from_utf8_lossy(field), 40));
        let text = format!("\"{text}\"");
        Err(if missing {
            DataError::MissingCell { path, row, column, text }
        } else {
            DataError::NotANumber { path, row, column, text }
        })
    }
}

/// What stands for a value that is not there.
fn is_missing(field: &[u8]) -> bool {
    ["", "na", "n/a", "nan", "null", "none", "?"].iter().any(|word| field.eq_ignore_ascii_case(word.as_bytes()))
}

fn parse(field: &[u8], comma: bool) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    text.parse()
        .ok()
        .or_else(|| if comma && text.contains(',') { text.replacen(',', ".", 1).parse().ok() } else { None })
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
