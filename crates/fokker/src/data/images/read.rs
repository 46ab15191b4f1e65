//! The images at a path, whatever their format.

use std::path::Path;

use super::loaded::Loaded;
use super::recognise::{Format, recognise};
use super::{batches, cifar, files, idx};
use crate::data::DataError;

/// Reads the images at a path; image files are resized to `size`.
pub(super) fn read(path: &Path, size: Option<usize>) -> Result<Loaded, DataError> {
    match recognise(path)? {
        Format::Idx(set) => idx::load(&set),
        Format::Cifar(kind, folder) => cifar::load(kind, &folder),
        Format::CifarArchive(path) => cifar::load_archive(&path),
        Format::Batches { train, val } => batches::load_batches(&train, &val),
        Format::Arrays(paths) => batches::load_arrays(&paths),
        Format::Files { train, test } => files::load(&train, test.as_deref(), size),
    }
}
