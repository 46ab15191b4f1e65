//! Images of the MNIST family: IDX files, plain or gzipped.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::npy::{check_length, fill};
use super::{DataError, ImageShape};

/// Grey images, 8 bits a pixel, row after row, image after image.
#[derive(Clone, Debug)]
pub(super) struct Images {
    pub(super) shape: ImageShape,
    pub(super) pixels: Vec<u8>,
}

impl Images {
    pub(super) fn len(&self) -> usize {
        self.pixels.len() / self.shape.dim()
    }

    pub(super) fn image(&self, index: usize) -> &[u8] {
        let dim = self.shape.dim();
        &self.pixels[index * dim..][..dim]
    }
}

/// Reads `<stem>-images-idx3-ubyte` in `folder`, plain or `.gz`, and its path; checks it against the labels if they are there.
pub(super) fn read_images(folder: &Path, stem: &str) -> Result<(Images, PathBuf), DataError> {
    if !folder.is_dir() {
        return Err(DataError::Missing { path: folder.to_path_buf() });
    }
    let name = format!("{stem}-images-idx3-ubyte");
    let Some(path) = find(folder, &name) else {
        return Err(DataError::Missing { path: folder.join(format!("{name}[.gz]")) });
    };
    let (mut reader, length) = open(&path)?;
    let [count, height, width] = header(&mut reader, &path, "an IDX file of 8-bit images", *b"\0\0\x08\x03")?;
    if count == 0 {
        return Err(DataError::TooFewRows { path, actual: 0, needed: 1 });
    }
    if height == 0 || width == 0 {
        let found = format!("({count}, {height}, {width})");
        return Err(DataError::Shape { path, found, needed: "at least one pixel an image" });
    }
    let pixels = body(&mut reader, &path, length, [count, height, width])?;
    if let Some(labels) = find(folder, &format!("{stem}-labels-idx1-ubyte")) {
        let (mut reader, _) = open(&labels)?;
        let [actual] = header(&mut reader, &labels, "an IDX file of 8-bit labels", *b"\0\0\x08\x01")?;
        if actual != count {
            let (expected, actual) = (count.to_string(), actual.to_string());
            return Err(DataError::Disagree {
                path: labels,
                other: path,
                what: "the number of labels",
                expected,
                actual,
            });
        }
    }
    let shape = ImageShape { height: height as usize, width: width as usize, channels: 1 };
    Ok((Images { shape, pixels }, path))
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let paths = [folder.join(name), folder.join(format!("{name}.gz"))];
    paths.into_iter().find(|path| path.is_file())
}

/// The file's bytes, decompressed if need be, and how many they are where that is known beforehand.
fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), DataError> {
    let file = File::open(path).map_err(|error| DataError::read(path, error))?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Ok((Box::new(MultiGzDecoder::new(BufReader::new(file))), None));
    }
    let length = file.metadata().map_err(|error| DataError::read(path, error))?.len();
    Ok((Box::new(BufReader::new(file)), Some(length)))
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

/// Reads the pixels. Memory grows with the bytes that arrive, so that a header cannot ask for more than the file holds.
fn body(reader: &mut dyn Read, path: &Path, length: Option<u64>, sizes: [u32; 3]) -> Result<Vec<u8>, DataError> {
    let wanted = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    let expected = wanted.and_then(|wanted| wanted.checked_add(16)).unwrap_or(u64::MAX);
    if let Some(actual) = length {
        check_length(path, expected, actual)?;
    }
    let mut pixels = Vec::new();
    // A stream that goes on too long is not followed to its end; one byte more than is wanted makes the checksum be read.
    match reader.take((expected - 16).saturating_add(1)).read_to_end(&mut pixels) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            if pixels.len() as u64 + 16 == expected {
                return Err(DataError::damaged(path, "the compressed stream ends before its checksum"));
            }
        }
        Err(error) => return Err(DataError::read(path, error)),
        Ok(_) => {}
    }
    check_length(path, expected, pixels.len() as u64 + 16)?;
    pixels.shrink_to_fit();
    Ok(pixels)
}
