//! Images as rows of model coordinates.

use rand::Rng;

use super::part::Row;
use crate::data::ImageShape;

/// An image as a row of model coordinates.
pub(super) fn fill_row<R: Rng>(image: Row<'_>, rng: &mut R, row: &mut [f32]) {
    match image {
        Row::Bytes(levels) => dequantise(levels, rng, row),
        Row::Floats(values) => row.copy_from_slice(values),
        Row::Lost => row.fill(f32::NAN),
    }
}

/// (u + U) / 128 − 1 with U uniform in (0, 1): the midpoints of 2¹⁵ equal parts, so that every step is exact in single
/// precision and no value ever leaves its grey level.
fn dequantise<R: Rng>(image: &[u8], rng: &mut R, row: &mut [f32]) {
    assert_eq!(row.len(), image.len(), "a row has as many values as the data has dimensions");
    for (x, &u) in row.iter_mut().zip(image) {
        let part = (rng.next_u32() >> 17) as f32 + 0.5;
        *x = (f32::from(u) + part / 32768.0) / 128.0 - 1.0;
    }
}

/// Exchanges left and right.
pub(super) fn mirror(row: &mut [f32], shape: ImageShape) {
    let channels = shape.channels;
    for line in row.chunks_exact_mut(shape.width * channels) {
        for column in 0..shape.width / 2 {
            for channel in 0..channels {
                line.swap(column * channels + channel, (shape.width - 1 - column) * channels + channel);
            }
        }
    }
}
