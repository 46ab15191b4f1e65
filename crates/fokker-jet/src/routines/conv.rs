//! Convolution of images as matrix products, with no copy of windows: with zeros around the image, the part of a pixel's window that
//! lies in one line is one run of memory, so that a product reads its terms where they are, in one segment per line.

use super::dense::{self, Scratch, Weight};
use super::matrix::{self, Factors, Onto, Place, Steps, Target, View};
use super::simd::multiversion;
use super::vector::Registers;
use crate::{Real, Shape};

/// An image with zeros around it: `radius` lines above and below and `radius` pixels before each line, which stand after the line
/// before as well.
#[derive(Clone, Copy)]
struct Padded {
    shape: Shape,
    radius: usize,
}

impl Padded {
    /// Numbers from one line to the next.
    fn line(self) -> usize {
        (self.shape.width + self.radius) * self.shape.channels
    }

    /// Numbers of an image.
    fn size(self) -> usize {
        (self.shape.height + 2 * self.radius) * self.line() + self.radius * self.shape.channels
    }

    /// Copies images, one after the other.
    fn fill<'a, F: Real>(self, images: &[F], to: &'a mut Vec<F>) -> &'a [F] {
        let Self { shape, radius } = self;
        let (line, before, own) = (self.line(), radius * shape.channels, shape.width * shape.channels);
        let size = images.len() / shape.len() * self.size();
        if to.len() < size {
            to.resize(size, F::ZERO);
        }
        let to = &mut to[..size];
        for (to, image) in to.chunks_exact_mut(self.size()).zip(images.chunks_exact(shape.len())) {
            let (top, rest) = to.split_at_mut(radius * line);
            top.fill(F::ZERO);
            let (lines, bottom) = rest.split_at_mut(shape.height * line);
            for (to, from) in lines.chunks_exact_mut(line).zip(image.chunks_exact(own)) {
                to[..before].fill(F::ZERO);
                to[before..].copy_from_slice(from);
            }
            bottom.fill(F::ZERO);
        }
        to
    }

    /// Pixels from the first to the last of the image, those between its lines included.
    fn run(self) -> usize {
        (self.shape.height - 1) * (self.shape.width + self.radius) + self.shape.width
    }
}

/// A convolution's shape: that of its input, its kernel and its output's channels.
#[derive(Clone, Copy)]
pub(crate) struct Geometry {
    pub shape: Shape,
    pub kernel: usize,
    pub channels: usize,
}

impl Geometry {
    fn padded(self) -> Padded {
        Padded { shape: self.shape, radius: self.kernel / 2 }
    }

    /// Numbers of an image with zeros around it, on the way forward or back, whichever is more.
    pub fn padded_size(self) -> usize {
        self.padded().size().max(self.reversed().padded().size())
    }

    /// The convolution that the cotangents take.
    fn reversed(self) -> Self {
        Self { shape: self.shape.with_channels(self.channels), channels: self.shape.channels, ..self }
    }
}

/// `Y = X ⋆ W` of each image, plus `bias` in the first `biased` ones.
pub(crate) fn forward<F: Registers>(
    biased: usize, g: Geometry, x: &[F], w: Weight<F>, bias: &[F], y: &mut [F], scratch: &mut Scratch<F>,
) {
    let tap = |tap: usize| Place { offset: tap * w.k * w.n, rs: w.n, cs: 1 };
    let (first, rest) = y.split_at_mut(biased * g.shape.pixels() * g.channels);
    let (x, more) = x.split_at(biased * g.shape.len());
    convolve(g, x, w, tap, first, Onto::Row(bias), scratch);
    convolve(g, more, w, tap, rest, Onto::Zero, scratch);
}

/// `X̄` of each image, replacing or added: the convolution of Ȳ with the kernel rotated by 180° and transposed, whose micro-panels `w` has.
pub(crate) fn reverse_input<F: Registers>(
    g: Geometry, y_bar: &[F], w: Weight<F>, x_bar: &mut [F], add: bool, scratch: &mut Scratch<F>,
) {
    let taps = g.kernel * g.kernel;
    let tap = |tap: usize| Place { offset: (taps - 1 - tap) * w.k * w.n, rs: 1, cs: w.n };
    convolve(g.reversed(), y_bar, w, tap, x_bar, if add { Onto::Result } else { Onto::Zero }, scratch);
}

