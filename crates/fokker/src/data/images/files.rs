//! Folders of image files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::picture::{decode, is_picture, measure};
use super::rows::require;
use super::{Loaded, Pixels, pixels_of};
use crate::data::{DataError, ImageShape};

/// Pictures that a thread decodes at a time.
const SHARE: usize = 64;

/// Loads all pictures below `train`, and as held-out ones those below `test`.
///
/// They are grey if all files are, else of three channels; their order is that of their names. Without a `size` all must have
/// the same.
pub(super) fn load(train: &Path, test: Option<&Path>, size: Option<usize>) -> Result<Loaded, DataError> {
    let train_files = pictures(train)?;
    let test_files = test.map_or_else(|| Ok(Vec::new()), pictures)?;
    for (folder, files) in [(Some(train), &train_files), (test, &test_files)] {
        if let Some(folder) = folder.filter(|_| files.is_empty()) {
            return Err(DataError::unrecognised(folder, "no image files (.png, .jpg, .webp, .bmp, .gif, .tif, .pnm)"));
        }
    }
    let shape = common_shape(&[&train_files[..], &test_files[..]].concat(), size)?;
    let labels = labels(train, &train_files);
    let train = Pixels::Bytes(decode_all(&train_files, size, shape)?);
    let held_out = match test {
        Some(_) => Some(Pixels::Bytes(decode_all(&test_files, size, shape)?)),
        None => None,
    };
    Ok(Loaded { format: "folder of image files".into(), shape, train, held_out, labels })
}

/// Loads all pictures below a folder for a model of images of this shape; to a model of colours grey pictures have three equal ones.
pub(super) fn load_rows(folder: &Path, shape: ImageShape) -> Result<Vec<u8>, DataError> {
    let files = pictures(folder)?;
    if files.is_empty() {
        return Err(DataError::unrecognised(folder, "no image files (.png, .jpg, .webp, .bmp, .gif, .tif, .pnm)"));
    }
    for file in &files {
        let found = measure(file)?;
        let channels = if found.channels < shape.channels { shape.channels } else { found.channels };
        require(file, ImageShape { channels, ..found }, shape)?;
    }
    decode_all(&files, None, shape)
}

/// The pictures below a folder, by name.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    collect(folder, &mut Vec::new(), &mut found)?;
    found.sort();
    Ok(found)
}

/// Adds the pictures below a folder; `above` are the folders it lies in, so that links in circles end. Hidden files are left out.
fn collect(folder: &Path, above: &mut Vec<PathBuf>, found: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let read = |error| DataError::read(folder, error);
    let place = folder.canonicalize().map_err(read)?;
    if above.contains(&place) {
        return Ok(());
    }
    above.push(place);
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            collect(&path, above, found)?;
        } else if is_picture(&path) {
            found.push(path);
        }
    }
    above.pop();
    Ok(())
}

/// Folders inside `folder` stand for labels, if every picture is in one.
fn labels(folder: &Path, files: &[PathBuf]) -> Option<BTreeSet<i64>> {
    let mut names = BTreeSet::new();
    for file in files {
        let mut parts = file.strip_prefix(folder).ok()?.components();
        let first = parts.next()?;
        parts.next()?;
        names.insert(first);
    }
    Some((0..names.len() as i64).collect())
}

/// The shape of all pictures, by their headers.
fn common_shape(files: &[PathBuf], size: Option<usize>) -> Result<ImageShape, DataError> {
    let first = measure(&files[0])?;
    let mut shape = first;
    for file in files {
        let found = measure(file)?;
        shape.channels = shape.channels.max(found.channels);
        if size.is_none() && pixels_of(found) != pixels_of(first) {
            let (path, other) = (file.clone(), files[0].clone());
            let (expected, actual) = (pixels_of(first), pixels_of(found));
            return Err(DataError::MixedSizes { path, other, expected, actual });
        }
    }
    Ok(match size {
        Some(size) => ImageShape { height: size, width: size, ..shape },
        None => shape,
    })
}

/// Decodes all pictures, several at a time; the first of them that cannot be decoded is the one that is told of. Memory grows with
/// the pictures that could be: a header alone asks for none.
fn decode_all(files: &[PathBuf], size: Option<usize>, shape: ImageShape) -> Result<Vec<u8>, DataError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut pixels = Vec::new();
    for block in files.chunks(threads * SHARE) {
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> =
                block.chunks(SHARE).map(|files| scope.spawn(move || decode_some(files, size, shape))).collect();
            let joined = workers.into_iter().map(|worker| match worker.join() {
                Ok(decoded) => decoded,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        let more = parts.iter().map(Vec::len).sum();
        if pixels.try_reserve(more).is_err() {
            let found = format!("({}, {}, {}, {})", files.len(), shape.height, shape.width, shape.channels);
            let path = block[0].clone();
            return Err(DataError::Shape { path, found, needed: "a set of images that fits in memory" });
        }
        parts.iter().for_each(|part| pixels.extend_from_slice(part));
    }
    pixels.shrink_to_fit();
    Ok(pixels)
}

/// Decodes pictures one after another.
fn decode_some(files: &[PathBuf], size: Option<usize>, shape: ImageShape) -> Result<Vec<u8>, DataError> {
    let mut pixels = Vec::new();
    for file in files {
        decode(file, size, shape, &mut pixels)?;
    }
    Ok(pixels)
}
