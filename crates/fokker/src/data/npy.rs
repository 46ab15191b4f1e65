//! NumPy's `.npy` format, versions 1 to 3: numbers in, double precision out.

use std::cmp::Ordering;
use std::io::{self, Read};
use std::path::Path;

use super::DataError;
use super::error::{one_line, shown};
use super::npy_header::{Dtype, Header, header_text};
use crate::memory;

/// A two-dimensional array, row after row.
pub(super) struct Array {
    pub(super) rows: usize,
    pub(super) dim: usize,
    pub(super) values: Vec<f64>,
}

/// Where the values of a two-dimensional array are, and of what kind.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) dim: usize,
    pub(super) dtype: Dtype,
    /// Column after column.
    pub(super) fortran: bool,
    /// Bytes before the values.
    pub(super) start: u64,
}

/// Reads the header of an array of `length` bytes in all, which must be what the header says.
pub(super) fn read_layout(reader: &mut dyn Read, length: u64, path: &Path) -> Result<Layout, DataError> {
    let (text, start) = header_text(reader, length, path)?;
    let header = Header::parse(&text).map_err(|reason| DataError::damaged(path, reason))?;
    let Some(dtype) = Dtype::parse(&header.descr) else {
        return Err(DataError::Dtype { path: path.to_path_buf(), found: one_line(&header.descr, 40) });
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

/// Reads an array from `reader`, which holds `length` bytes in all according to the file system or the archive.
pub(super) fn read_array(reader: &mut dyn Read, length: u64, path: &Path) -> Result<Array, DataError> {
    let Layout { rows, dim, dtype, fortran, start } = read_layout(reader, length, path)?;
    let copies = if fortran { 2 } else { 1 };
    require(path, &[rows, dim, copies, size_of::<f64>()])?;
    let mut values = read_values(reader, dtype, rows * dim, start, path)?;
    if fortran {
        values = transpose(&values, rows, dim);
    }
    Ok(Array { rows, dim, values })
}

/// Refuses a file that is shorter or longer than its header says.
pub(super) fn check_length(path: &Path, expected: u64, actual: u64) -> Result<(), DataError> {
    let path = path.to_path_buf();
    match actual.cmp(&expected) {
        Ordering::Less => Err(DataError::Truncated { path, expected, actual }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DataError::TooLong { path, expected, actual }),
    }
}

/// Reads until `bytes` is full or the input ends; returns how many bytes there were.
pub(super) fn fill(reader: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A compressed stream that stops half-way.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Refuses a product of bytes that is more than there may be.
pub(super) fn require(path: &Path, counts: &[usize]) -> Result<(), DataError> {
    Ok(memory::require(&shown(path), memory::product(counts))?)
}

/// Reads `count` values; `start` bytes stood before them.
pub(super) fn read_values(
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
