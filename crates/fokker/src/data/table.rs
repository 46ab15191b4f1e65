//! Tables of numbers from files.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::error::one_line;
use super::npy::{Array, read_array};
use super::parquet_read::read_parquet;
use super::text::read_csv;
use super::zip::Archive;
use super::{DataError, write::file_name};

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

/// Reads a table from an `.npy` (two dimensions), `.npz`, `.csv` (header optional) or `.parquet` file.
///
/// `array` names the array of an `.npz` archive that holds several. Element types are f4, f8, i1 to i8 and u1 to u8 in
/// either byte order and either memory order; in `.parquet` files flat columns of the like, by any names. Memory use follows the file's size whatever its header says.
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

/// As [`read_table`], but a value may be NaN: one that is not known.
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

/// Reads a table, which may have NaN in it if `gaps`.
fn read(path: &Path, array: Option<&str>, gaps: bool) -> Result<Table, DataError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    refuse_array(&extension, array)?;
    let (Array { rows, dim, values }, names) = match extension.as_str() {
        "npy" => (read_npy(path)?, None),
        "npz" => (read_npz(path, array)?, None),
        "csv" => read_csv(path, gaps)?,
        "parquet" => read_parquet(path).map(|(array, names)| (array, Some(names)))?,
        _ => {
            return Err(DataError::Extension { path: path.to_path_buf(), found: extension });
        }
    };
    require_finite(path, &values, dim, 0, gaps)?;
    Ok(Table { rows, dim, values, names })
}

/// Refuses the name of an array where there are no names.
pub(super) fn refuse_array(extension: &str, array: Option<&str>) -> Result<(), DataError> {
    if let (Some(array), "npy" | "csv" | "parquet") = (array, extension) {
        return Err(DataError::parameter("array", one_line(array, 40), "only an .npz archive has named arrays"));
    }
    Ok(())
}

/// Refuses values (rows of `dim`, the first of them being row `first` from 0) that are NaN or infinite.
pub(super) fn require_finite(
    path: &Path, values: &[f64], dim: usize, first: usize, gaps: bool,
) -> Result<(), DataError> {
    let Some(at) = values.iter().position(|value| !(value.is_finite() || gaps && value.is_nan())) else {
        return Ok(());
    };
    let (row, column, value) = (first + at / dim + 1, at % dim + 1, values[at]);
    Err(DataError::NonFinite { path: path.to_path_buf(), row, column, value })
}

fn read_npy(path: &Path) -> Result<Array, DataError> {
    let file = File::open(path).map_err(|error| DataError::read(path, error))?;
    let length = file.metadata().map_err(|error| DataError::read(path, error))?.len();
    read_array(&mut BufReader::new(file), length, path)
}

fn read_npz(path: &Path, array: Option<&str>) -> Result<Array, DataError> {
    let archive = Archive::open(path)?;
    let names = || archive.entries.iter().filter_map(|entry| entry.name.strip_suffix(".npy"));
    let refuse = |reason: String| {
        let names: Vec<String> = names().take(20).map(|name| one_line(name, 40)).collect();
        let names = if names.is_empty() { "no array".into() } else { names.join(", ") };
        DataError::Array { path: path.to_path_buf(), reason, names }
    };
    let name = match array {
        Some(name) => name,
        None => match (names().next(), names().count()) {
            (Some(name), 1) => name,
            (None, _) => return Err(refuse("no .npy entry".into())),
            _ => {
                return Err(refuse("several arrays: name one with the key `array`".into()));
            }
        },
    };
    let entry = file_name(name);
    let index = archive.entries.iter().position(|candidate| candidate.name == entry);
    let index = index.ok_or_else(|| refuse(format!("no array \"{}\"", one_line(name, 40))))?;
    // Messages name the entry as if the archive were a folder.
    let inside = path.join(&entry);
    archive.read(index, &inside, |reader, length| read_array(reader, length, &inside))
}
