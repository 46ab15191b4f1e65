//! Contact sheets: many images in one picture, as PNG.

use super::{DataError, ImageShape};

/// Pixels between two images of a sheet, and their grey.
const GAP: usize = 2;
const GAP_LEVEL: u8 = 128;

/// Draws images as one PNG, `columns` to a row, with thin grey lines between them, and returns the file's bytes.
///
/// `images` holds n × height × width × channels values; [−1, 1] spans the 256 levels as in the pixels of
/// [`DataConfig::Images`](super::DataConfig::Images), values outside are cut off and NaN is black.
///
/// # Errors
/// [`DataError::ContactSheet`] if there is no image or not a whole number of them, `columns` is 0, a pixel has neither 1 nor 3 values,
/// or the picture is larger than a PNG may be.
///
/// ```
/// use fokker::data::{ImageShape, contact_sheet};
/// let shape = ImageShape { height: 1, width: 2, channels: 1 };
/// let bytes = contact_sheet(&[-1.0, 0.0, 0.5, 1.0], shape, 1)?;
/// assert_eq!(&bytes[1..4], b"PNG");
/// # Ok::<(), fokker::data::DataError>(())
/// ```
pub fn contact_sheet(images: &[f32], shape: ImageShape, columns: usize) -> Result<Vec<u8>, DataError> {
    let color = match shape.channels {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        other => return Err(refuse(format!("{other} channels; 1 or 3 can be drawn"))),
    };
    if columns == 0 {
        return Err(refuse("columns = 0; at least 1 is needed"));
    }
    let dim = shape.dim();
    if dim == 0 || images.is_empty() || !images.len().is_multiple_of(dim) {
        let reason = format!("{} values are no whole number of images of {}", images.len(), dim);
        return Err(refuse(reason));
    }
    let count = images.len() / dim;
    let columns = columns.min(count);
    let span = |size: usize, count: usize| {
        size.checked_add(GAP)?.checked_mul(count).and_then(|pixels| u32::try_from(pixels - GAP).ok())
    };
    let sizes = span(shape.width, columns).zip(span(shape.height, count.div_ceil(columns)));
    // The decoders' usual limit; also keeps the buffer below within bounds.
    let Some((width, height)) = sizes.filter(|&(width, height)| u64::from(width) * u64::from(height) <= 1 << 28) else {
        return Err(refuse("more than 2^28 pixels"));
    };
    let pixels = place(images, shape, columns, width as usize, height as usize);
    encode(&pixels, width, height, color).map_err(|error| refuse(error.to_string()))
}

fn refuse(reason: impl Into<String>) -> DataError {
    DataError::ContactSheet { reason: reason.into() }
}

/// The sheet's pixels.
fn place(images: &[f32], shape: ImageShape, columns: usize, width: usize, height: usize) -> Vec<u8> {
    let stride = shape.width * shape.channels;
    let mut pixels = vec![GAP_LEVEL; width * height * shape.channels];
    for (index, image) in images.chunks_exact(shape.dim()).enumerate() {
        let (x, y) = (index % columns * (shape.width + GAP), index / columns * (shape.height + GAP));
        for (row, values) in image.chunks_exact(stride).enumerate() {
            let start = ((y + row) * width + x) * shape.channels;
            for (pixel, &value) in pixels[start..start + stride].iter_mut().zip(values) {
                // The cast saturates and takes NaN to 0.
                *pixel = ((value + 1.0) * 128.0) as u8;
            }
        }
    }
    pixels
}

fn encode(pixels: &[u8], width: u32, height: u32, color: png::ColorType) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn images_are_placed_row_by_row() {
        let shape = ImageShape { height: 1, width: 1, channels: 1 };
        let images = [-1.0, 1.0, f32::NAN, 9.0, -9.0];
        let bytes = contact_sheet(&images, shape, 3).unwrap();
        let (width, height, pixels) = decode(&bytes);
        assert_eq!((width, height), (7, 4));
        assert_eq!([pixels[0], pixels[3], pixels[6], pixels[21], pixels[24]], [0, 255, 0, 255, 0]);
        assert_eq!(pixels[27], GAP_LEVEL);
        let colour = ImageShape { height: 1, width: 1, channels: 3 };
        let (.., pixels) = decode(&contact_sheet(&[-1.0, 0.0, 1.0], colour, 9).unwrap());
        assert_eq!(pixels, [0, 128, 255]);
    }

    #[test]
    fn impossible_sheets_are_refused() {
        let shape = |height, width, channels| ImageShape { height, width, channels };
        for (images, shape, columns) in [
            (&[][..], shape(1, 1, 1), 1),
            (&[0.0; 3][..], shape(1, 2, 1), 1),
            (&[0.0; 2][..], shape(1, 2, 1), 0),
            (&[0.0; 2][..], shape(1, 1, 2), 1),
            (&[0.0; 2][..], shape(usize::MAX, 2, 1), 1),
            (&[0.0; 2][..], shape(0, 2, 1), 1),
        ] {
            assert!(matches!(contact_sheet(images, shape, columns), Err(DataError::ContactSheet { .. })));
        }
    }
}
