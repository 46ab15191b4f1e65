//! The shape of images.

use std::fmt;

use fokker_jet::Shape;
use serde::{Deserialize, Serialize};

/// The shape of an image. Its values are stored row after row, the channels of a pixel together.
///
/// ```
/// let shape = fokker::data::ImageShape { height: 28, width: 28, channels: 1 };
/// assert_eq!(shape.dim(), 784);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Values of a pixel: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
}

impl ImageShape {
    /// The number of values, height × width × channels (saturating).
    ///
    /// ```
    /// assert_eq!(fokker::data::ImageShape { height: 2, width: 3, channels: 3 }.dim(), 18);
    /// ```
    #[must_use]
    pub fn dim(&self) -> usize {
        self.height.saturating_mul(self.width).saturating_mul(self.channels)
    }
}

impl fmt::Display for ImageShape {
    /// Height × width, and × channels where there is more than one of these.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.height, self.width)?;
        if self.channels == 1 { Ok(()) } else { write!(f, "×{}", self.channels) }
    }
}

impl From<ImageShape> for Shape {
    fn from(ImageShape { height, width, channels }: ImageShape) -> Self {
        Self { height, width, channels }
    }
}
