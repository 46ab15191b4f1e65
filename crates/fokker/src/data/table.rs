//! Tables of numbers from files.

use std::path::Path;

use super::DataError;
use super::finite::require_finite;
use super::formats::format::{Options, RowSource};
use super::formats::format_of;
use super::formats::picked::Picked;
use super::input::Input;
use super::one_line::one_line;

/// Rows of finite numbers in double precision, in the data's own coordinates.
///
/// ```
/// use fokker::data::{read_table, write_csv};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["a", "b"], &[1.0, 2.0, 3.0, 4.5])?;
/// let table = read_table(&path, None)?;
/// assert_eq!((table.rows, table.dim, table.row(1)), (2, 2, Some(&[3.0, 4.5][..])));
/// assert_eq!(table.names.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Number of rows, at least 1.
    pub rows: usize,
    /// Number of columns, at least 1.
    pub dim: usize,
    /// rows × dim values, row after row.
    pub values: Vec<f64>,
    /// What the columns are called, in `.parquet` files and in `.csv` files with a header.
    pub names: Option<Vec<String>>,
}

impl Table {
    /// Row `index`, counting from 0; `None` past the last.
    ///
    /// ```
    /// let table = fokker::data::Table { rows: 1, dim: 2, values: vec![1.0, 2.0], names: None };
    /// assert_eq!(table.row(0), Some(&[1.0, 2.0][..]));
    /// assert_eq!(table.row(1), None);
    /// ```
    #[must_use]
    pub fn row(&self, index: usize) -> Option<&[f64]> {
        self.values.chunks_exact(self.dim.max(1)).nth(index)
    }

    /// Refuses a table whose rows have not `dim` values; `path` is named in the message.
    ///
    /// # Errors
    /// [`DataError::Dimension`].
    ///
    /// ```
    /// let table = fokker::data::Table { rows: 1, dim: 2, values: vec![1.0, 2.0], names: None };
    /// let error = table.require_dim("x.npy".as_ref(), 3).unwrap_err();
    /// assert_eq!(error.to_string(), "x.npy: 2 columns, but the model's dimension is 3");
    /// ```
    pub fn require_dim(&self, path: &Path, dim: usize) -> Result<(), DataError> {
        if self.dim == dim {
            return Ok(());
        }
        Err(DataError::Dimension { path: path.to_path_buf(), expected: dim, actual: self.dim })
    }
}

/// Reads a table from an `.npy` (two dimensions), `.npz`, `.csv` or `.tsv` (header optional) or `.parquet` file.
///
/// `array` names the array of an `.npz` archive that holds several tables. Element types are b1, f2 to f8, i1 to i8 and u1 to u8 in
/// either byte order and either memory order; in `.parquet` files flat columns of the like and decimals, by any names, but for the
/// index without a name that pandas adds (`__index_level_0__`). Memory use follows the file's size whatever its header says.
///
/// # Errors
/// [`DataError`]: missing, truncated or damaged files, shapes and types other than these, values that are NaN or infinite.
///
/// ```
/// use fokker::data::{read_table, write_npz};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npz");
/// write_npz(&path, &[("a", &[2, 1], &[1.0, 2.0]), ("b", &[1, 2], &[3.0, 4.0])])?;
/// assert_eq!(read_table(&path, Some("b"))?.values, [3.0, 4.0]);
/// assert!(read_table(&path, None).unwrap_err().to_string().ends_with("it holds a, b"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_table(path: &Path, array: Option<&str>) -> Result<Table, DataError> {
    read(path, array, false)
}

/// As [`read_table`], but a value may be NaN (in `.parquet` files also null): one that is not known.
///
/// # Errors
/// As for [`read_table`], but for NaN.
///
/// ```
/// use fokker::data::{read_table, read_table_with_gaps};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// std::fs::write(&path, "a,b\n1,NaN\n")?;
/// assert!(read_table_with_gaps(&path, None)?.values[1].is_nan());
/// assert!(read_table(&path, None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_table_with_gaps(path: &Path, array: Option<&str>) -> Result<Table, DataError> {
    read(path, array, true)
}

/// Reads a table from bytes in memory, of the format that the ending of `name` says.
///
/// # Errors
/// As for [`read_table`].
///
/// ```
/// use fokker::data::parse_table;
/// let table = parse_table("x.csv".as_ref(), b"a,b\n1,2\n3,4\n".to_vec(), None)?;
/// assert_eq!((table.dim, &table.values[..]), (2, &[1.0, 2.0, 3.0, 4.0][..]));
/// assert!(parse_table("x.npy".as_ref(), b"1,2\n".to_vec(), None).is_err());
/// # Ok::<(), fokker::data::DataError>(())
/// ```
pub fn parse_table(name: &Path, bytes: Vec<u8>, array: Option<&str>) -> Result<Table, DataError> {
    Ok(whole(name, Options { array, ..Options::default() }, |name| Ok(Input::of(name, bytes)))?.0)
}

fn read(path: &Path, array: Option<&str>, gaps: bool) -> Result<Table, DataError> {
    Ok(whole(path, Options { array, gaps, ..Options::default() }, Input::open)?.0)
}

/// All rows of a table, and the names of the file's columns that are not read.
pub(super) fn whole(
    path: &Path, options: Options<'_>, input: impl FnOnce(&Path) -> Result<Input, DataError>,
) -> Result<(Table, Vec<String>), DataError> {
    let mut source = open(path, options, input)?;
    let (dim, names) = (source.dim(), source.names());
    let values = source.read_all(path)?;
    require_finite(path, &values, dim, 0, options.gaps, names.as_deref())?;
    Ok((Table { rows: values.len() / dim, dim, values, names }, source.left_out()))
}

/// Begins to read a table of the format that the path says.
pub(super) fn open(
    path: &Path, options: Options<'_>, input: impl FnOnce(&Path) -> Result<Input, DataError>,
) -> Result<Box<dyn RowSource>, DataError> {
    let format = format_of(path)?;
    if let Some(array) = options.array.filter(|_| !format.has_named_arrays()) {
        return Err(DataError::parameter("array", one_line(array, 40), "only an .npz archive has named arrays"));
    }
    let source = format.open(input(path)?, options)?;
    if format.selects() {
        return Ok(source);
    }
    let kept = options.selection.of(path, None, source.dim())?;
    if !kept.contains(&false) {
        return Ok(source);
    }
    Ok(Box::new(Picked { path: path.into(), source, kept, gaps: options.gaps, done: 0 }))
}
