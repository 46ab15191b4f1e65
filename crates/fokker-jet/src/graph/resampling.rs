//! Changing the number of pixels.

use super::Shape;

/// A fixed linear map of pixels, the same for every channel, that halves or doubles height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resampling {
    /// Halves: the mean of 2 × 2 pixels.
    Mean,
    /// Doubles: each pixel becomes 2 × 2 equal ones.
    Nearest,
    /// Halves with the filter (1, 3, 3, 1)/8 along each axis, pixels outside being 0 (Zhang 2019, arXiv 1904.11486; as in
    /// StyleGAN2, Karras et al. 2020, arXiv 1912.04958, and NCSN++).
    FirDown,
    /// Doubles with the filter (1, 3, 3, 1)/4 along each axis, pixels outside being 0.
    FirUp,
}

impl Resampling {
    /// Does it halve height and width?
    #[must_use]
    pub fn halves(self) -> bool {
        matches!(self, Self::Mean | Self::FirDown)
    }

    /// The shape that comes of a shape.
    ///
    /// # Panics
    /// If an odd number of pixels is to be halved.
    #[must_use]
    pub fn shape(self, x: Shape) -> Shape {
        if self.halves() {
            assert!(x.height.is_multiple_of(2) && x.width.is_multiple_of(2), "{self:?} of {} × {}", x.height, x.width);
            Shape { height: x.height / 2, width: x.width / 2, ..x }
        } else {
            Shape { height: 2 * x.height, width: 2 * x.width, ..x }
        }
    }

    /// Along one axis of `length` pixels: what pixel `at` of the result is made of, as (pixel, coefficient).
    pub(crate) fn taps(self, at: usize, length: usize) -> impl Iterator<Item = (usize, f64)> {
        let (first, coefficients): (usize, &[f64]) = match self {
            Self::Mean => (2 * at + 1, &[0.5, 0.5]),
            Self::Nearest => (at / 2 + 1, &[1.0]),
            Self::FirDown => (2 * at, &[0.125, 0.375, 0.375, 0.125]),
            // Pixel 2j lies a quarter to the left of pixel j, 2j + 1 a quarter to its right.
            Self::FirUp if at.is_multiple_of(2) => (at / 2, &[0.25, 0.75]),
            Self::FirUp => (at / 2 + 1, &[0.75, 0.25]),
        };
        // `first` is one too many, so that it does not fall below zero.
        let pixel = move |(i, &c): (usize, &f64)| Some(((first + i).checked_sub(1)?, c));
        coefficients.iter().enumerate().filter_map(pixel).filter(move |&(pixel, _)| pixel < length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(kind: Resampling, from: usize) -> Vec<Vec<f64>> {
        let to = kind.shape(Shape { height: from, width: from, channels: 1 }).height;
        let row = |at| {
            let mut row = vec![0.0; from];
            kind.taps(at, from).for_each(|(i, c)| row[i] += c);
            row
        };
        (0..to).map(row).collect()
    }

    #[test]
    fn a_filter_is_what_the_papers_say() {
        assert_eq!(matrix(Resampling::Mean, 4), [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]);
        assert_eq!(matrix(Resampling::Nearest, 2), [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        assert_eq!(matrix(Resampling::FirDown, 4), [[0.375, 0.375, 0.125, 0.0], [0.0, 0.125, 0.375, 0.375]]);
        assert_eq!(matrix(Resampling::FirUp, 2), [[0.75, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 0.75]]);
    }
}
