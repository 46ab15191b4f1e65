//! Folders of image files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::loaded::Loaded;
use super::part::Pixels;
use super::picture::{decode, measure};
use super::pictures::pictures;
use super::shapes::{pixels_of, require_model_shape};
use crate::data::one_line::shown;
use crate::data::{DataError, ImageShape};
use crate::memory;

/// Pictures that a thread decodes at a time, and values that they may have.
const SHARE: usize = 64;
const VALUES: usize = 1 << 24;

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
    let all = [&train_files[..], &test_files[..]].concat();
    let measured = measure_all(&all, size)?;
    let (shape, labels) = (measured.shape, labels(train, &train_files));
    let job = Job::new(&all, &measured, train, size)?;
    let train = Pixels::Bytes(job.decode_all(&train_files)?);
    let held_out = match test {
        Some(_) => Some(Pixels::Bytes(job.decode_all(&test_files)?)),
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
        let (found, _) = measure(file)?;
        let channels = if found.channels < shape.channels { shape.channels } else { found.channels };
        require_model_shape(file, ImageShape { channels, ..found }, shape)?;
    }
    let measured = Measured { shape, ..measure_all(&files, None)? };
    Job::new(&files, &measured, folder, None)?.decode_all(&files)
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

/// What the headers of all pictures say.
struct Measured {
    shape: ImageShape,
    /// Bytes that the largest takes to decode, and its number.
    decoding: u64,
    largest: usize,
}

fn measure_all(files: &[PathBuf], size: Option<usize>) -> Result<Measured, DataError> {
    let (first, decoding) = measure(&files[0])?;
    let mut all = Measured { shape: first, decoding, largest: 0 };
    for (at, file) in files.iter().enumerate() {
        let (found, decoding) = measure(file)?;
        all.shape.channels = all.shape.channels.max(found.channels);
        if decoding > all.decoding {
            (all.decoding, all.largest) = (decoding, at);
        }
        if size.is_none() && pixels_of(found) != pixels_of(first) {
            let (path, other) = (file.clone(), files[0].clone());
            let (expected, actual) = (pixels_of(first), pixels_of(found));
            return Err(DataError::MixedSizes { path, other, expected, actual });
        }
    }
    if let Some(size) = size {
        (all.shape.height, all.shape.width) = (size, size);
    }
    Ok(all)
}

/// How pictures are decoded.
#[derive(Clone, Copy)]
struct Job {
    size: Option<usize>,
    shape: ImageShape,
    threads: usize,
    /// Pictures that a thread decodes at a time.
    share: usize,
}

impl Job {
    /// As many pictures at a time as the memory budget allows beside the pixels of `all`; `what` names them where it allows none.
    fn new(all: &[PathBuf], measured: &Measured, what: &Path, size: Option<usize>) -> Result<Self, DataError> {
        let &Measured { shape, decoding, largest } = measured;
        // All pixels, and what is decoded at the same time.
        let share = (VALUES / shape.dim()).clamp(1, SHARE).min(all.len());
        let (pixels, block) = (memory::product(&[all.len(), shape.dim()]), memory::product(&[share, shape.dim()]));
        memory::require(&shown(what), pixels.saturating_add(block))?;
        memory::require(&shown(&all[largest]), pixels.saturating_add(block).saturating_add(decoding))?;
        let left = memory::budget().saturating_sub(memory::held()).saturating_sub(pixels);
        let threads = usize::try_from(left / block.saturating_add(decoding).max(1)).unwrap_or(usize::MAX).max(1);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(threads);
        Ok(Self { size, shape, threads, share })
    }

    /// Decodes all pictures; the first of them that cannot be decoded is the one that is told of.
    fn decode_all(self, files: &[PathBuf]) -> Result<Vec<u8>, DataError> {
        let mut pixels = Vec::with_capacity(files.len() * self.shape.dim());
        for block in files.chunks(self.threads * self.share) {
            let parts = std::thread::scope(|scope| {
                let mut shares = block.chunks(self.share);
                let own = shares.next();
                // A thread that the system refuses is done without.
                let spawned: Vec<_> = shares
                    .map(|files| (files, std::thread::Builder::new().spawn_scoped(scope, move || self.decode(files))))
                    .collect();
                let others = spawned.into_iter().map(|(files, thread)| match thread.map(|thread| thread.join()) {
                    Ok(Ok(decoded)) => decoded,
                    Ok(Err(panic)) => std::panic::resume_unwind(panic),
                    Err(_) => self.decode(files),
                });
                own.map(|files| self.decode(files)).into_iter().chain(others).collect::<Result<Vec<_>, _>>()
            })?;
            parts.iter().for_each(|part| pixels.extend_from_slice(part));
        }
        Ok(pixels)
    }

    /// Decodes pictures one after another.
    fn decode(self, files: &[PathBuf]) -> Result<Vec<u8>, DataError> {
        let mut pixels = Vec::with_capacity(files.len() * self.shape.dim());
        for file in files {
            decode(file, self.size, self.shape, &mut pixels)?;
        }
        Ok(pixels)
    }
}
