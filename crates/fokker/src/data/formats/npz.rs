//! Tables in `.npz` archives: arrays of two dimensions, by name, or the only one among labels and names of columns.

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::format::{Matrix, Options, RowSource, TableFormat};
use super::selection::Selection;
use crate::data::DataError;
use crate::data::array_stream::ArrayStream;
use crate::data::column::{Column, Replay};
use crate::data::finite::require_finite;
use crate::data::input::Input;
use crate::data::numpy::array::{is_table, read_array};
use crate::data::numpy::write::{array_size, column_size, pieces_size, write_array, write_column, write_pieces};
use crate::data::one_line::one_line;
use crate::data::zip::read::Archive;
use crate::data::zip::write::{Stored, write_stored};

/// NumPy's archive format.
pub(super) struct Npz;

/// A named array: its name, its shape and its values, row-major.
pub type NamedArray<'a> = (&'a str, &'a [usize], &'a [f64]);

/// Entries that are looked at to find the only table.
const MOST_ENTRIES: usize = 1000;

/// Bytes that an archive needs for each array beside its name, its header and its values; and more than that.
const OVERHEAD: u64 = 1200;

impl TableFormat for Npz {
    fn endings(&self) -> &'static [&'static str] {
        &["npz"]
    }

    fn is_read_in_pieces(&self) -> bool {
        false
    }

    fn has_named_arrays(&self) -> bool {
        true
    }

    fn open(&self, input: Input, options: Options<'_>) -> Result<Box<dyn RowSource>, DataError> {
        let Input { path, bytes, length } = input;
        let mut archive = Archive::read_from(bytes, length, &path)?;
        let tables = if options.array.is_none() { tables(&mut archive, &path) } else { None };
        let index = choose(&archive.names(), options.array, tables, &path)?;
        // Messages name the entry as if the archive were a folder.
        let inside = path.join(&archive.entries[index].name);
        let array = archive.read(index, &inside, |reader, length| read_array(reader, length, &inside))?;
        if matches!(options.selection, Selection::All) {
            require_finite(&path, &array.values, array.dim, 0, options.gaps, None)?;
        }
        Ok(Box::new(Whole { dim: array.dim, values: array.values, done: 0 }))
    }

    /// An array for each column, for which the rows are asked for twice.
    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], rows: u64, replay: Replay<'_>,
    ) -> io::Result<()> {
        let names: Vec<String> = columns.iter().map(|column| entry_name(column.name)).collect();
        let mut files = Vec::new();
        for (at, (column, name)) in columns.iter().zip(&names).enumerate() {
            let fill = move |out: &mut dyn Write| write_column(out, column, at, rows, replay);
            files.push(Stored { name, size: column_size(column, rows)?, fill });
        }
        let total: u64 = files.iter().map(|file| file.size + OVERHEAD).sum();
        write_stored(out, files, total > u64::from(u32::MAX))
    }

    fn write_matrix(&self, out: &mut (dyn Write + Send), matrix: &Matrix<'_>) -> io::Result<()> {
        let dim = matrix.columns.len().max(1);
        write_arrays(out, &[(matrix.name, &[matrix.values.len() / dim, dim], matrix.values)])
    }
}

