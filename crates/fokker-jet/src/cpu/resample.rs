//! Resampling: a sparse linear map of pixels, the same for all channels.

use super::simd::multiversion;
use crate::{Resampling, Shape};

/// The map: what every line of the result is made of, and every pixel of a line.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    lines: Axis,
    pixels: Axis,
}

/// The map along one axis.
#[derive(Clone, Debug)]
struct Axis {
    /// For every place of the result, the end of its taps.
    ends: Vec<usize>,
    /// Place and coefficient.
    taps: Vec<(usize, f64)>,
    /// Places of the operand.
    from: usize,
}

impl Axis {
    fn new(kind: Resampling, from: usize, to: usize) -> Self {
        let (mut ends, mut taps) = (Vec::new(), Vec::new());
        for at in 0..to {
            taps.extend(kind.taps(at, from));
            ends.push(taps.len());
        }
        Self { ends, taps, from }
    }

    /// The taps of every place of the result, in order.
    fn places(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.taps[std::mem::replace(&mut start, end)..end])
    }

    fn transposed(&self) -> Self {
        let mut columns = vec![Vec::new(); self.from];
        for (place, taps) in self.places().enumerate() {
            taps.iter().for_each(|&(from, c)| columns[from].push((place, c)));
        }
        let ends = columns.iter().scan(0, |end, column| {
            *end += column.len();
            Some(*end)
        });
        Self { ends: ends.collect(), taps: columns.concat(), from: self.ends.len() }
    }
}

impl Taps {
    pub fn new(kind: Resampling, x: Shape) -> Self {
        let y = kind.shape(x);
        Self { lines: Axis::new(kind, x.height, y.height), pixels: Axis::new(kind, x.width, y.width) }
    }

    /// The transposed map.
    pub fn transposed(&self) -> Self {
        Self { lines: self.lines.transposed(), pixels: self.pixels.transposed() }
    }
}

multiversion! {
    /// The map of each image, replacing or added.
    pub(super) fn apply<F: Real>(taps: &Taps, channels: usize, x: &[F], y: &mut [F], add: bool) {
        let Taps { lines, pixels } = taps;
        let (from, to) = (lines.from * pixels.from * channels, lines.ends.len() * pixels.ends.len() * channels);
        for (x, y) in x.chunks_exact(from).zip(y.chunks_exact_mut(to)) {
            let mut pixels_of_y = y.chunks_exact_mut(channels);
            for line in lines.places() {
                for (pixel, y) in pixels.places().zip(&mut pixels_of_y) {
                    if !add {
                        y.fill(F::ZERO);
                    }
                    for &(i, c) in line {
                        for &(j, d) in pixel {
                            let c = F::of(c * d);
                            for (y, &x) in y.iter_mut().zip(&x[(i * pixels.from + j) * channels..][..channels]) {
                                *y = c.multiply_add::<FMA>(x, *y);
                            }
                        }
                    }
                }
            }
        }
    }
}
