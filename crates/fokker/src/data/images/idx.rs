//! Images of the MNIST family: IDX files, plain or gzipped.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::loaded::Loaded;
use super::order::Order;
use super::part::{Pixels, require_count};
use super::shapes::require_shape;
use crate::data::input::{check_length, fill};
use crate::data::one_line::shown;
use crate::data::{DataError, ImageShape};
use crate::memory;

/// What the names of files of images end in, before any `.gz`.
pub(super) const IMAGES: &str = "-images-idx3-ubyte";

/// Training and test files in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) folder: PathBuf,
    /// What the names of the training files start with.
    pub(super) train: String,
    /// What the names of the test files start with.
    pub(super) test: String,
}

impl Set {
    /// The set to which files with names that start with `stem` belong: MNIST's `train` and `t10k`, or EMNIST's
    /// `emnist-SPLIT-train` and `emnist-SPLIT-test`.
    pub(super) fn of(folder: &Path, stem: &str) -> Option<Self> {
        let set = |train: String, test: String| Self { folder: folder.to_path_buf(), train, test };
        match stem {
            "train" | "t10k" => Some(set("train".into(), "t10k".into())),
            _ => {
                let split = stem.strip_suffix("-train").or_else(|| stem.strip_suffix("-test"))?;
                split.starts_with("emnist-").then(|| set(format!("{split}-train"), format!("{split}-test")))
            }
        }
    }

    /// The file of the test images, or if there is none, of the training images.
    pub(super) fn own(&self) -> Result<PathBuf, DataError> {
        let file = |stem: &str| find(&self.folder, &format!("{stem}{IMAGES}"));
        let missing = || DataError::Missing { path: self.folder.join(format!("{}{IMAGES}[.gz]", self.test)) };
        file(&self.test).or_else(|| file(&self.train)).ok_or_else(missing)
    }

    /// EMNIST's name for its split.
    fn emnist(&self) -> Option<&str> {
        self.train.strip_prefix("emnist-")?.strip_suffix("-train")
    }
}

/// Loads the images; labels are read if they are there.
///
/// EMNIST's files hold each image column after column; they are transposed, so that letters stand upright.
pub(super) fn load(set: &Set) -> Result<Loaded, DataError> {
    let mut labels = None;
    let (shape, mut train, train_path) = read_images(&set.folder, &set.train, &mut labels)?;
    let (test_shape, mut held_out, path) = read_images(&set.folder, &set.test, &mut None)?;
    require_shape(&path, test_shape, &train_path, shape)?;
    let (format, shape) = match set.emnist() {
        None => ("IDX files (MNIST family)".into(), shape),
        Some(split) => {
            let upright = upright(shape, &mut train);
            self::upright(shape, &mut held_out);
            (format!("IDX files (EMNIST {split})"), upright)
        }
    };
    let (train, held_out) = (Pixels::Bytes(train), Some(Pixels::Bytes(held_out)));
    Ok(Loaded { format, shape, train, held_out, labels })
}

/// Loads the images of a single file.
pub(super) fn load_file(path: &Path) -> Result<(ImageShape, Vec<u8>), DataError> {
    let (shape, mut images) = read_file(path)?;
    let is_emnist = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("emnist-"));
    Ok((if is_emnist { upright(shape, &mut images) } else { shape }, images))
}

/// Transposes images, and gives the shape that they have then.
fn upright(shape: ImageShape, images: &mut [u8]) -> ImageShape {
    let upright = ImageShape { height: shape.width, width: shape.height, channels: 1 };
    let (order, mut spare) = (Order::transposed(upright), Vec::new());
    images.chunks_exact_mut(shape.dim()).for_each(|image| order.channels_last(image, &mut spare));
    upright
}

/// Reads `STEM-images-idx3-ubyte` in `folder`, plain or `.gz`, and its path; checks it against the labels if they are there.
fn read_images(
    folder: &Path, stem: &str, classes: &mut Option<BTreeSet<i64>>,
) -> Result<(ImageShape, Vec<u8>, PathBuf), DataError> {
    let name = format!("{stem}{IMAGES}");
    let Some(path) = find(folder, &name) else {
        return Err(DataError::Missing { path: folder.join(format!("{name}[.gz]")) });
    };
    let (shape, pixels) = read_file(&path)?;
    if let Some(labels) = find(folder, &format!("{stem}-labels-idx1-ubyte")) {
        let (mut reader, length) = open(&labels)?;
        let [actual] = header(&mut reader, &labels, "an IDX file of 8-bit labels", *b"\0\0\x08\x01")?;
        require_count(&labels, u64::from(actual), &path, (pixels.len() / shape.dim()) as u64)?;
        let values = body(&mut reader, &labels, length, 8, &[actual])?;
        *classes = Some(values.into_iter().map(i64::from).collect());
    }
    Ok((shape, pixels, path))
}

