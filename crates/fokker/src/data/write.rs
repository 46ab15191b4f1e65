//! Results as `.npy`, `.npz`, `.csv`, `.tsv` and `.parquet` files, which are whole or not there.

use std::io;
use std::path::Path;

use super::DataError;
use super::atomic::write_atomically;
use super::column::{Column, Replay};
use super::formats::csv::CSV;
use super::formats::format::{Matrix, TableFormat};
use super::formats::format_of;
use super::formats::npz::{NamedArray, write_arrays};
use super::numpy::write::write_array;

/// Writes an array of any shape as double-precision, row-major `.npy`, atomically.
///
/// # Errors
/// [`DataError::Shape`] if the shape does not hold as many values as there are; [`DataError::Write`].
///
/// ```
/// use fokker::data::{read_table, write_npy};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npy");
/// write_npy(&path, &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(read_table(&path, None)?.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert!(write_npy(&path, &[2, 2], &[1.0]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_npy(path: &Path, shape: &[usize], values: &[f64]) -> Result<(), DataError> {
    check_shape(path, shape, values.len())?;
    let written = write_atomically(path, |out| write_array(out, shape, values));
    written.map_err(|error| DataError::write(path, error))
}

/// Writes arrays as an `.npz` archive (uncompressed, as `numpy.savez` does), atomically.
///
/// # Errors
/// [`DataError::Shape`] as for [`write_npy`]; [`DataError::Array`] for a name that is empty, repeated or over 1,000 bytes;
/// [`DataError::Write`].
///
/// ```
/// use fokker::data::{read_table, write_npz};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npz");
/// write_npz(&path, &[("score", &[1, 2], &[0.5, -0.5]), ("t", &[], &[0.1])])?;
/// assert_eq!(read_table(&path, Some("score"))?.values, [0.5, -0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_npz(path: &Path, arrays: &[NamedArray<'_>]) -> Result<(), DataError> {
    for (at, &(name, shape, values)) in arrays.iter().enumerate() {
        check_shape(path, shape, values.len())?;
        if name.is_empty() || name.len() > 1000 || arrays[..at].iter().any(|&(earlier, ..)| earlier == name) {
            let names: Vec<&str> = arrays.iter().map(|&(name, ..)| name).collect();
            let reason = format!("array {}: a name must be new and of 1 to 1000 bytes", at + 1);
            return Err(DataError::Array { path: path.to_path_buf(), reason, names: names.join(", ") });
        }
    }
    write_atomically(path, |out| write_arrays(out, arrays)).map_err(|error| DataError::write(path, error))
}

/// Writes rows of `columns.len()` values, atomically, as the ending of `path` says: `.csv`, `.tsv` and `.parquet` call the columns by their
/// names, `.npz` holds one array, called `name`, and `.npy` the array alone. `rows` is row-major.
///
/// Numbers are written with as many digits as it takes to read the same number back; in `.csv` and `.tsv` NaN and infinities are `NaN`, `inf`,
/// `-inf`.
///
/// # Errors
/// [`DataError::Extension`]; [`DataError::Shape`] if `rows` is not a whole number of rows; [`DataError::Write`].
///
/// ```
/// use fokker::data::{read_table, write_rows};
/// let folder = tempfile::tempdir()?;
/// for name in ["x.csv", "x.tsv", "x.npy", "x.npz", "x.parquet"] {
///     let path = folder.path().join(name);
///     write_rows(&path, "samples", &["a", "b"], &[0.1, 1e-20, 3.0, 4.0])?;
///     assert_eq!(read_table(&path, None)?.values, [0.1, 1e-20, 3.0, 4.0]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_rows(path: &Path, name: &str, columns: &[&str], rows: &[f64]) -> Result<(), DataError> {
    write_matrix(format_of(path)?, path, &Matrix { name, columns, values: rows })
}

/// As [`write_rows`], as `.csv` whatever the path ends in.
///
/// # Errors
/// [`DataError::Shape`] if `rows` is not a whole number of rows; [`DataError::Write`].
///
/// ```
/// use fokker::data::write_csv;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["t", "residual"], &[0.1, 1e-20])?;
/// assert_eq!(std::fs::read_to_string(&path)?, "t,residual\n0.1,1e-20\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_csv(path: &Path, columns: &[&str], rows: &[f64]) -> Result<(), DataError> {
    write_matrix(&CSV, path, &Matrix { name: "", columns, values: rows })
}

fn write_matrix(format: &dyn TableFormat, path: &Path, matrix: &Matrix<'_>) -> Result<(), DataError> {
    let Matrix { columns, values, .. } = matrix;
    if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
        let found = format!("{} values for {} columns", values.len(), columns.len());
        return Err(DataError::Shape { path: path.to_path_buf(), found, needed: "a whole number of rows" });
    }
    write_atomically(path, |out| format.write_matrix(out, matrix)).map_err(|error| DataError::write(path, error))
}

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
    if columns.is_empty() {
        return Err(DataError::Shape { path: path.into(), found: "of no columns".into(), needed: "at least one" });
    }
    let format = format_of(path)?;
    let checked = |each: &mut dyn FnMut(&[f64]) -> io::Result<()>| {
        let mut count = 0_u64;
        replay(&mut |row| {
            count += 1;
            if row.len() == columns.len() { each(row) } else { Err(io::Error::other("a row of another length")) }
        })?;
        if count == rows { Ok(()) } else { Err(io::Error::other(format!("{count} rows came, not {rows}"))) }
    };
    write_atomically(path, |out| format.write_columns(out, columns, rows, &checked))
        .map_err(|error| DataError::write(path, error))
}

/// Refuses a shape that does not hold `count` values, or has more dimensions than NumPy allows.
fn check_shape(path: &Path, shape: &[usize], count: usize) -> Result<(), DataError> {
    let product = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    if product == Some(count) && shape.len() <= 32 {
        return Ok(());
    }
    let found = format!("{shape:?} for {count} values");
    Err(DataError::Shape {
        path: path.to_path_buf(),
        found,
        needed: "one that holds them all in at most 32 dimensions",
    })
}
