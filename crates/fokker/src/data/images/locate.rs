//! Finding an array of images in an `.npy` or `.npz` file, and reading it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::array::{Axes, Layout, append, read_layout, values};
use super::part::{self, Pixels};
use crate::data::DataError;
use crate::data::input::check_length;
use crate::data::numpy::array::read_values;
use crate::data::numpy::dtype::Dtype;
use crate::data::numpy::header::{Header, header_text};
use crate::data::one_line::one_line;
use crate::data::zip::read::Archive;

/// The names of the array of images in an archive of several.
pub(super) const ARRAYS: &[&str] = &["images", "data"];

/// An array of images in a file.
pub(super) struct Located {
    file: PathBuf,
    /// The number of the archive's entry; `None` for an `.npy` file.
    entry: Option<usize>,
    /// The name that messages use: the entry's as if the archive were a folder.
    pub(super) path: PathBuf,
    pub(super) layout: Layout,
    axes: Axes,
}

impl Located {
    /// Reads the header of the array of images in a file. In an archive it is the one with the first of `names` that is there, or
    /// if there are no names of it, the only one.
    pub(super) fn find(file: &Path, names: &[&str], axes: Axes) -> Result<Self, DataError> {
        let Opened { entry, path, mut reader, length } = Opened::new(file, names, axes)?;
        let layout = read_layout(&mut *reader, length, axes, &path)?;
        Ok(Self { file: file.to_path_buf(), entry, path, layout, axes })
    }

    /// Whether the array that [`Located::find`] would choose has three dimensions or more, of whatever type it is.
    pub(super) fn is_deep(file: &Path, names: &[&str]) -> bool {
        let header = Opened::new(file, names, Axes::Any).and_then(|mut opened| {
            let (text, _) = header_text(&mut *opened.reader, opened.length, &opened.path)?;
            Header::parse(&text).map_err(|reason| DataError::damaged(&opened.path, reason))
        });
        header.is_ok_and(|header| header.shape.len() > 2)
    }

    /// Reads the images and appends them to `pixels`.
    pub(super) fn append(&self, pixels: &mut Pixels) -> Result<(), DataError> {
        self.read(|reader, layout| append(reader, layout, pixels, &self.path))
    }

    /// The images as numbers, whatever their range.
    pub(super) fn values(&self) -> Result<Vec<f64>, DataError> {
        self.read(|reader, layout| values(reader, layout, &self.path))
    }

    /// Hands the array's bytes after its header to `take`.
    fn read<T>(&self, take: impl FnOnce(&mut dyn Read, &Layout) -> Result<T, DataError>) -> Result<T, DataError> {
        let read = |reader: &mut dyn Read, length: u64| {
            let layout = read_layout(reader, length, self.axes, &self.path)?;
            take(reader, &layout)
        };
        match self.entry {
            Some(entry) => Archive::open(&self.file)?.read(entry, &self.path, read),
            None => open(&self.file).and_then(|(mut reader, length)| read(&mut *reader, length)),
        }
    }

    /// The file and the offset of the array in it, if its images stand there one after another as they are.
    pub(super) fn in_place(&self) -> Result<Option<(File, u64)>, DataError> {
        if self.layout.interleaved || !self.layout.dtype.is_byte() {
            return Ok(None);
        }
        match self.entry {
            Some(entry) => Archive::open(&self.file)?.stored(entry, &self.path),
            None => {
                File::open(&self.file).map(|file| Some((file, 0))).map_err(|error| DataError::read(&self.file, error))
            }
        }
    }

    /// Adds the labels of the archive's array `labels`, if it has one: as many whole numbers as there are images.
    pub(super) fn labels(&self, labels: &mut Option<BTreeSet<i64>>) -> Result<(), DataError> {
        if self.entry.is_none() {
            return Ok(());
        }
        let archive = Archive::open(&self.file)?;
        let Some(entry) = archive.entries.iter().position(|entry| entry.name == "labels.npy") else {
            return Ok(());
        };
        let path = self.file.join("labels.npy");
        let values = archive.read(entry, &path, |reader, length| read_labels(reader, length, &path))?;
        part::require_count(&path, values.len() as u64, &self.path, self.layout.count as u64)?;
        labels.get_or_insert_default().extend(values);
        Ok(())
    }
}

/// An array whose header comes next.
struct Opened {
    entry: Option<usize>,
    path: PathBuf,
    reader: Box<dyn Read>,
    length: u64,
}

impl Opened {
    fn new(file: &Path, names: &[&str], axes: Axes) -> Result<Self, DataError> {
        if !is_archive(file) {
            let (reader, length) = open(file)?;
            return Ok(Self { entry: None, path: file.to_path_buf(), reader, length });
        }
        let archive = Archive::open(file)?;
        let entry = choose(&archive, names, axes, file)?;
        let path = file.join(&archive.entries[entry].name);
        let (reader, length) = archive.open_entry(entry, &path)?;
        Ok(Self { entry: Some(entry), path, reader, length })
    }
}

/// Whether a file's name is that of an archive.
pub(super) fn is_archive(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
}

fn open(file: &Path) -> Result<(Box<dyn Read>, u64), DataError> {
    let reader = File::open(file).map_err(|error| DataError::read(file, error))?;
    let length = reader.metadata().map_err(|error| DataError::read(file, error))?.len();
    Ok((Box::new(BufReader::new(reader)), length))
}

/// The number of the entry that holds the images.
fn choose(archive: &Archive<File>, names: &[&str], axes: Axes, path: &Path) -> Result<usize, DataError> {
    let arrays = || archive.entries.iter().enumerate().filter(|(_, entry)| entry.name.ends_with(".npy"));
    let named = |name: &&str| arrays().find(|(_, entry)| entry.name.strip_suffix(".npy") == Some(name));
    if let Some((at, _)) = names.iter().find_map(named) {
        return Ok(at);
    }
    if let (Axes::Any, Some((at, _)), 1) = (axes, arrays().next(), arrays().count()) {
        return Ok(at);
    }
    let reason = format!("no array called {}", names.join(" or "));
    let names: Vec<String> =
        arrays().take(20).map(|(_, entry)| one_line(entry.name.trim_end_matches(".npy"), 40)).collect();
    let names = if names.is_empty() { "no array".into() } else { names.join(", ") };
    Err(DataError::Array { path: path.to_path_buf(), reason, names })
}

/// Whole numbers, one for each image.
fn read_labels(reader: &mut dyn Read, length: u64, path: &Path) -> Result<Vec<i64>, DataError> {
    let (text, start) = header_text(reader, length, path)?;
    let header = Header::parse(&text).map_err(|reason| DataError::damaged(path, reason))?;
    let Some(dtype) = Dtype::parse(&header.descr).filter(|dtype| !dtype.is_float()) else {
        let reason = format!("element type {}; labels are whole numbers", one_line(&header.descr, 40));
        return Err(DataError::damaged(path, reason));
    };
    let ([count] | [count, 1]) = header.shape[..] else {
        let found = format!("{:?}", header.shape);
        return Err(DataError::Shape { path: path.to_path_buf(), found, needed: "one dimension" });
    };
    let expected = count.checked_mul(dtype.size as u64).and_then(|bytes| bytes.checked_add(start));
    check_length(path, expected.unwrap_or(u64::MAX), length)?;
    let values = read_values(reader, dtype, usize::try_from(count).unwrap_or(usize::MAX), start, path)?;
    Ok(values.into_iter().map(|value| value as i64).collect())
}
