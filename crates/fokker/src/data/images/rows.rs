//! The images at a path as rows for a model of images.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::array::Axes;
use super::locate::{ARRAYS, Located};
use super::part::{Pixels, Row};
use super::recognise::{Format, holds_images, recognise};
use super::shapes::require_model_shape;
use super::{batches, cifar, files, idx};
use crate::data::{DataError, ImageShape};

/// Images one after another, channels last, in the units of the data.
pub(in crate::data) enum ImageRows {
    /// 8-bit grey levels.
    Levels(Pixels),
    /// The values of floating-point arrays, whatever their range.
    Values(Vec<f64>),
}

impl ImageRows {
    /// The number of images of `dim` values.
    pub(in crate::data) fn len(&self, dim: usize) -> usize {
        match self {
            Self::Levels(pixels) => pixels.len(dim),
            Self::Values(values) => values.len() / dim,
        }
    }

    /// Appends some images of `dim` values.
    pub(in crate::data) fn append(&self, range: Range<usize>, dim: usize, values: &mut Vec<f64>) -> io::Result<()> {
        match self {
            Self::Levels(pixels) => range.into_iter().try_for_each(|index| {
                pixels.with_image(index, dim, |image| {
                    if let Row::Bytes(levels) = image? {
                        values.extend(levels.iter().map(|&u| f64::from(u)));
                    }
                    Ok(())
                })
            }),
            Self::Values(all) => {
                values.extend(&all[range.start * dim..range.end * dim]);
                Ok(())
            }
        }
    }
}

/// Whether there are images at a path: where [`holds_images`] says so, and in any one IDX file.
pub(in crate::data) fn holds_rows(path: &Path) -> bool {
    is_idx(path) || holds_images(path)
}

/// Reads the images at a path, which must have this shape: those of a single IDX file; of a set or a folder that has test images, those;
/// else all.
pub(in crate::data) fn load_rows(path: &Path, shape: ImageShape) -> Result<ImageRows, DataError> {
    if is_idx(path) {
        return of_idx(path, shape);
    }
    match recognise(path)? {
        Format::Idx(set) => of_idx(&set.own()?, shape),
        Format::Cifar(kind, folder) => of_bytes(cifar::load_rows(kind, &folder)?, path, shape),
        Format::CifarArchive(archive) => {
            let loaded = cifar::load_archive(&archive)?;
            require_model_shape(path, loaded.shape, shape)?;
            Ok(ImageRows::Levels(loaded.held_out.unwrap_or(loaded.train)))
        }
        Format::Batches { train, val } => {
            let paths = if val.is_file() { vec![val] } else { train };
            of_arrays(&paths, &["data"], Axes::SquarePlanes, shape)
        }
        Format::Arrays(paths) => of_arrays(&paths, ARRAYS, Axes::Any, shape),
        Format::Files { train, test } => {
            Ok(ImageRows::Levels(Pixels::Bytes(files::load_rows(&test.unwrap_or(train), shape)?)))
        }
    }
}

fn is_idx(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_file() && name.trim_end_matches(".gz").ends_with(idx::IMAGES)
}

fn of_idx(path: &Path, shape: ImageShape) -> Result<ImageRows, DataError> {
    of_bytes(idx::load_file(path)?, path, shape)
}

fn of_bytes((found, bytes): (ImageShape, Vec<u8>), path: &Path, shape: ImageShape) -> Result<ImageRows, DataError> {
    require_model_shape(path, found, shape)?;
    Ok(ImageRows::Levels(Pixels::Bytes(bytes)))
}

fn of_arrays(paths: &[PathBuf], names: &[&str], axes: Axes, shape: ImageShape) -> Result<ImageRows, DataError> {
    let arrays = paths.iter().map(|path| Located::find(path, names, axes)).collect::<Result<Vec<_>, _>>()?;
    let found = batches::common_shape(&arrays)?;
    require_model_shape(&arrays[0].path, found, shape)?;
    if arrays[0].layout.dtype.is_byte() {
        return batches::pixels(&arrays, batches::IN_MEMORY).map(ImageRows::Levels);
    }
    let mut values = Vec::new();
    for array in &arrays {
        values.append(&mut array.values()?);
    }
    Ok(ImageRows::Values(values))
}
