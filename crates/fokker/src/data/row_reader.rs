//! Rows for a model, in pieces: of a table, or images.

use std::path::{Path, PathBuf};

use super::images::{ImageRows, holds_rows, load_rows};
use super::{DataError, ImageShape, TableReader};

/// Reads the rows at a path in order, as many at a time as are asked for: those of a table ([`TableReader`]) or, for a model of images,
/// images in any form that [`DataConfig::Images`](super::DataConfig::Images) takes.
///
/// Of a single IDX file the rows are its images; of a set or a folder that has test images, those; else all images. They are kept in
/// memory (8-bit arrays of more than 1 GiB stay on disk); floating-point arrays may have any finite values.
///
/// ```
/// use fokker::data::{ImageShape, RowReader, write_npy};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npy");
/// write_npy(&path, &[2, 2, 5], &[0.5; 20])?;
/// let shape = ImageShape { height: 2, width: 5, channels: 1 };
/// let mut images = RowReader::open(&path, Some(shape), None)?;
/// let mut rows = Vec::new();
/// assert_eq!((images.dim(), images.rows(), images.read(9, &mut rows)?, rows.len()), (10, Some(2), 2, 20));
/// assert!(RowReader::open(&path, None, None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RowReader {
    path: PathBuf,
    source: Source,
}

enum Source {
    Table(Box<TableReader>),
    /// The rows given last go from `first` to `done`.
    Images {
        images: ImageRows,
        dim: usize,
        first: usize,
        done: usize,
    },
}

impl RowReader {
    /// Opens a file of rows or, if `image` is the shape of a model's images, images of that shape; of a table whose columns have names
    /// those that are called `columns`, if they are all there.
    ///
    /// # Errors
    /// [`DataError`], as far as it can be told without reading all rows of a table; [`DataError::ImageSize`] for images of another shape.
    pub fn open(path: &Path, image: Option<ImageShape>, columns: Option<&[String]>) -> Result<Self, DataError> {
        let source = match image {
            Some(shape) if holds_rows(path) => {
                Source::Images { images: load_rows(path, shape)?, dim: shape.dim(), first: 0, done: 0 }
            }
            _ => Source::Table(Box::new(match columns {
                Some(columns) => TableReader::open_only(path, columns)?,
                None => TableReader::open(path, None)?,
            })),
        };
        Ok(Self { path: path.to_path_buf(), source })
    }

    /// The number of values in a row, at least 1.
    #[must_use]
    pub fn dim(&self) -> usize {
        match &self.source {
            Source::Table(table) => table.dim(),
            Source::Images { dim, .. } => *dim,
        }
    }

    /// The number of rows, where it is known before all are read: everywhere but in `.csv` files.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        match &self.source {
            Source::Table(table) => table.rows(),
            Source::Images { images, dim, .. } => Some(images.len(*dim) as u64),
        }
    }

    /// What the columns are called; `None` if they have no names.
    #[must_use]
    pub fn names(&self) -> Option<&[String]> {
        match &self.source {
            Source::Table(table) => table.names(),
            Source::Images { .. } => None,
        }
    }

    /// The names of the file's columns that are not read.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        match &self.source {
            Source::Table(table) => table.left_out(),
            Source::Images { .. } => Vec::new(),
        }
    }

    /// Whether the rows are images rather than a table.
    #[must_use]
    pub fn is_images(&self) -> bool {
        matches!(self.source, Source::Images { .. })
    }

    /// Whether the rows are images of 8-bit grey levels.
    #[must_use]
    pub fn is_levels(&self) -> bool {
        matches!(self.source, Source::Images { images: ImageRows::Levels(_), .. })
    }

    /// What messages call row `index` of those that [`read`](Self::read) gave last; see [`TableReader::number`].
    #[must_use]
    pub fn number(&self, index: usize) -> u64 {
        match &self.source {
            Source::Table(table) => table.number(index),
            Source::Images { first, .. } => (first + index) as u64 + 1,
        }
    }

    /// Puts the next rows, up to `most`, into `values` (row after row, in place of what was there); returns how many, 0 at the end.
    ///
    /// # Errors
    /// [`DataError`]: a row that cannot be read, or is not finite.
    pub fn read(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, DataError> {
        match &mut self.source {
            Source::Table(table) => table.read(most, values),
            Source::Images { images, dim, first, done } => {
                values.clear();
                *first = *done;
                *done += most.min(images.len(*dim) - *first);
                images.append(*first..*done, *dim, values).map_err(|error| DataError::read(&self.path, error))?;
                Ok(*done - *first)
            }
        }
    }
}
