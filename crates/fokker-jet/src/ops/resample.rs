//! Resampling: a sparse linear map of pixels, the same for all channels.

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::simd::multiversion;
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, JetSet, Live, NodeId, Shape};

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

/// Twice or half as many pixels along each axis.
#[derive(Debug, PartialEq)]
struct Resample {
    x: NodeId,
    kind: Resampling,
}

impl Graph {
    /// Adds twice or half as many pixels along each axis.
    ///
    /// # Panics
    /// If an odd number of pixels is to be halved.
    ///
    /// ```
    /// use fokker_jet::{Graph, Resampling, Shape};
    /// let mut graph = Graph::new();
    /// let x = graph.image_input(Shape { height: 4, width: 6, channels: 2 });
    /// let y = graph.resample(x, Resampling::Mean);
    /// assert_eq!(graph.shape(y), Shape { height: 2, width: 3, channels: 2 });
    /// ```
    pub fn resample(&mut self, x: NodeId, kind: Resampling) -> NodeId {
        self.push(Resample { x, kind }, kind.shape(self.shape(x)))
    }
}

impl Operation for Resample {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn live(&self, _: &JetSet, operands: &[&Live]) -> Live {
        operands[0].clone()
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let from = site.operands[0].0;
        let taps = Taps::new(self.kind, from);
        Program::new(ResamplePasses { from, to: site.shape, transposed: taps.transposed(), taps })
    }

    // The filter (1, 3, 3, 1) is (1, 1), which is what mean and nearest neighbour are made of, after or before (1, 2, 1).
    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        use burn::tensor::ops::AvgPoolOptions;
        let mean = |x: Jet<4>| x.avg_pool2d(AvgPoolOptions::new([2, 2]).with_stride([2, 2]));
        let x = image::channels_first(operands.value(0), operands.shape(0));
        image::channels_last(match self.kind {
            Resampling::Mean => mean(x),
            Resampling::Nearest => x.upsample_nearest(2),
            Resampling::FirDown => mean(blurred(x)),
            Resampling::FirUp => blurred(x.upsample_nearest(2)),
        })
    }
}

/// The filter (1, 2, 1)/4 along both axes, pixels outside being 0.
#[cfg(feature = "burn")]
fn blurred(x: Jet<4>) -> Jet<4> {
    use burn::tensor::{Tensor, ops::ConvOptions};
    let channels = x.dims()[1];
    let primal = x.primal();
    let filter = Tensor::<1>::from_data([0.25, 0.5, 0.25], (&primal.device(), primal.dtype()));
    let kernel = filter.clone().reshape([1, 1, 3, 1]) * filter.reshape([1, 1, 1, 3]);
    x.conv2d(kernel.expand([channels, 1, 3, 3]), None, ConvOptions::new([1, 1], [1, 1], [1, 1], channels))
}

/// On the CPU: the map of all images of all parts, and the transposed one of their cotangents.
struct ResamplePasses {
    from: Shape,
    to: Shape,
    taps: Taps,
    transposed: Taps,
}

impl<F: Registers> Passes<F> for ResamplePasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let [m, n] = [self.from, self.to].map(|shape| pass.rows * shape.len());
        let x = &pass.operands.of(0)[pass.slots.start * m..pass.slots.end * m];
        let y = &mut pass.y[pass.slots.start * n..pass.slots.end * n];
        apply(&self.taps, self.to.channels, x, y, false);
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let [m, n] = [self.from, self.to].map(|shape| pass.rows * shape.len() * pass.own);
        let y_bar = &pass.y_bar[..n];
        pass.pulls.write(0, |x_bar, add| apply(&self.transposed, self.to.channels, y_bar, &mut x_bar[..m], add));
    }
}

/// The map: what every line of the result is made of, and every pixel of a line.
#[derive(Clone, Debug)]
struct Taps {
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
    fn new(kind: Resampling, x: Shape) -> Self {
        let y = kind.shape(x);
        Self { lines: Axis::new(kind, x.height, y.height), pixels: Axis::new(kind, x.width, y.width) }
    }

    /// The transposed map.
    fn transposed(&self) -> Self {
        Self { lines: self.lines.transposed(), pixels: self.pixels.transposed() }
    }
}

multiversion! {
    /// The map of each image, replacing or added.
    fn apply<F: Real>(taps: &Taps, channels: usize, x: &[F], y: &mut [F], add: bool) {
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
