//! Rows of numbers as images: channels last as the graph has them, channels first as Burn's operations on images want them.

use super::jet::Jet;
use crate::Shape;

/// `[rows, pixels · channels]` as `[rows, pixels, channels]`.
pub(crate) fn pixels(x: Jet<2>, shape: Shape) -> Jet<3> {
    let rows = x.rows();
    x.reshape([rows, shape.pixels(), shape.channels])
}

/// The reverse of [`pixels`].
pub(crate) fn flat(x: Jet<3>) -> Jet<2> {
    let [rows, pixels, channels] = x.dims();
    x.reshape([rows, pixels * channels])
}

/// `[rows, height · width · channels]` as `[rows, channels, height, width]`.
pub(crate) fn channels_first(x: Jet<2>, shape: Shape) -> Jet<4> {
    let rows = x.rows();
    x.reshape([rows, shape.height, shape.width, shape.channels]).swap_dims(1, 3).swap_dims(2, 3)
}

/// The reverse of [`channels_first`].
pub(crate) fn channels_last(x: Jet<4>) -> Jet<2> {
    let [rows, channels, height, width] = x.dims();
    x.swap_dims(2, 3).swap_dims(1, 3).reshape([rows, height * width * channels])
}
