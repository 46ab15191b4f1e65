//! Tables that are longer than memory: rows in pieces.

use std::path::{Path, PathBuf};

use super::DataError;
use super::finite::require_finite;
use super::formats::format::{Options, RowSource};
use super::formats::selection::Selection;
use super::input::{Input, require};
use super::table::open;

/// Reads the rows of a table in order, as many at a time as are asked for.
///
/// Formats, element types and refusals are those of [`read_table`](super::read_table). Of `.npy`, `.csv`, `.tsv` and `.parquet` files no more is in memory
/// than the rows asked for (of a `.parquet` file, a page of each column too); an array of an `.npz` archive is read whole.
///
/// ```
/// use fokker::data::{TableReader, write_csv};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["a", "b"], &[1.0, 2.0, 3.0, 4.5])?;
/// let mut table = TableReader::open(&path, None)?;
/// let mut rows = Vec::new();
/// assert_eq!((table.dim(), table.read(1, &mut rows)?, &rows[..]), (2, 1, &[1.0, 2.0][..]));
/// assert_eq!((table.read(9, &mut rows)?, &rows[..]), (1, &[3.0, 4.5][..]));
/// assert_eq!(table.read(9, &mut rows)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableReader {
    path: PathBuf,
    dim: usize,
    /// What the columns are called.
    names: Option<Vec<String>>,
    /// Is NaN a value?
    gaps: bool,
    /// Rows handed out so far.
    done: usize,
    /// The numbers of the rows handed out last, in messages.
    numbers: Vec<u64>,
    source: Box<dyn RowSource>,
}

impl TableReader {
    /// Opens an `.npy`, `.npz`, `.csv`, `.tsv` or `.parquet` file; `array` names the array of an archive that holds several.
    ///
    /// # Errors
    /// [`DataError`], as far as it can be told without reading all rows.
    ///
    /// ```
    /// use fokker::data::TableReader;
    /// assert!(TableReader::open("missing.npy".as_ref(), None).is_err());
    /// ```
    pub fn open(path: &Path, array: Option<&str>) -> Result<Self, DataError> {
        Self::with(path, Options { array, ..Options::default() })
    }

    /// As [`open`](Self::open), of a file whose columns have names the columns that are called so and no others, if these are all there.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    ///
    /// ```
    /// use fokker::data::TableReader;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// std::fs::write(&path, "species,length,weight\nsetosa,1,2\n")?;
    /// let mut reader = TableReader::open_only(&path, &["length".into(), "weight".into()])?;
    /// let mut values = Vec::new();
    /// assert_eq!((reader.read(9, &mut values)?, &values[..]), (1, &[1.0, 2.0][..]));
    /// assert_eq!(reader.left_out(), ["species"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_only(path: &Path, names: &[String]) -> Result<Self, DataError> {
        Self::with(path, Options { selection: Selection::Only(names), ..Options::default() })
    }

    /// As [`open`](Self::open), any value being NaN that is missing, or text.
    pub(super) fn open_any(path: &Path, array: Option<&str>) -> Result<Self, DataError> {
        Self::with(path, Options { array, gaps: true, texts: true, ..Options::default() })
    }

    fn with(path: &Path, options: Options<'_>) -> Result<Self, DataError> {
        let source = open(path, options, Input::open)?;
        let (dim, names) = (source.dim(), source.names());
        // A row, a few times.
        require(path, &[dim, 8, size_of::<f64>()])?;
        let gaps = options.gaps;
        Ok(Self { path: path.to_path_buf(), dim, names, gaps, done: 0, numbers: Vec::new(), source })
    }

    /// The number of columns, at least 1.
    ///
    /// ```
    /// # use fokker::data::{TableReader, write_npy};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.npy");
    /// write_npy(&path, &[2, 3], &[0.0; 6])?;
    /// assert_eq!(TableReader::open(&path, None)?.dim(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// What the columns are called, in `.parquet` files and in `.csv` files with a header.
    ///
    /// ```
    /// # use fokker::data::{TableReader, write_csv};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.csv");
    /// write_csv(&path, &["length", "weight"], &[1.0, 2.0])?;
    /// assert_eq!(TableReader::open(&path, None)?.names(), Some(&["length".to_owned(), "weight".to_owned()][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The names of the file's columns that are not read.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        self.source.left_out()
    }

    /// How many values of each column were text.
    pub(super) fn texts(&self) -> Vec<u64> {
        self.source.texts()
    }

    /// What messages call row `index` of those that [`read`](Self::read) gave last: its line in a `.csv` file, else its number
    /// from 1.
    ///
    /// ```
    /// # use fokker::data::TableReader;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.csv");
    /// std::fs::write(&path, "a,b\n1,2\n3,4\n")?;
    /// let mut table = TableReader::open(&path, None)?;
    /// assert_eq!(table.read(9, &mut Vec::new())?, 2);
    /// assert_eq!((table.number(0), table.number(1)), (2, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn number(&self, index: usize) -> u64 {
        self.numbers.get(index).copied().unwrap_or(0)
    }

    /// The number of rows, where the file tells it before all are read: everywhere but in `.csv` files.
    ///
    /// ```
    /// # use fokker::data::{TableReader, write_npy};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.npy");
    /// write_npy(&path, &[2, 3], &[0.0; 6])?;
    /// assert_eq!(TableReader::open(&path, None)?.rows(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.source.rows()
    }

    /// Puts the next rows, up to `most`, into `values` (row after row, in place of what was there); returns how many, 0 at the
    /// end.
    ///
    /// # Errors
    /// [`DataError`]: a row that is truncated, damaged or not finite.
    ///
    /// ```
    /// # use fokker::data::{TableReader, write_npy};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.npy");
    /// write_npy(&path, &[2, 1], &[1.0, f64::NAN])?;
    /// let (mut table, mut rows) = (TableReader::open(&path, None)?, Vec::new());
    /// assert_eq!(table.read(1, &mut rows)?, 1);
    /// assert!(table.read(1, &mut rows).unwrap_err().to_string().ends_with("row 2, column 1: NaN is not a finite number"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, DataError> {
        values.clear();
        self.numbers.clear();
        self.source.read(most, values, &mut self.numbers)?;
        require_finite(&self.path, values, self.dim, self.done, self.gaps, self.names.as_deref())?;
        let rows = values.len() / self.dim;
        if self.numbers.is_empty() {
            self.numbers.extend((self.done..self.done + rows).map(|row| row as u64 + 1));
        }
        self.done += rows;
        Ok(rows)
    }
}
