//! Results that are longer than memory: named columns, written row by row.

use std::io::{self, Write};
use std::path::Path;

use super::error::one_line;
use super::npy_header::header_bytes;
use super::parquet_write::write_parquet_to;
use super::write::file_name;
use super::zip::{Stored, write_stored};
use super::{DataError, write_atomically};

/// What a column holds. Values are handed over as `f64` whatever it is.
///
/// ```
/// use fokker::data::{Column, ColumnKind};
/// let outcome = Column { name: "outcome", kind: ColumnKind::Label(&["converged", "failed"]) };
/// assert!(matches!(outcome.kind, ColumnKind::Label(labels) if labels.len() == 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind<'a> {
    /// Numbers, in double precision.
    Real,
    /// Whole numbers from 0 to 2⁵³: `<i8` in NumPy's formats, INT64 in `.parquet`.
    Count,
    /// One of these texts, by its index: the text in `.csv` and `.parquet`, the index as `|u1` in NumPy's formats.
    Label(&'a [&'a str]),
}

/// A column of a table to be written.
///
/// ```
/// use fokker::data::{Column, ColumnKind};
/// let column = Column { name: "log_prob", kind: ColumnKind::Real };
/// assert_eq!(column.name, "log_prob");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds.
    pub kind: ColumnKind<'a>,
}

impl Column<'_> {
    /// The text that `value` stands for; empty if there is none.
    pub(super) fn label(&self, value: f64) -> &str {
        match self.kind {
            ColumnKind::Label(labels) => labels.get(value as usize).copied().unwrap_or_default(),
            _ => "",
        }
    }

    /// The element type in NumPy's formats, and its bytes.
    fn dtype(&self) -> (&'static str, usize) {
        match self.kind {
            ColumnKind::Real => ("<f8", 8),
            ColumnKind::Count => ("<i8", 8),
            ColumnKind::Label(_) => ("|u1", 1),
        }
    }

    /// Writes one element in NumPy's formats.
    fn write(&self, out: &mut dyn Write, value: f64) -> io::Result<()> {
        match self.kind {
            ColumnKind::Real => out.write_all(&value.to_le_bytes()),
            ColumnKind::Count => out.write_all(&(value as i64).to_le_bytes()),
            ColumnKind::Label(_) => out.write_all(&[value as u8]),
        }
    }

    /// The element's text in `.csv` files.
    fn text(&self, value: f64) -> String {
        match self.kind {
            ColumnKind::Real => format!("{value:?}"),
            ColumnKind::Count => format!("{}", value as u64),
            ColumnKind::Label(_) => self.label(value).into(),
        }
    }
}

/// Hands each row (one value for each column) to its argument, and the same rows again when called again.
pub type Replay<'a> = &'a dyn Fn(&mut dyn FnMut(&[f64]) -> io::Result<()>) -> io::Result<()>;

/// Writes `rows` rows of named columns, atomically, as the extension of `path` says: `.csv`, `.parquet`, `.npz` (an array for
/// each column) or `.npy` (the first column alone).
///
/// Memory is bounded: rows are asked for as often as the format needs them, once or (`.npz`) twice for each column.
///
/// # Errors
/// [`DataError::Extension`]; [`DataError::Shape`] if there is no column; [`DataError::Write`], also for what `replay` returned
/// and if it did not hand out `rows` rows of as many values as there are columns.
///
/// ```
/// use fokker::data::{Column, ColumnKind, write_columns};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// let columns = [
///     Column { name: "x", kind: ColumnKind::Real },
///     Column { name: "outcome", kind: ColumnKind::Label(&["good", "bad"]) },
/// ];
/// write_columns(&path, &columns, 2, &|row| {
///     row(&[0.5, 1.0])?;
///     row(&[1e-20, 0.0])
/// })?;
/// assert_eq!(std::fs::read_to_string(&path)?, "x,outcome\n0.5,bad\n1e-20,good\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_columns(path: &Path, columns: &[Column<'_>], rows: u64, replay: Replay<'_>) -> Result<(), DataError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let Some(first) = columns.first() else {
        return Err(DataError::Shape { path: path.into(), found: "of no columns".into(), needed: "at least one" });
    };
    let checked = |each: &mut dyn FnMut(&[f64]) -> io::Result<()>| {
        let mut count = 0_u64;
        replay(&mut |row| {
            count += 1;
            if row.len() == columns.len() { each(row) } else { Err(io::Error::other("a row of another length")) }
        })?;
        if count == rows { Ok(()) } else { Err(io::Error::other(format!("{count} rows came, not {rows}"))) }
    };
    let written = match extension.as_str() {
        "csv" => write_atomically(path, |out| write_text(out, columns, &checked)),
        "parquet" => write_atomically(path, |out| write_parquet_to(out, columns, &checked)),
        "npy" => write_atomically(path, |out| write_array(out, first, 0, rows, &checked)),
        "npz" => write_atomically(path, |out| write_arrays(out, columns, rows, &checked)),
        _ => {
            return Err(DataError::Extension { path: path.into(), found: one_line(&extension, 40) });
        }
    };
    written.map_err(|error| DataError::write(path, error))
}

fn write_text(out: &mut dyn Write, columns: &[Column<'_>], replay: Replay<'_>) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name))?;
    replay(&mut |row| Ok(writer.write_record(columns.iter().zip(row).map(|(column, &value)| column.text(value)))?))?;
    writer.flush()
}

/// Column `at` as an array of one dimension.
fn write_array(out: &mut dyn Write, column: &Column<'_>, at: usize, rows: u64, replay: Replay<'_>) -> io::Result<()> {
    out.write_all(&array_header(column, rows)?)?;
    replay(&mut |row| column.write(out, row[at]))
}

fn array_header(column: &Column<'_>, rows: u64) -> io::Result<Vec<u8>> {
    Ok(header_bytes(column.dtype().0, &[usize::try_from(rows).map_err(io::Error::other)?]))
}

fn write_arrays(out: &mut dyn Write, columns: &[Column<'_>], rows: u64, replay: Replay<'_>) -> io::Result<()> {
    let names: Vec<String> = columns.iter().map(|column| file_name(column.name)).collect();
    let mut files = Vec::new();
    for (at, (column, name)) in columns.iter().zip(&names).enumerate() {
        let size = array_header(column, rows)?.len() as u64 + rows * column.dtype().1 as u64;
        let fill = move |out: &mut dyn Write| write_array(out, column, at, rows, replay);
        files.push(Stored { name, size, fill });
    }
    let total: u64 = files.iter().map(|file| file.size + 1200).sum();
    write_stored(out, files, total > u64::from(u32::MAX))
}
