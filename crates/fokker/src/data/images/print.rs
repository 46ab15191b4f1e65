//! Telling images that were changed from those that were not.

use std::path::Path;

use super::part::{Pixels, Row};
use crate::data::{DataError, Fingerprint, ImageShape};

/// Of images that have more values than this together, a sample is taken in: data that stays on disk is not read through.
const WHOLE: usize = 1 << 30;

/// So many images, evenly spaced, the first and the last among them.
const SAMPLED: usize = 4096;

/// The digest of arrays of images: their shape, and for each array the number of its images and their values, as bytes or, of
/// floating-point images, as numbers. It is the same in memory and on disk.
pub(in crate::data) fn fingerprint(arrays: &[&Pixels], shape: ImageShape, path: &Path) -> Result<u64, DataError> {
    let mut print = Fingerprint::default();
    print.bytes(b"images");
    print.numbers(&[shape.height, shape.width, shape.channels].map(|size| size as f64));
    let dim = shape.dim();
    for pixels in arrays {
        let count = pixels.len(dim);
        print.numbers(&[count as f64]);
        let sampled = if count.saturating_mul(dim) > WHOLE { SAMPLED.min(count) } else { count };
        for at in 0..sampled {
            pixels.with_image(nth(at, sampled, count), dim, |image| {
                match image.map_err(|error| DataError::read(path, error))? {
                    Row::Bytes(levels) => print.bytes(levels),
                    Row::Floats(values) => values.iter().for_each(|&x| print.numbers(&[f64::from(x)])),
                    Row::Lost => {}
                }
                Ok::<(), DataError>(())
            })?;
        }
    }
    Ok(print.digest())
}

/// The index of image `at` of `sampled` ones among `count`.
fn nth(at: usize, sampled: usize, count: usize) -> usize {
    if sampled == count { at } else { (at as u64 * (count as u64 - 1) / (sampled as u64 - 1)) as usize }
}

#[cfg(test)]
mod tests {
    use super::nth;

    #[test]
    fn a_sample_is_spread_from_the_first_image_to_the_last() {
        assert!((0..7).all(|at| nth(at, 7, 7) == at));
        let some: Vec<usize> = (0..4).map(|at| nth(at, 4, 10)).collect();
        assert_eq!(some, [0, 3, 6, 9]);
        assert_eq!(nth(4095, 4096, 1 << 40), (1 << 40) - 1);
    }
}
