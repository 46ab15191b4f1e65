//! Training or held-out images: which rows of which pixels.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::disk::DiskImages;
use crate::data::DataError;
use crate::data::split::split;

/// Images one after another, channels last.
#[derive(Debug)]
pub(in crate::data) enum Pixels {
    /// 8-bit grey levels in memory.
    Bytes(Vec<u8>),
    /// Continuous values in memory.
    Floats(Vec<f32>),
    /// 8-bit grey levels on disk.
    Disk(DiskImages),
}

impl Pixels {
    /// The number of images of `dim` values.
    pub(in crate::data) fn len(&self, dim: usize) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len() / dim,
            Self::Floats(values) => values.len() / dim,
            Self::Disk(images) => images.len(),
        }
    }

    /// Hands image `index`, of `dim` values, to `take`, or what keeps the disk from giving it.
    pub(in crate::data) fn with_image<T>(
        &self, index: usize, dim: usize, take: impl FnOnce(io::Result<Row<'_>>) -> T,
    ) -> T {
        let start = index * dim;
        match self {
            Self::Bytes(bytes) => take(Ok(Row::Bytes(&bytes[start..][..dim]))),
            Self::Floats(values) => take(Ok(Row::Floats(&values[start..][..dim]))),
            Self::Disk(images) => {
                let mut image = vec![0; dim];
                let read = images.read(index, &mut image);
                take(read.map(|()| Row::Bytes(&image)))
            }
        }
    }

    /// Bytes in memory.
    pub(in crate::data) fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.capacity() as u64,
            Self::Floats(values) => size_of_val(&values[..]) as u64,
            Self::Disk(_) => 0,
        }
    }
}

/// An image.
pub(in crate::data) enum Row<'a> {
    /// 8-bit grey levels.
    Bytes(&'a [u8]),
    /// Continuous values.
    Floats(&'a [f32]),
    /// The disk does not give it.
    Lost,
}

/// Some of the images of an array, in order. Copies share the pixels.
#[derive(Clone, Debug)]
pub(in crate::data) struct Part {
    pixels: Arc<Pixels>,
    dim: usize,
    /// The images that belong to the part; `None`: all.
    rows: Option<Arc<[usize]>>,
}

impl Part {
    /// All images.
    pub(in crate::data) fn all(pixels: Arc<Pixels>, dim: usize) -> Self {
        Self { pixels, dim, rows: None }
    }

    /// Training and held-out images: the same ones each time, at least one of each.
    pub(in crate::data) fn split(
        pixels: Arc<Pixels>, dim: usize, held_out: f64, path: &Path,
    ) -> Result<(Self, Self), DataError> {
        let all = Self::all(pixels, dim);
        let count = all.len();
        if count < 2 {
            return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: count, needed: 2 });
        }
        let marks = split(count, held_out);
        let chosen = |mark: bool| {
            let rows: Arc<[usize]> = (0..count).filter(|&row| marks[row] == mark).collect();
            Self { rows: Some(rows), ..all.clone() }
        };
        Ok((chosen(false), chosen(true)))
    }

    /// All images of the array that these are some of.
    pub(in crate::data) fn whole(&self) -> Self {
        Self { rows: None, ..self.clone() }
    }

    /// No image of the array.
    pub(in crate::data) fn none(&self) -> Self {
        Self { rows: Some(Arc::new([])), ..self.clone() }
    }

    /// Whether the other part is of the same array.
    pub(in crate::data) fn shares_pixels(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pixels, &other.pixels)
    }

    /// The number of images.
    pub(in crate::data) fn len(&self) -> usize {
        self.rows.as_ref().map_or_else(|| self.pixels.len(self.dim), |rows| rows.len())
    }

    /// Whether images are read from disk one by one.
    pub(in crate::data) fn on_disk(&self) -> bool {
        matches!(*self.pixels, Pixels::Disk(_))
    }

    /// Hands image `index` to `take`.
    pub(in crate::data) fn with_row<T>(&self, index: usize, take: impl FnOnce(Row<'_>) -> T) -> T {
        let index = self.rows.as_ref().map_or(index, |rows| rows[index]);
        self.pixels.with_image(index, self.dim, |image| take(image.unwrap_or(Row::Lost)))
    }
}

/// Refuses labels that are more or fewer than the images they belong to.
pub(in crate::data) fn require_count(
    labels: &Path, actual: u64, images: &Path, expected: u64,
) -> Result<(), DataError> {
    if actual == expected {
        return Ok(());
    }
    let (path, other) = (labels.to_path_buf(), images.to_path_buf());
    let (expected, actual) = (expected.to_string(), actual.to_string());
    Err(DataError::Disagree { path, other, what: "the number of labels", expected, actual })
}