/// Writes an archive of arrays.
pub(in crate::data) fn write_arrays(out: &mut dyn Write, arrays: &[NamedArray<'_>]) -> io::Result<()> {
    let size = |&(name, _, values): &NamedArray<'_>| OVERHEAD + 2 * name.len() as u64 + 8 * values.len() as u64;
    let total: u64 = arrays.iter().map(size).sum();
    write_archive(out, arrays, total > u64::from(u32::MAX) || arrays.len() >= 0xffff)
}

/// As [`write_arrays`]; `zip64` allows for 4 GiB and more.
pub(in crate::data) fn write_archive(out: &mut dyn Write, arrays: &[NamedArray<'_>], zip64: bool) -> io::Result<()> {
    let names: Vec<String> = arrays.iter().map(|&(name, ..)| entry_name(name)).collect();
    let files = arrays.iter().zip(&names).map(|(&(_, shape, values), name)| {
        let fill = move |out: &mut dyn Write| write_array(out, shape, values);
        Stored { name, size: array_size(shape, values.len()), fill }
    });
    write_stored(out, files.collect(), zip64)
}

/// Writes an archive of arrays whose values come in pieces, each of them twice.
pub(in crate::data) fn write_streams(out: &mut dyn Write, arrays: &[ArrayStream<'_>]) -> io::Result<()> {
    let names: Vec<String> = arrays.iter().map(|array| entry_name(array.column.name)).collect();
    let files = arrays.iter().zip(&names).map(|(array, name)| {
        let fill = move |out: &mut dyn Write| write_pieces(out, &array.column, array.shape, array.pieces);
        Stored { name, size: pieces_size(&array.column, array.shape), fill }
    });
    let files: Vec<_> = files.collect();
    let total: u64 = files.iter().map(|file| file.size + OVERHEAD).sum();
    write_stored(out, files, total > u64::from(u32::MAX))
}

/// The name of an array's entry in an archive.
fn entry_name(array: &str) -> String {
    format!("{array}.npy")
}

/// The entries that hold numbers in rows and columns, two at the most; `None` if there are too many entries to look at.
fn tables<R: Read + Seek>(archive: &mut Archive<R>, path: &Path) -> Option<Vec<usize>> {
    // Who writes more than these knows their names.
    if archive.entries.len() > MOST_ENTRIES {
        return None;
    }
    let arrays: Vec<usize> =
        (0..archive.entries.len()).filter(|&at| archive.entries[at].name.ends_with(".npy")).collect();
    let mut is_table = |index: usize| archive.peek(index, path, |reader, length| is_table(reader, length, path));
    Some(arrays.into_iter().filter(|&index| is_table(index).unwrap_or(false)).take(2).collect())
}

/// The number of the entry that holds the array called `array`, or the only one, or the only one of `tables`.
fn choose(names: &[&str], array: Option<&str>, tables: Option<Vec<usize>>, path: &Path) -> Result<usize, DataError> {
    let mut arrays = names.iter().filter_map(|name| name.strip_suffix(".npy"));
    let refuse = |reason: String| {
        let names = names.iter().filter_map(|name| name.strip_suffix(".npy"));
        let names: Vec<String> = names.take(20).map(|name| one_line(name, 40)).collect();
        let names = if names.is_empty() { "no array".into() } else { names.join(", ") };
        DataError::Array { path: path.to_path_buf(), reason, names }
    };
    let name = match (array, arrays.next(), arrays.next()) {
        (Some(name), ..) | (None, Some(name), None) => name,
        (None, None, _) => return Err(refuse("no .npy entry".into())),
        (None, Some(_), Some(_)) => match tables.as_deref() {
            Some(&[index]) => return Ok(index),
            Some([]) => {
                let reason =
                    "several arrays, none of them numbers in rows and columns (a single column is reshape(-1, 1))";
                return Err(refuse(reason.into()));
            }
            _ => return Err(refuse("several arrays: name one with the key `array`".into())),
        },
    };
    let index = names.iter().position(|&candidate| candidate == entry_name(name));
    index.ok_or_else(|| refuse(format!("no array \"{}\"", one_line(name, 40))))
}

/// A table in memory.
struct Whole {
    dim: usize,
    values: Vec<f64>,
    /// Values handed out so far.
    done: usize,
}

impl RowSource for Whole {
    fn dim(&self) -> usize {
        self.dim
    }

    fn rows(&self) -> Option<u64> {
        Some((self.values.len() / self.dim) as u64)
    }

    fn read(&mut self, most: usize, values: &mut Vec<f64>, _: &mut Vec<u64>) -> Result<(), DataError> {
        let left = &self.values[self.done..];
        let next = &left[..left.len().min(most.saturating_mul(self.dim))];
        self.done += next.len();
        values.extend(next);
        Ok(())
    }

    fn read_all(&mut self, _: &Path) -> Result<Vec<f64>, DataError> {
        self.done = 0;
        Ok(std::mem::take(&mut self.values))
    }
}
