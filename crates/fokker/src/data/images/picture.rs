//! One image file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::data::one_line::{one_line, shown};
use crate::data::{DataError, ImageShape};
use crate::memory;

/// What a picture may take in memory: this much, and this much for each byte of its file. Compressed pictures of a single colour
/// are the extreme; only damaged or malicious files ask for more.
const BASE: u64 = 64 << 20;
const PER_BYTE: u64 = 1000;

/// What names of image files end in.
const EXTENSIONS: [&str; 13] =
    ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "pbm", "pgm", "ppm", "pnm", "pam"];

/// Whether a file's name is that of an image.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// What a picture takes to decode, in units of its pixels as they are stored.
const COPIES: u64 = 3;

/// The size of a picture, and whether it has colours, from its header; and the bytes that it takes to decode it.
pub(super) fn measure(path: &Path) -> Result<(ImageShape, u64), DataError> {
    let decoder = open(path)?.into_decoder().map_err(|error| broken(path, &error))?;
    let (width, height) = decoder.dimensions();
    let channels = if decoder.color_type().has_color() { 3 } else { 1 };
    let decoded = decoder.total_bytes();
    if width == 0 || height == 0 {
        return Err(DataError::Picture { path: path.to_path_buf(), reason: "it has no pixels".into() });
    }
    let shape = ImageShape { height: height as usize, width: width as usize, channels };
    // Of other channels, and cropped.
    Ok((shape, decoded.saturating_mul(COPIES).saturating_add(2 * shape.dim() as u64)))
}

/// Decodes a picture and appends it to `pixels`, channels last, 8 bits each; transparency is dropped, of an animation the first frame is taken.
///
/// With a `size`, its central square is resized to that (Catmull–Rom, smoothed where it shrinks).
pub(super) fn decode(
    path: &Path, size: Option<usize>, shape: ImageShape, pixels: &mut Vec<u8>,
) -> Result<(), DataError> {
    let mut picture = open(path)?.decode().map_err(|error| broken(path, &error))?;
    if let Some(size) = size.and_then(|size| u32::try_from(size).ok()) {
        let (width, height) = (picture.width(), picture.height());
        let side = width.min(height);
        // Transparent pixels may have any colour: it is dropped first, lest it be mixed in.
        picture = if shape.channels == 1 { picture.into_luma8().into() } else { picture.into_rgb8().into() };
        picture = picture.crop_imm((width - side) / 2, (height - side) / 2, side, side);
        picture = picture.resize_exact(size, size, FilterType::CatmullRom);
    }
    let values = values(picture, shape.channels);
    if values.len() != shape.dim() {
        let reason = "its pixels are not as many as its header says".into();
        return Err(DataError::Picture { path: path.to_path_buf(), reason });
    }
    pixels.extend_from_slice(&values);
    Ok(())
}

fn values(picture: DynamicImage, channels: usize) -> Vec<u8> {
    if channels == 1 { picture.into_luma8().into_raw() } else { picture.into_rgb8().into_raw() }
}

/// A reader that goes by the first bytes, or if they say nothing, by the name.
fn open(path: &Path) -> Result<ImageReader<BufReader<File>>, DataError> {
    let read = |error| DataError::read(path, error);
    let about = std::fs::metadata(path).map_err(read)?;
    if !about.is_file() {
        return Err(DataError::Picture { path: path.to_path_buf(), reason: "it is no ordinary file".into() });
    }
    let length = about.len();
    // Some decoders begin with the whole file.
    memory::require(&shown(path), length.saturating_mul(2))?;
    let file = ImageReader::open(path).map_err(read)?;
    let mut reader = file.with_guessed_format().map_err(read)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(length.saturating_mul(PER_BYTE).saturating_add(BASE));
    reader.limits(limits);
    Ok(reader)
}

fn broken(path: &Path, error: &image::ImageError) -> DataError {
    DataError::Picture { path: path.to_path_buf(), reason: one_line(&error.to_string(), 200) }
}