/// The convolution of images. `tap` says where a pixel of the kernel has its matrix in the flat weights.
fn convolve<F: Registers>(
    g: Geometry, x: &[F], w: Weight<F>, tap: impl Fn(usize) -> Place, y: &mut [F], onto: Onto<F>,
    scratch: &mut Scratch<F>,
) {
    let Geometry { shape, kernel, channels } = g;
    let images = x.len() / shape.len();
    if images == 0 {
        return;
    }
    let padded = g.padded();
    let line = padded.line();
    let x = padded.fill(x, &mut scratch.padded);
    if dense::packs(channels) {
        let windows = View {
            values: x,
            rs: shape.channels,
            cs: 1,
            images: Steps { count: images, length: padded.size() },
            lines: Steps { count: shape.height, length: line },
            segments: Steps { count: kernel, length: line },
        };
        let y = Target { values: y, rs: channels, line: shape.width * channels };
        matrix::product(shape.width, kernel * shape.channels, windows, w.micro_panels, y, onto);
        return;
    }
    let packed = &mut scratch.spread;
    packed.clear();
    for channel in 0..channels {
        for Place { offset, rs, cs } in (0..kernel * kernel).map(&tap) {
            packed.extend((0..shape.channels).map(|c| w.flat[offset + c * rs + channel * cs]));
        }
    }
    let windows = Windows { shape, kernel, line };
    let (row, add) = match onto {
        Onto::Zero => (None, false),
        Onto::Row(row) => (Some(row), false),
        Onto::Result => (None, true),
    };
    for (x, y) in x.chunks_exact(padded.size()).zip(y.chunks_exact_mut(shape.pixels() * channels)) {
        dot_products(windows, channels, x, packed, y, row, add);
    }
}

/// The windows of an image with zeros around it.
#[derive(Clone, Copy)]
struct Windows {
    shape: Shape,
    kernel: usize,
    line: usize,
}

multiversion! {
    /// The convolution of one image to few channels: for each a dot product over the window. `w` holds the kernel channel by channel.
    fn dot_products<F: Real>(
        windows: Windows, channels: usize, x: &[F], w: &[F], y: &mut [F], bias: Option<&[F]>, add: bool
    ) {
        const LANES: usize = 16;
        let Windows { shape, kernel, line } = windows;
        let depth = kernel * shape.channels;
        let mut pixels = y.chunks_exact_mut(channels);
        for i in 0..shape.height {
            for j in 0..shape.width {
                let Some(y) = pixels.next() else { return };
                let window = &x[i * line + j * shape.channels..];
                for (o, (y, w)) in y.iter_mut().zip(w.chunks_exact(kernel * depth)).enumerate() {
                    let mut lanes = [F::ZERO; LANES];
                    for (d, w) in w.chunks_exact(depth).enumerate() {
                        let x = &window[d * line..][..depth];
                        let (x, w) = (x.chunks_exact(LANES), w.chunks_exact(LANES));
                        for (l, (&x, &w)) in x.remainder().iter().zip(w.remainder()).enumerate() {
                            lanes[l] = x.multiply_add::<FMA>(w, lanes[l]);
                        }
                        for (x, w) in x.zip(w) {
                            for l in 0..LANES {
                                lanes[l] = x[l].multiply_add::<FMA>(w[l], lanes[l]);
                            }
                        }
                    }
                    for half in [8, 4, 2, 1] {
                        for l in 0..half {
                            lanes[l] += lanes[l + half];
                        }
                    }
                    let start = if add { *y } else { bias.map_or(F::ZERO, |bias| bias[o]) };
                    *y = start + lanes[0];
                }
            }
        }
    }
}

