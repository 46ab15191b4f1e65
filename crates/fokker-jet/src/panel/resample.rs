//! Resampling: a sparse linear map of pixels, the same for all channels.

use super::simd::multiversion;
use crate::{Resampling, Shape};

/// The map, pixel by pixel of the result: what it is made of.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    /// For every pixel of the result, the end of its taps.
    ends: Vec<usize>,
    /// Pixel and coefficient.
    taps: Vec<(usize, f64)>,
    /// Pixels of the operand.
    from: usize,
}

impl Taps {
    /// The taps of both axes multiplied.
    pub fn new(kind: Resampling, x: Shape) -> Self {
        let y = kind.shape(x);
        let (mut ends, mut taps) = (Vec::new(), Vec::new());
        for line in 0..y.height {
            for pixel in 0..y.width {
                for (i, c) in kind.taps(line, x.height) {
                    taps.extend(kind.taps(pixel, x.width).map(|(j, d)| (i * x.width + j, c * d)));
                }
                ends.push(taps.len());
            }
        }
        Self { ends, taps, from: x.pixels() }
    }

    /// The transposed map.
    pub fn transposed(&self) -> Self {
        let mut columns = vec![Vec::new(); self.from];
        let mut start = 0;
        for (pixel, &end) in self.ends.iter().enumerate() {
            for &(from, c) in &self.taps[start..end] {
                columns[from].push((pixel, c));
            }
            start = end;
        }
        let ends = columns.iter().scan(0, |end, column| {
            *end += column.len();
            Some(*end)
        });
        Self { ends: ends.collect(), taps: columns.concat(), from: self.ends.len() }
    }
}

multiversion! {
    /// The map of each image, replacing or added.
    pub(super) fn apply<F: Real>(taps: &Taps, channels: usize, x: &[F], y: &mut [F], add: bool) {
        let images = x.chunks_exact(taps.from * channels).zip(y.chunks_exact_mut(taps.ends.len() * channels));
        for (x, y) in images {
            let mut start = 0;
            for (y, &end) in y.chunks_exact_mut(channels).zip(&taps.ends) {
                if !add {
                    y.fill(F::ZERO);
                }
                for &(pixel, c) in &taps.taps[start..end] {
                    let c = F::of(c);
                    for (y, &x) in y.iter_mut().zip(&x[pixel * channels..][..channels]) {
                        *y = c.multiply_add::<FMA>(x, *y);
                    }
                }
                start = end;
            }
        }
    }
}
