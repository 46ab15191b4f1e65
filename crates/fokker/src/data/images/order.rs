//! The order of an image's values in a file.

use crate::data::ImageShape;

/// The order of an image's values: how far apart neighbours are in height, width and channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    shape: ImageShape,
    steps: [usize; 3],
}

impl Order {
    /// An order by its steps.
    pub(super) fn new(shape: ImageShape, steps: [usize; 3]) -> Self {
        Self { shape, steps }
    }

    /// Plane after plane, each row after row: how CIFAR and ImageNet 32×32 are stored.
    pub(super) fn planes(shape: ImageShape) -> Self {
        Self { shape, steps: [shape.width, 1, shape.height * shape.width] }
    }

    /// Column after column, in one channel.
    pub(super) fn transposed(shape: ImageShape) -> Self {
        Self { shape, steps: [1, shape.height, 1] }
    }

    /// Brings an image into the order height, width, channels; `spare` is overwritten.
    pub(super) fn channels_last<T: Copy>(&self, image: &mut [T], spare: &mut Vec<T>) {
        let ImageShape { height, width, channels } = self.shape;
        let [down, right, deep] = self.steps;
        if self.steps == [width * channels, channels, 1] || channels == 1 && [down, right] == [width, 1] {
            return;
        }
        spare.clear();
        spare.extend_from_slice(image);
        let mut at = 0;
        for y in 0..height {
            for x in 0..width {
                for channel in 0..channels {
                    image[at] = spare[y * down + x * right + channel * deep];
                    at += 1;
                }
            }
        }
    }
}