/// `W̄` of all images, replacing or added.
pub(crate) fn reverse_weight<F: Registers>(
    g: Geometry, x: &[F], y_bar: &[F], w_bar: &mut [F], add: bool, scratch: &mut Scratch<F>,
) {
    let Geometry { shape, kernel, channels } = g;
    let (of_x, of_y) = (shape.len(), shape.pixels() * channels);
    let padded = g.padded();
    let line = padded.line();
    let k = kernel * shape.channels;
    if x.is_empty() && !add {
        w_bar.fill(F::ZERO);
    }
    // Moved out, so that the rest of the scratch memory can be borrowed.
    let (mut image, mut run) = (std::mem::take(&mut scratch.padded), std::mem::take(&mut scratch.spread));
    for (i, (x, y_bar)) in x.chunks_exact(of_x).zip(y_bar.chunks_exact(of_y)).enumerate() {
        let add = add || i > 0;
        let x = padded.fill(x, &mut image);
        let narrow = !dense::packs(channels);
        if narrow {
            spread(y_bar, shape.width * channels, line / shape.channels * channels, &mut run);
        }
        for (d, w_bar) in w_bar.chunks_exact_mut(k * channels).enumerate() {
            let x = &x[d * line..];
            let x_rs = shape.channels;
            if narrow {
                let f = Factors {
                    lines: 1,
                    rows: padded.run(),
                    k,
                    n: channels,
                    x,
                    x_rs,
                    x_line: 0,
                    y: &run,
                    y_rs: channels,
                };
                dense::narrow_weight(f, w_bar, add, scratch);
            } else {
                let (lines, rows) = (shape.height, shape.width);
                let f = Factors { lines, rows, k, n: channels, x, x_rs, x_line: line, y: y_bar, y_rs: channels };
                matrix::transposed_product(f, w_bar, add, &mut scratch.packed);
            }
        }
    }
    (scratch.padded, scratch.spread) = (image, run);
}

