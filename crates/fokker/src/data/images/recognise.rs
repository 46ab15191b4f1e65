//! What the files at a path are.

use std::path::{Path, PathBuf};

use super::array::Axes;
use super::cifar::Kind;
use super::idx::{IMAGES, Set};
use super::locate::{ARRAYS, Located, is_archive};
use super::picture::is_picture;
use super::pictures::pictures;
use crate::data::{DataError, is_table};

/// What is known, for messages.
const KNOWN: &str = "no images: IDX files (MNIST family), CIFAR in its binary version, ImageNet batches \
    (train_data_batch_1.npz, val_data.npz), image files, and arrays of images (.npy, .npz) are recognised";

/// A format and its files.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    Idx(Set),
    /// The folder of the files.
    Cifar(Kind, PathBuf),
    /// A `.tar.gz`.
    CifarArchive(PathBuf),
    Batches {
        train: Vec<PathBuf>,
        val: PathBuf,
    },
    /// `.npy` and `.npz` files.
    Arrays(Vec<PathBuf>),
    /// Folders of image files.
    Files {
        train: PathBuf,
        test: Option<PathBuf>,
    },
}

/// Tells the format of the images at a path, by names alone.
pub(super) fn recognise(path: &Path) -> Result<Format, DataError> {
    if path.is_dir() {
        return in_folder(path);
    }
    if !path.exists() {
        return Err(DataError::Missing { path: path.to_path_buf() });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    if let Some(set) = name.trim_end_matches(".gz").strip_suffix(IMAGES).and_then(|stem| Set::of(folder, stem)) {
        return Ok(Format::Idx(set));
    }
    if is_tar(&name) {
        return Ok(Format::CifarArchive(path.to_path_buf()));
    }
    if is_array(path) {
        return Ok(Format::Arrays(vec![path.to_path_buf()]));
    }
    let reason = if is_picture(path) { "a single image; give the folder it is in" } else { KNOWN };
    Err(DataError::unrecognised(path, reason))
}

/// Whether a path is a folder, an archive of images, or an `.npy` or `.npz` file whose array has the shape of images: n × h × w,
/// n × h × w × c or n × c × h × w.
///
/// ```
/// use fokker::data::{holds_images, write_npy};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.npy");
/// write_npy(&path, &[2, 2, 2], &[0.0; 8])?;
/// assert!(holds_images(&path) && holds_images(folder.path()));
/// write_npy(&path, &[4, 2], &[0.0; 8])?;
/// assert!(!holds_images(&path));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn holds_images(path: &Path) -> bool {
    match recognise(path) {
        Ok(Format::Arrays(paths)) if !path.is_dir() => match Located::find(&paths[0], ARRAYS, Axes::Any) {
            Ok(_) => true,
            // An array that is not of the kind that images have is one of images all the same if it has too many dimensions.
            Err(DataError::PixelType { .. } | DataError::Shape { .. }) => Located::is_deep(&paths[0], ARRAYS),
            Err(_) => false,
        },
        Ok(_) => true,
        Err(_) => path.is_dir(),
    }
}

fn is_tar(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

fn is_array(path: &Path) -> bool {
    is_archive(path) || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

/// Tells the format of the images in a folder.
fn in_folder(folder: &Path) -> Result<Format, DataError> {
    let files = files_in(folder)?;
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap_or_default().to_string_lossy()).collect();
    if let Some(set) = idx_set(folder, &names)? {
        return Ok(Format::Idx(set));
    }
    let mut cifar = Vec::new();
    for kind in Kind::BOTH {
        for folder in [folder.to_path_buf(), folder.join(kind.folder())] {
            let there = |name: &str| folder.join(name).is_file();
            if there(kind.test()) || kind.train().iter().any(|name| there(name)) {
                cifar.push((kind, folder));
            }
        }
    }
    match (cifar.pop(), cifar.is_empty()) {
        (Some((kind, folder)), true) => return Ok(Format::Cifar(kind, folder)),
        (Some(_), false) => {
            return Err(DataError::unrecognised(folder, "both CIFAR-10 and CIFAR-100; give the folder of one"));
        }
        (None, _) => {}
    }
    let is_batch = |name: &str| name.starts_with("train_data_batch_") && is_archive(Path::new(name));
    let train: Vec<_> =
        files.iter().zip(&names).filter(|(_, name)| is_batch(name)).map(|(file, _)| file.clone()).collect();
    let val = folder.join("val_data.npz");
    if !train.is_empty() || val.is_file() {
        let first = || DataError::Missing { path: folder.join("train_data_batch_1.npz") };
        return if train.is_empty() { Err(first()) } else { Ok(Format::Batches { train, val }) };
    }
    let arrays: Vec<_> = files.iter().filter(|file| is_array(file)).cloned().collect();
    let subfolder = |name: &str| Some(folder.join(name)).filter(|folder| folder.is_dir());
    let test = subfolder("test").or_else(|| subfolder("val"));
    let (train, test) = match (subfolder("train"), test) {
        (Some(train), Some(test)) => (train, Some(test)),
        _ => (folder.to_path_buf(), None),
    };
    let any = !pictures(&train)?.is_empty();
    match (arrays.is_empty(), any) {
        (false, true) => {
            Err(DataError::unrecognised(folder, "both arrays (.npy, .npz) and image files; give one kind"))
        }
        (false, false) => Ok(Format::Arrays(arrays)),
        (true, true) => Ok(Format::Files { train, test }),
        (true, false) if names.iter().any(|name| *name == "data_batch_1") => {
            Err(DataError::unrecognised(folder, "CIFAR for Python; its binary version can be read"))
        }
        (true, false) => match files.iter().find(|file| is_table(file)) {
            Some(_) => Err(DataError::unrecognised(folder, "a folder of tables; give one of its files")),
            None => Err(DataError::unrecognised(folder, KNOWN)),
        },
    }
}

/// The files in a folder, by name; hidden ones are left out.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read = |error| DataError::read(folder, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The one set of IDX files among names.
fn idx_set(folder: &Path, names: &[impl AsRef<str>]) -> Result<Option<Set>, DataError> {
    let mut sets: Vec<Set> = Vec::new();
    for name in names {
        let stem = name.as_ref().trim_end_matches(".gz").strip_suffix(IMAGES);
        if let Some(set) = stem.and_then(|stem| Set::of(folder, stem)).filter(|set| !sets.contains(set)) {
            sets.push(set);
        }
    }
    if sets.len() > 1 {
        let names: Vec<_> = sets.iter().map(|set| format!("{}{IMAGES}", set.train)).collect();
        let reason = format!("several sets of images: give the file of one, among {}", names.join(", "));
        return Err(DataError::unrecognised(folder, reason));
    }
    Ok(sets.pop())
}