/// Reads a file of images, plain or `.gz`.
fn read_file(path: &Path) -> Result<(ImageShape, Vec<u8>), DataError> {
    let (mut reader, length) = open(path)?;
    read(&mut *reader, length, path)
}

/// How many bytes a reader has.
#[derive(Clone, Copy)]
enum Length {
    Known(u64),
    /// Compressed bytes can be no more.
    AtMost(u64),
}

/// Bytes that a compressed one can stand for, by the format (RFC 1951): 258 in two bits.
const EXPANSION: u64 = 1032;

/// Reads images from bytes, of which there are `length`.
fn read(reader: &mut dyn Read, length: Length, path: &Path) -> Result<(ImageShape, Vec<u8>), DataError> {
    let [count, height, width] = header(reader, path, "an IDX file of 8-bit images", *b"\0\0\x08\x03")?;
    let path = || path.to_path_buf();
    if count == 0 {
        return Err(DataError::TooFewRows { path: path(), actual: 0, needed: 1 });
    }
    if height == 0 || width == 0 {
        let found = format!("({count}, {height}, {width})");
        return Err(DataError::Shape { path: path(), found, needed: "at least one pixel an image" });
    }
    let pixels = body(reader, &path(), length, 16, &[count, height, width])?;
    Ok((ImageShape { height: height as usize, width: width as usize, channels: 1 }, pixels))
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let paths = [folder.join(name), folder.join(format!("{name}.gz"))];
    paths.into_iter().find(|path| path.is_file())
}

/// The file's bytes, decompressed if need be, and how many they are, as far as that is known beforehand.
fn open(path: &Path) -> Result<(Box<dyn Read>, Length), DataError> {
    let file = File::open(path).map_err(|error| DataError::read(path, error))?;
    let length = file.metadata().map_err(|error| DataError::read(path, error))?.len();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let most = Length::AtMost(length.saturating_mul(EXPANSION));
        return Ok((Box::new(MultiGzDecoder::new(BufReader::new(file))), most));
    }
    Ok((Box::new(BufReader::new(file)), Length::Known(length)))
}

/// Checks the magic number and reads the sizes after it.
fn header<const N: usize>(
    reader: &mut dyn Read, path: &Path, format: &'static str, magic: [u8; 4],
) -> Result<[u32; N], DataError> {
    let mut bytes = [0; 16];
    let bytes = &mut bytes[..4 + 4 * N];
    let read = fill(reader, bytes).map_err(|error| DataError::read(path, error))?;
    if read < 4 || bytes[..4] != magic {
        return Err(DataError::magic(path, format, &bytes[..read]));
    }
    if read < bytes.len() {
        return Err(DataError::Truncated {
            path: path.to_path_buf(),
            expected: bytes.len() as u64,
            actual: read as u64,
        });
    }
    let mut sizes = [0; N];
    for (size, bytes) in sizes.iter_mut().zip(bytes[4..].chunks_exact(4)) {
        *size = bytes.iter().fold(0, |size, &byte| size << 8 | u32::from(byte));
    }
    Ok(sizes)
}

/// Reads the values after a header of `start` bytes. Memory is taken by the bytes that arrive, so that a header cannot take more
/// than the file holds.
fn body(reader: &mut dyn Read, path: &Path, length: Length, start: u64, sizes: &[u32]) -> Result<Vec<u8>, DataError> {
    let wanted = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    let expected = wanted.and_then(|wanted| wanted.checked_add(start)).unwrap_or(u64::MAX);
    let most = match length {
        Length::Known(actual) => check_length(path, expected, actual).map(|()| actual)?,
        Length::AtMost(most) => most,
    };
    let mut values = Vec::new();
    // A header that promises more than there can be is wrong, and is told so in time. Else all is asked for before the first is taken;
    // room that is never written to costs nothing.
    if expected <= most {
        memory::require(&shown(path), expected)?;
        let room = usize::try_from(expected - start).unwrap_or(usize::MAX).saturating_add(1);
        values.try_reserve_exact(room).map_err(|error| DataError::read(path, error.into()))?;
    }
    // A stream that goes on too long is not followed to its end; one byte more than is wanted makes the checksum be read.
    let mut reader = reader.take((expected - start).saturating_add(1));
    match memory::read_to_end(&shown(path), &mut reader, &mut values) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            if values.len() as u64 + start == expected {
                return Err(DataError::damaged(path, "the compressed stream ends before its checksum"));
            }
        }
        Err(error) => return Err(DataError::read(path, error)),
        Ok(_) => {}
    }
    check_length(path, expected, values.len() as u64 + start)?;
    values.shrink_to_fit();
    Ok(values)
}
