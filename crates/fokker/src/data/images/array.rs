//! Arrays of images in NumPy's format: what the header says of them, and their values, channels last.

use std::io::Read;
use std::path::Path;

use super::order::Order;
use super::part::Pixels;
use crate::data::finite::require_finite;
use crate::data::input::{check_length, require};
use crate::data::numpy::array::read_values;
use crate::data::numpy::dtype::Dtype;
use crate::data::numpy::header::{Header, header_text};
use crate::data::one_line::{one_line, shown};
use crate::data::{DataError, ImageShape};
use crate::memory;

/// An array of images.
pub(super) struct Layout {
    pub(super) count: usize,
    pub(super) shape: ImageShape,
    pub(super) dtype: Dtype,
    pub(super) order: Order,
    /// Images lie interleaved: the first index runs fastest.
    pub(super) interleaved: bool,
    /// Bytes before the values.
    pub(super) start: u64,
}

/// How the axes of an array are to be understood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axes {
    /// n × h × w, n × h × w × c or n × c × h × w.
    Any,
    /// n × (3·s·s): three square planes an image.
    SquarePlanes,
}

/// Reads the header of an array of images of `length` bytes in all, which must be what the header says.
pub(super) fn read_layout(reader: &mut dyn Read, length: u64, axes: Axes, path: &Path) -> Result<Layout, DataError> {
    let (text, start) = header_text(reader, length, path)?;
    let header = Header::parse(&text).map_err(|reason| DataError::damaged(path, reason))?;
    let dtype = Dtype::parse(&header.descr);
    let wanted = |dtype: &Dtype| dtype.is_byte() || dtype.is_float() && axes == Axes::Any;
    let Some(dtype) = dtype.filter(wanted) else {
        return Err(DataError::PixelType { path: path.to_path_buf(), found: one_line(&header.descr, 40) });
    };
    let sizes: Vec<String> = header.shape.iter().map(u64::to_string).collect();
    let refuse =
        |needed| Err(DataError::Shape { path: path.to_path_buf(), found: format!("({})", sizes.join(", ")), needed });
    let bytes = header.shape.iter().try_fold(dtype.size as u64, |product, &size| product.checked_mul(size));
    let expected = bytes.and_then(|bytes| bytes.checked_add(start)).unwrap_or(u64::MAX);
    if header.shape.first() == Some(&0) {
        return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: 0, needed: 1 });
    }
    if header.shape.contains(&0) {
        return refuse("at least one pixel an image");
    }
    check_length(path, expected, length)?;
    let Ok(sizes) = header.shape.iter().map(|&size| usize::try_from(size)).collect::<Result<Vec<_>, _>>() else {
        return refuse("an array that fits in memory");
    };
    let (shape, planes) = match (axes, &sizes[..]) {
        (Axes::SquarePlanes, &[_, dim]) if dim % 3 == 0 && (dim / 3).isqrt().pow(2) == dim / 3 => {
            let side = (dim / 3).isqrt();
            (ImageShape { height: side, width: side, channels: 3 }, true)
        }
        (Axes::SquarePlanes, _) => return refuse("n × (3·s·s), three planes an image,"),
        (Axes::Any, &[_, _, 1 | 3]) => {
            return refuse("a fourth dimension, here too narrow to tell width from channels,");
        }
        (Axes::Any, &[_, height, width]) => (ImageShape { height, width, channels: 1 }, false),
        (Axes::Any, &[_, 1 | 3, _, 1 | 3]) => {
            return refuse("one dimension of 1 or 3, here either could be the channels,");
        }
        (Axes::Any, &[_, height, width, channels @ (1 | 3)]) => (ImageShape { height, width, channels }, false),
        (Axes::Any, &[_, channels @ (1 | 3), height, width]) => (ImageShape { height, width, channels }, true),
        _ => return refuse("n × h × w, n × h × w × c or n × c × h × w with c = 1 or 3"),
    };
    if header.fortran && axes == Axes::SquarePlanes {
        return refuse("row-major order");
    }
    // Distances in height, width and channel, within an image or, if images are interleaved, within the array.
    let ImageShape { height, width, channels } = shape;
    let count = sizes[0];
    let steps = match (header.fortran, planes) {
        (false, false) => [width * channels, channels, 1],
        (false, true) => [width, 1, height * width],
        (true, false) => [1, height, height * width],
        (true, true) => [channels, channels * height, 1],
    };
    let order = Order::new(shape, steps);
    Ok(Layout { count, shape, dtype, order, interleaved: header.fortran, start })
}

/// Reads the images of an array after its header and appends them to `pixels`, which are of the same kind. Memory grows with the
/// bytes that arrive.
pub(super) fn append(
    reader: &mut dyn Read, layout: &Layout, pixels: &mut Pixels, path: &Path,
) -> Result<(), DataError> {
    let count = layout.count * layout.shape.dim();
    match pixels {
        Pixels::Bytes(bytes) => {
            let before = bytes.len();
            let read = memory::read_to_end(&shown(path), &mut reader.take(count as u64), bytes);
            let read = match read {
                Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    return Err(DataError::read(path, error));
                }
                _ => bytes.len() - before,
            };
            check_length(path, layout.start + count as u64, layout.start + read as u64)?;
            require(path, &[bytes.len() + if layout.interleaved { count } else { 0 }])?;
            reorder(&mut bytes[before..], layout);
        }
        Pixels::Floats(floats) => {
            // In double precision as they are read, in single precision twice: an order may have to be changed.
            require(path, &[count, size_of::<f64>() + 2 * size_of::<f32>()])?;
            let values = read_values(reader, layout.dtype, count, layout.start, path)?;
            let before = floats.len();
            floats.extend(values.iter().map(|&x| x as f32));
            reorder(&mut floats[before..], layout);
            require_range(&floats[before..], layout.shape.dim(), path)?;
        }
        Pixels::Disk(_) => {}
    }
    Ok(())
}

/// Reads the images of an array after its header as numbers, whatever their range.
pub(super) fn values(reader: &mut dyn Read, layout: &Layout, path: &Path) -> Result<Vec<f64>, DataError> {
    let dim = layout.shape.dim();
    let mut values = read_values(reader, layout.dtype, layout.count * dim, layout.start, path)?;
    reorder(&mut values, layout);
    require_finite(path, &values, dim, 0, false, None)?;
    Ok(values)
}

/// Brings all images of an array into the order height, width, channels.
fn reorder<T: Copy>(values: &mut [T], layout: &Layout) {
    let mut spare = Vec::new();
    let dim = layout.shape.dim();
    if layout.interleaved {
        spare.extend_from_slice(values);
        for (at, image) in values.chunks_exact_mut(dim).enumerate() {
            image.iter_mut().enumerate().for_each(|(i, value)| *value = spare[i * layout.count + at]);
        }
    }
    for image in values.chunks_exact_mut(dim) {
        layout.order.channels_last(image, &mut spare);
    }
}

/// Refuses floating-point images that lie neither in [0, 1] nor in [−1, 1].
fn require_range(values: &[f32], dim: usize, path: &Path) -> Result<(), DataError> {
    let Some(at) = values.iter().position(|x| !(-1.0..=1.0).contains(x)) else {
        return Ok(());
    };
    let (row, column, value) = (at / dim + 1, at % dim + 1, f64::from(values[at]));
    let path = path.to_path_buf();
    if !value.is_finite() {
        return Err(DataError::NonFinite { path, row, column: column.into(), value });
    }
    let reason = format!("image {row} has the value {}; floating-point images lie in [0, 1] or [-1, 1]", values[at]);
    Err(DataError::Unrecognised { path, reason })
}
