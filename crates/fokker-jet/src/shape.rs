//! The shape of a node.

/// Height, width and channels of a node's rows: `height · width` pixels, one after the other along each line, `channels` numbers
/// each (channels last). A plain vector is one pixel.
///
/// ```
/// use fokker_jet::Shape;
/// let image = Shape { height: 28, width: 28, channels: 1 };
/// assert_eq!((image.pixels(), image.len()), (784, 784));
/// assert_eq!(Shape::vector(5), Shape { height: 1, width: 1, channels: 5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Lines.
    pub height: usize,
    /// Pixels of a line.
    pub width: usize,
    /// Numbers of a pixel.
    pub channels: usize,
}

impl Shape {
    /// A vector: one pixel.
    #[must_use]
    pub fn vector(channels: usize) -> Self {
        Self { height: 1, width: 1, channels }
    }

    /// Number of pixels.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Numbers per row.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a shape is no collection")]
    pub fn len(self) -> usize {
        self.pixels() * self.channels
    }

    /// The same pixels with other channels.
    #[must_use]
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }
}
