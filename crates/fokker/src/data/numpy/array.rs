//! Arrays of numbers, read as they arrive.

use std::io::Read;
use std::path::Path;

use super::dtype::{Dtype, KNOWN};
use super::header::{Header, header_text};
use crate::data::DataError;
use crate::data::input::{check_length, fill, require};
use crate::data::one_line::one_line;

/// A two-dimensional array, row after row.
pub(in crate::data) struct Array {
    pub(in crate::data) dim: usize,
    pub(in crate::data) values: Vec<f64>,
}

/// Where the values of a two-dimensional array are, and of what kind.
#[derive(Clone, Copy)]
pub(in crate::data) struct Layout {
    pub(in crate::data) rows: usize,
    pub(in crate::data) dim: usize,
    pub(in crate::data) dtype: Dtype,
    /// Column after column.
    pub(in crate::data) fortran: bool,
    /// Bytes before the values.
    pub(in crate::data) start: u64,
}

/// Reads the header of an array of `length` bytes in all, which must be what the header says.
pub(in crate::data) fn read_layout(reader: &mut dyn Read, length: u64, path: &Path) -> Result<Layout, DataError> {
    let (text, start) = header_text(reader, length, path)?;
    let header = Header::parse(&text).map_err(|reason| DataError::damaged(path, reason))?;
    let Some(dtype) = Dtype::parse(&header.descr) else {
        let (path, known) = (path.to_path_buf(), KNOWN);
        let found = match header.descr.strip_prefix('[').and_then(|fields| fields.split_once(']')) {
            Some((fields, _)) => format!(
                "[{}] (a structured array: numpy.lib.recfunctions.structured_to_unstructured makes columns)",
                one_line(fields, 40)
            ),
            None => one_line(&header.descr, 40),
        };
        return Err(DataError::Dtype { path, found, known });
    };
    let shape = || {
        let sizes: Vec<String> = header.shape.iter().map(u64::to_string).collect();
        format!("({})", sizes.join(", "))
    };
    let needed = "two dimensions, rows and columns (a single column is reshape(-1, 1)),";
    let (rows, dim) = match header.shape[..] {
        [0, _] => {
            return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: 0, needed: 1 });
        }
        [rows, dim] if dim > 0 => (rows, dim),
        _ => {
            return Err(DataError::Shape { path: path.to_path_buf(), found: shape(), needed });
        }
    };
    let bytes = rows.checked_mul(dim).and_then(|count| count.checked_mul(dtype.size as u64));
    let expected = bytes.and_then(|bytes| bytes.checked_add(start)).unwrap_or(u64::MAX);
    check_length(path, expected, length)?;
    let (Ok(rows), Ok(dim)) = (usize::try_from(rows), usize::try_from(dim)) else {
        return Err(DataError::Shape {
            path: path.to_path_buf(),
            found: shape(),
            needed: "an array that fits in memory",
        });
    };
    Ok(Layout { rows, dim, dtype, fortran: header.fortran, start })
}

/// Whether a header is one of numbers in rows and columns.
pub(in crate::data) fn is_table(reader: &mut dyn Read, length: u64, path: &Path) -> bool {
    let header = header_text(reader, length, path).ok().and_then(|(text, _)| Header::parse(&text).ok());
    header.is_some_and(|header| {
        Dtype::parse(&header.descr).is_some() && matches!(header.shape[..], [rows, dim] if rows > 0 && dim > 0)
    })
}

/// Reads an array from `reader`, which holds `length` bytes in all according to the file system or the archive.
pub(in crate::data) fn read_array(reader: &mut dyn Read, length: u64, path: &Path) -> Result<Array, DataError> {
    let layout = read_layout(reader, length, path)?;
    Ok(Array { dim: layout.dim, values: read_table_values(reader, layout, path)? })
}

/// Reads the values of an array after its header, row after row.
pub(in crate::data) fn read_table_values(
    reader: &mut dyn Read, layout: Layout, path: &Path,
) -> Result<Vec<f64>, DataError> {
    let Layout { rows, dim, dtype, fortran, start } = layout;
    let copies = if fortran { 2 } else { 1 };
    require(path, &[rows, dim, copies, size_of::<f64>()])?;
    let values = read_values(reader, dtype, rows * dim, start, path)?;
    Ok(if fortran { transpose(&values, rows, dim) } else { values })
}

/// Reads `count` values; `start` bytes stood before them.
pub(in crate::data) fn read_values(
    reader: &mut dyn Read, dtype: Dtype, count: usize, start: u64, path: &Path,
) -> Result<Vec<f64>, DataError> {
    require(path, &[count, size_of::<f64>()])?;
    let mut values = Vec::with_capacity(count);
    let mut bytes = vec![0; dtype.size << 13];
    while values.len() < count {
        let wanted = (count - values.len()).min(1 << 13) * dtype.size;
        let read = fill(reader, &mut bytes[..wanted]).map_err(|error| DataError::read(path, error))?;
        if read < wanted {
            let expected = start + (count * dtype.size) as u64;
            let actual = start + (values.len() * dtype.size + read) as u64;
            return Err(DataError::Truncated { path: path.to_path_buf(), expected, actual });
        }
        values.extend(bytes[..wanted].chunks_exact(dtype.size).map(|bytes| dtype.value(bytes)));
    }
    Ok(values)
}

/// From column after column to row after row.
fn transpose(values: &[f64], rows: usize, dim: usize) -> Vec<f64> {
    (0..rows).flat_map(|row| (0..dim).map(move |column| values[column * rows + row])).collect()
}
