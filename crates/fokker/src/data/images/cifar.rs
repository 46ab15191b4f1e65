//! CIFAR-10 and CIFAR-100, binary version: <https://www.cs.toronto.edu/~kriz/cifar.html>.
//!
//! A record is one label byte (CIFAR-100: the coarse and the fine one) and 3,072 bytes: red, green and blue planes of 32 × 32.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::loaded::Loaded;
use super::order::Order;
use super::part::Pixels;
use crate::data::input::require;
use crate::data::one_line::{one_line, shown};
use crate::data::{DataError, ImageShape};
use crate::memory;

const SHAPE: ImageShape = ImageShape { height: 32, width: 32, channels: 3 };

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ten,
    Hundred,
}

impl Kind {
    pub(super) const BOTH: [Self; 2] = [Self::Ten, Self::Hundred];

    /// The names of the training files.
    pub(super) fn train(self) -> &'static [&'static str] {
        match self {
            Self::Ten => {
                &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
            }
            Self::Hundred => &["train.bin"],
        }
    }

    /// The name of the test file.
    pub(super) fn test(self) -> &'static str {
        match self {
            Self::Ten => "test_batch.bin",
            Self::Hundred => "test.bin",
        }
    }

    /// The folder that the archive unpacks to.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Ten => "cifar-10-batches-bin",
            Self::Hundred => "cifar-100-binary",
        }
    }

    /// How many labels each byte before an image may have; the last is the finest.
    fn labels(self) -> &'static [u8] {
        match self {
            Self::Ten => &[10],
            Self::Hundred => &[20, 100],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ten => "CIFAR-10 binary",
            Self::Hundred => "CIFAR-100 binary",
        }
    }
}

/// Loads the files in a folder.
pub(super) fn load(kind: Kind, folder: &Path) -> Result<Loaded, DataError> {
    assemble(kind, |name| {
        let path = folder.join(name);
        let bytes = memory::read(&path).map_err(|error| DataError::read(&path, error))?;
        Ok((bytes, path))
    })
}

/// Loads the test images in a folder, or if there are none, the training images.
pub(super) fn load_rows(kind: Kind, folder: &Path) -> Result<(ImageShape, Vec<u8>), DataError> {
    let test = folder.join(kind.test());
    let train = kind.train().iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    let paths = if test.is_file() { vec![test] } else { train.collect() };
    let mut pixels = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).map_err(|error| DataError::read(&path, error))?;
        append(kind, &bytes, &path, &mut pixels, &mut BTreeSet::new())?;
    }
    Ok((SHAPE, pixels))
}

/// Loads the files of an archive (`.tar.gz`), as it is downloaded.
pub(super) fn load_archive(path: &Path) -> Result<Loaded, DataError> {
    let file = File::open(path).map_err(|error| DataError::read(path, error))?;
    read_archive(BufReader::new(file), path)
}

/// Reads the files of an archive.
fn read_archive(reader: impl Read, path: &Path) -> Result<Loaded, DataError> {
    // What the unpackers say of damage quotes the bytes they found.
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => DataError::damaged(path, "the archive ends too early"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            DataError::damaged(path, one_line(&error.to_string(), 80))
        }
        _ => DataError::read(path, error),
    };
    let what = shown(path);
    let mut archive = tar::Archive::new(MultiGzDecoder::new(reader));
    let (mut found, mut total): (Vec<(String, Vec<u8>)>, _) = (Vec::new(), 0);
    // As they stand: extensions of the format, which may be of any length, are not read. The files have short names.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(broken)?.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if Kind::BOTH.iter().any(|kind| kind.train().contains(&&*name) || kind.test() == name) {
            let mut bytes = Vec::new();
            total += memory::read_to_end(&what, &mut entry, &mut bytes).map_err(broken)?;
            require(path, &[2, total])?;
            found.push((name, bytes));
        }
    }
    let first = |kind: &Kind| found.iter().any(|(name, _)| kind.train().contains(&&**name));
    let Some(kind) = Kind::BOTH.into_iter().find(first) else {
        return Err(DataError::unrecognised(path, "an archive, but not one of CIFAR-10 or CIFAR-100 (binary version)"));
    };
    assemble(kind, |name| {
        let inside = path.join(name);
        let at = found.iter().position(|(entry, _)| entry == name);
        let at = at.ok_or_else(|| DataError::Missing { path: inside.clone() })?;
        Ok((found.swap_remove(at).1, inside))
    })
}

/// Puts together the files that `read` gives for each name.
fn assemble(
    kind: Kind, mut read: impl FnMut(&str) -> Result<(Vec<u8>, PathBuf), DataError>,
) -> Result<Loaded, DataError> {
    let (mut train, mut labels) = (Vec::new(), BTreeSet::new());
    for name in kind.train() {
        let (bytes, path) = read(name)?;
        require(&path, &[bytes.len() + train.len() + bytes.len()])?;
        append(kind, &bytes, &path, &mut train, &mut labels)?;
    }
    let (bytes, path) = read(kind.test())?;
    let mut held_out = Vec::new();
    append(kind, &bytes, &path, &mut held_out, &mut BTreeSet::new())?;
    let (train, held_out) = (Pixels::Bytes(train), Some(Pixels::Bytes(held_out)));
    Ok(Loaded { format: kind.name().into(), shape: SHAPE, train, held_out, labels: Some(labels) })
}

/// Appends the images of a file, channels last, and their labels.
fn append(
    kind: Kind, bytes: &[u8], path: &Path, pixels: &mut Vec<u8>, labels: &mut BTreeSet<i64>,
) -> Result<(), DataError> {
    let limits = kind.labels();
    let record = limits.len() + SHAPE.dim();
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        let reason = format!("{} bytes are no whole number of records of {record}", bytes.len());
        return Err(DataError::damaged(path, reason));
    }
    pixels.reserve_exact(bytes.len() / record * SHAPE.dim());
    let (order, mut spare) = (Order::planes(SHAPE), Vec::new());
    for (at, bytes) in bytes.chunks_exact(record).enumerate() {
        let (given, planes) = bytes.split_at(limits.len());
        if let Some((label, limit)) = given.iter().zip(limits).find(|(label, limit)| label >= limit) {
            let reason = format!("image {}: label {label}, but there are {limit} classes", at + 1);
            return Err(DataError::damaged(path, reason));
        }
        labels.extend(given.last().map(|&label| i64::from(label)));
        let start = pixels.len();
        pixels.extend_from_slice(planes);
        order.channels_last(&mut pixels[start..], &mut spare);
    }
    Ok(())
}
