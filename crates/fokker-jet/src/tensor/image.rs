//! Images in rows, channels last, by Burn's operations on images, channels first.

use burn::tensor::Tensor;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions};

use super::jet::Jet;
use crate::{Resampling, Shape};

/// `[rows, pixels · channels]` as `[rows, pixels, channels]`.
pub(super) fn pixels(x: Jet<2>, shape: Shape) -> Jet<3> {
    let rows = x.rows();
    x.reshape([rows, shape.pixels(), shape.channels])
}

/// The reverse of [`pixels`].
pub(super) fn flat(x: Jet<3>) -> Jet<2> {
    let [rows, pixels, channels] = x.dims();
    x.reshape([rows, pixels * channels])
}

/// `[rows, height · width · channels]` as `[rows, channels, height, width]`.
fn channels_first(x: Jet<2>, shape: Shape) -> Jet<4> {
    let rows = x.rows();
    x.reshape([rows, shape.height, shape.width, shape.channels]).swap_dims(1, 3).swap_dims(2, 3)
}

/// The reverse of [`channels_first`].
fn channels_last(x: Jet<4>) -> Jet<2> {
    let [rows, channels, height, width] = x.dims();
    x.swap_dims(2, 3).swap_dims(1, 3).reshape([rows, height * width * channels])
}

/// The convolution with `W` of shape `[kernel, kernel, in, out]`, zeros around the images.
pub(super) fn conv(x: Jet<2>, shape: Shape, weight: Tensor<4>, bias: Tensor<1>) -> Jet<2> {
    let padding = weight.dims()[0] / 2;
    let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
    channels_last(channels_first(x, shape).conv2d(weight.permute([3, 2, 0, 1]), Some(bias), options))
}

/// Doubles or halves height and width. The filter (1, 3, 3, 1) is (1, 1), which is what mean and nearest neighbour are made of,
/// after or before (1, 2, 1).
pub(super) fn resample(x: Jet<2>, shape: Shape, kind: Resampling) -> Jet<2> {
    let mean = |x: Jet<4>| x.avg_pool2d(AvgPoolOptions::new([2, 2]).with_stride([2, 2]));
    let x = channels_first(x, shape);
    channels_last(match kind {
        Resampling::Mean => mean(x),
        Resampling::Nearest => x.upsample_nearest(2),
        Resampling::FirDown => mean(blurred(x)),
        Resampling::FirUp => blurred(x.upsample_nearest(2)),
    })
}

/// The filter (1, 2, 1)/4 along both axes, pixels outside being 0.
fn blurred(x: Jet<4>) -> Jet<4> {
    let channels = x.dims()[1];
    let primal = x.primal();
    let filter = Tensor::<1>::from_data([0.25, 0.5, 0.25], (&primal.device(), primal.dtype()));
    let kernel = filter.clone().reshape([1, 1, 3, 1]) * filter.reshape([1, 1, 1, 3]);
    x.conv2d(kernel.expand([channels, 1, 3, 3]), None, ConvOptions::new([1, 1], [1, 1], [1, 1], channels))
}