/// Copies lines so that they begin further apart, with zeros between.
fn spread<F: Real>(from: &[F], line: usize, apart: usize, to: &mut Vec<F>) {
    to.clear();
    for from in from.chunks_exact(line) {
        to.extend_from_slice(from);
        to.resize(to.len() + apart - line, F::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routines::testing::{numbers, on_every_instruction_set, packed};

    /// The definition: calls `term(x, w, y)` with the places of every term of the sum, of one image.
    fn terms(g: Geometry, mut term: impl FnMut(usize, usize, usize)) {
        let (Shape { height, width, channels }, r) = (g.shape, g.kernel / 2);
        for (i, j) in (0..height).flat_map(|i| (0..width).map(move |j| (i, j))) {
            for (d, e) in (0..g.kernel).flat_map(|d| (0..g.kernel).map(move |e| (d, e))) {
                let (Some(line), Some(pixel)) = ((i + d).checked_sub(r), (j + e).checked_sub(r)) else { continue };
                if line >= height || pixel >= width {
                    continue;
                }
                for (c, o) in (0..channels).flat_map(|c| (0..g.channels).map(move |o| (c, o))) {
                    let x = (line * width + pixel) * channels + c;
                    let w = ((d * g.kernel + e) * channels + c) * g.channels + o;
                    term(x, w, (i * width + j) * g.channels + o);
                }
            }
        }
    }

    fn close<F: Real>(got: &[F], want: &[f64], tolerance: f64, what: &str) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got.as_f64() - want).abs() <= tolerance, "{what}: {got} for {want}");
        }
    }

    fn check<F: Registers>(g: Geometry, tolerance: f64) {
        const IMAGES: usize = 3;
        let what = format!("{:?}, kernel {}, to {} channels", g.shape, g.kernel, g.channels);
        let (k, n, taps) = (g.shape.channels, g.channels, g.kernel * g.kernel);
        let (from, to) = (g.shape.len(), g.shape.pixels() * n);
        let (x, w, y_bar) =
            (numbers::<F>(IMAGES * from, 1), numbers::<F>(taps * k * n, 2), numbers::<F>(IMAGES * to, 3));
        let (bias, biased) = (numbers::<F>(n, 4), 2);
        let micro_panels = packed(&[Place { offset: 0, rs: n, cs: 1 }], taps * k, n, &w);
        let backwards: Vec<_> = (0..taps).rev().map(|tap| Place { offset: tap * k * n, rs: 1, cs: n }).collect();
        let transposed = packed(&backwards, n, k, &w);
        let weight = Weight { k, n, flat: &w, micro_panels: &micro_panels };
        let mut scratch = Scratch::default();
        let mut y = vec![F::of(9.0); IMAGES * to];
        forward(biased, g, &x, weight, &bias, &mut y, &mut scratch);
        let mut want: Vec<f64> =
            (0..IMAGES * to).map(|i| if i < biased * to { bias[i % n].as_f64() } else { 0.0 }).collect();
        for image in 0..IMAGES {
            terms(g, |a, b, c| want[image * to + c] += x[image * from + a].as_f64() * w[b].as_f64());
        }
        close(&y, &want, tolerance, &what);
        for add in [false, true] {
            let (mut x_bar, mut w_bar) = (numbers::<F>(IMAGES * from, 5), numbers::<F>(taps * k * n, 6));
            let start = |v: &[F]| v.iter().map(|v| if add { v.as_f64() } else { 0.0 }).collect::<Vec<_>>();
            let (mut want_x, mut want_w) = (start(&x_bar), start(&w_bar));
            for image in 0..IMAGES {
                terms(g, |a, b, c| {
                    let y = y_bar[image * to + c].as_f64();
                    want_x[image * from + a] += y * w[b].as_f64();
                    want_w[b] += y * x[image * from + a].as_f64();
                });
            }
            reverse_input(g, &y_bar, Weight { micro_panels: &transposed, ..weight }, &mut x_bar, add, &mut scratch);
            reverse_weight(g, &x, &y_bar, &mut w_bar, add, &mut scratch);
            close(&x_bar, &want_x, tolerance, &what);
            close(&w_bar, &want_w, tolerance, &what);
        }
    }

    /// Lines around the heights of tiles, channels around the widths of micro-panels and around what is narrow; more pixels than a block
    /// of the weights' product.
    const SHAPES: [([usize; 3], usize, usize); 8] = [
        ([1, 1, 1], 1, 1),
        ([3, 4, 1], 3, 32),
        ([5, 7, 33], 3, 2),
        ([2, 14, 9], 3, 40),
        ([3, 13, 2], 5, 9),
        ([4, 5, 8], 1, 70),
        ([28, 28, 3], 3, 34),
        ([2, 400, 10], 3, 12),
    ];

    #[test]
    fn all_convolutions_agree_with_the_definition_on_every_instruction_set() {
        on_every_instruction_set(|| {
            let small = |&([height, width, channels], _, to): &([usize; 3], usize, usize)| {
                height * width * channels * to < 1000
            };
            for ([height, width, channels], kernel, to) in SHAPES.into_iter().filter(|s| !cfg!(miri) || small(s)) {
                let g = Geometry { shape: Shape { height, width, channels }, kernel, channels: to };
                check::<f64>(g, 1e-13);
                check::<f32>(g, 1e-4);
            }
        });
    }

    #[test]
    fn the_first_image_does_not_touch_the_next() {
        // A window over an image's border sees zeros, not what a larger image left in the scratch memory.
        let g = Geometry { shape: Shape { height: 2, width: 3, channels: 1 }, kernel: 3, channels: 9 };
        let w = vec![1.0_f64; 81];
        let micro_panels = packed(&[Place { offset: 0, rs: 9, cs: 1 }], 9, 9, &w);
        let weight = Weight { k: 1, n: 9, flat: &w, micro_panels: &micro_panels };
        let mut scratch = Scratch::default();
        scratch.padded = vec![7.0; 1000];
        let mut y = vec![0.0; 54];
        forward(1, g, &[1.0; 6], weight, &[0.0; 9], &mut y, &mut scratch);
        assert_eq!([y[0], y[9], y[18]], [4.0, 6.0, 4.0]);
    }
}
