//! Arrays that are written piece by piece, and need not fit in memory.

use std::path::Path;

use super::DataError;
use super::atomic::write_atomically;
use super::column::{Column, Replay};
use super::formats::npz::write_streams;
use super::numpy::write::write_pieces;

/// An array whose values come in pieces.
#[derive(Clone, Copy)]
pub struct ArrayStream<'a> {
    /// Its name, and what its values are.
    pub column: Column<'a>,
    /// Its shape.
    pub shape: &'a [usize],
    /// Hands out its values in order, row-major, in pieces of any length; and the same again when called again.
    pub pieces: Replay<'a>,
}

/// Writes arrays, atomically: all of them as an archive if `path` ends in `.npz`, else the first alone in NumPy's array format.
///
/// # Errors
/// [`DataError::Shape`] if there is no array; [`DataError::Write`], also for what `pieces` returned and if it did not hand out as many values
/// as the shape holds.
///
/// ```
/// use fokker::data::{ArrayStream, Column, ColumnKind, read_table, write_array_streams};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npz");
/// let x = ArrayStream {
///     column: Column { name: "x", kind: ColumnKind::Real },
///     shape: &[2, 2],
///     pieces: &|each| {
///         each(&[1.0])?;
///         each(&[2.0, 3.0, 4.0])
///     },
/// };
/// write_array_streams(&path, &[x])?;
/// assert_eq!(read_table(&path, None)?.values, [1.0, 2.0, 3.0, 4.0]);
/// assert!(write_array_streams(&path, &[ArrayStream { shape: &[3, 2], ..x }]).is_err());
/// assert_eq!(read_table(&path, None)?.rows, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_array_streams(path: &Path, arrays: &[ArrayStream<'_>]) -> Result<(), DataError> {
    let Some(first) = arrays.first() else {
        return Err(DataError::Shape { path: path.into(), found: "of no arrays".into(), needed: "at least one" });
    };
    let is_archive = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"));
    let written = write_atomically(path, |out| match is_archive {
        true => write_streams(out, arrays),
        false => write_pieces(out, &first.column, first.shape, first.pieces),
    });
    written.map_err(|error| DataError::write(path, error))
}
