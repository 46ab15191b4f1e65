//! Results as `.npy`, `.npz`, `.csv` and `.parquet` files, which are whole or not there.

use std::io::{self, Write};
use std::path::Path;

use super::columns::{Column, ColumnKind};
use super::npy_header::header_bytes;
use super::parquet_write::write_parquet_to;
use super::zip::{Stored, write_stored};
use super::{DataError, write_atomically};

/// A named array for [`write_npz`]: its name, its shape and its values, row-major.
pub type NamedArray<'a> = (&'a str, &'a [usize], &'a [f64]);

/// Values converted to bytes at a time.
const PIECE: usize = 1 << 12;

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
    let total: u64 =
        arrays.iter().map(|&(name, _, values)| 1200 + 2 * name.len() as u64 + 8 * values.len() as u64).sum();
    let zip64 = total > u64::from(u32::MAX) || arrays.len() >= 0xffff;
    let written = write_atomically(path, |out| write_archive(out, arrays, zip64));
    written.map_err(|error| DataError::write(path, error))
}

/// The archive's bytes.
pub(super) fn write_archive(out: &mut dyn Write, arrays: &[NamedArray<'_>], zip64: bool) -> io::Result<()> {
    let names: Vec<String> = arrays.iter().map(|&(name, ..)| file_name(name)).collect();
    let files = arrays.iter().zip(&names).map(|(&(_, shape, values), name)| {
        let size = header_bytes("<f8", shape).len() as u64 + 8 * values.len() as u64;
        Stored { name, size, fill: move |out: &mut dyn Write| write_array(out, shape, values) }
    });
    write_stored(out, files.collect(), zip64)
}

/// The name of an array's entry in an archive.
pub(super) fn file_name(array: &str) -> String {
    format!("{array}.npy")
}

fn write_array(out: &mut dyn Write, shape: &[usize], values: &[f64]) -> io::Result<()> {
    out.write_all(&header_bytes("<f8", shape))?;
    values.chunks(PIECE).try_for_each(|piece| out.write_all(&bytes(piece)))
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
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

/// Writes a table of `header.len()` columns as `.csv`, atomically; `rows` is row-major.
///
/// Numbers are written with as many digits as it takes to read the same number back; NaN and infinities as `NaN`, `inf`, `-inf`.
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
pub fn write_csv(path: &Path, header: &[&str], rows: &[f64]) -> Result<(), DataError> {
    check_rows(path, header, rows)?;
    let written = write_atomically(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(header)?;
        for row in rows.chunks_exact(header.len()) {
            writer.write_record(row.iter().map(|value| format!("{value:?}")))?;
        }
        writer.flush()
    });
    written.map_err(|error| DataError::write(path, error))
}

/// Refuses `rows` that are not whole rows of the header's columns.
fn check_rows(path: &Path, header: &[&str], rows: &[f64]) -> Result<(), DataError> {
    if !header.is_empty() && rows.len().is_multiple_of(header.len()) {
        return Ok(());
    }
    let found = format!("{} values for {} columns", rows.len(), header.len());
    Err(DataError::Shape { path: path.to_path_buf(), found, needed: "a whole number of rows" })
}

/// Writes a table of `header.len()` columns as `.parquet`, atomically: doubles without nulls; `rows` is row-major.
///
/// # Errors
/// [`DataError::Shape`] if `rows` is not a whole number of rows; [`DataError::Write`].
///
/// ```
/// use fokker::data::{read_table, write_parquet};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.parquet");
/// write_parquet(&path, &["t", "residual"], &[0.1, 1e-20])?;
/// assert_eq!(read_table(&path, None)?.values, [0.1, 1e-20]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_parquet(path: &Path, header: &[&str], rows: &[f64]) -> Result<(), DataError> {
    check_rows(path, header, rows)?;
    let columns: Vec<Column<'_>> = header.iter().map(|&name| Column { name, kind: ColumnKind::Real }).collect();
    let written = write_atomically(path, |out| {
        write_parquet_to(out, &columns, &|each| rows.chunks_exact(header.len()).try_for_each(&mut *each))
    });
    written.map_err(|error| DataError::write(path, error))
}
