//! Images in arrays: ImageNet 32×32 and its like, single `.npy` and `.npz` files, folders of them.

use std::path::{Path, PathBuf};

use super::array::Axes;
use super::disk::DiskImages;
use super::loaded::Loaded;
use super::locate::{ARRAYS, Located};
use super::part::Pixels;
use super::shapes::require_shape;
use crate::data::{DataError, ImageShape};

/// Bytes of 8-bit images that are kept in memory; of more, each image is read when it is drawn. What is drawn is the same.
pub(super) const IN_MEMORY: usize = 1 << 30;

/// Loads `train_data_batch_*.npz` and `val_data.npz`, whose array `data` holds rows of three planes.
pub(super) fn load_batches(train: &[PathBuf], val: &Path) -> Result<Loaded, DataError> {
    let find = |path: &Path| Located::find(path, &["data"], Axes::SquarePlanes);
    let arrays = train.iter().map(|path| find(path)).collect::<Result<Vec<_>, _>>()?;
    let val = find(val)?;
    let shape = common_shape(&arrays)?;
    require_shape(&val.path, val.layout.shape, &arrays[0].path, shape)?;
    let mut labels = None;
    arrays.iter().try_for_each(|array| array.labels(&mut labels))?;
    val.labels(&mut None)?;
    let format = format!("ImageNet {}×{} batches", shape.height, shape.width);
    let (train, held_out) = (pixels(&arrays, IN_MEMORY)?, pixels(&[val], IN_MEMORY)?);
    Ok(Loaded { format, shape, train, held_out: Some(held_out), labels })
}

/// Loads arrays of images, of one shape and one kind.
pub(super) fn load_arrays(paths: &[PathBuf]) -> Result<Loaded, DataError> {
    load_arrays_within(paths, IN_MEMORY)
}

/// As [`load_arrays`]; 8-bit images of more than `in_memory` bytes stay on disk.
pub(in crate::data) fn load_arrays_within(paths: &[PathBuf], in_memory: usize) -> Result<Loaded, DataError> {
    let find = |path: &PathBuf| Located::find(path, ARRAYS, Axes::Any);
    let arrays = paths.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let shape = common_shape(&arrays)?;
    let mut labels = None;
    arrays.iter().try_for_each(|array| array.labels(&mut labels))?;
    let format = if paths.len() == 1 { "NumPy array".into() } else { format!("{} NumPy arrays", paths.len()) };
    Ok(Loaded { format, shape, train: pixels(&arrays, in_memory)?, held_out: None, labels })
}

/// The shape of all images; the kind must be the same, too.
pub(super) fn common_shape(arrays: &[Located]) -> Result<ImageShape, DataError> {
    let first = &arrays[0];
    for array in arrays {
        require_shape(&array.path, array.layout.shape, &first.path, first.layout.shape)?;
        if array.layout.dtype.is_byte() != first.layout.dtype.is_byte() {
            let kind = |array: &Located| if array.layout.dtype.is_byte() { "8-bit" } else { "floating-point" }.into();
            let (path, other) = (array.path.clone(), first.path.clone());
            let (expected, actual) = (kind(first), kind(array));
            return Err(DataError::Disagree { path, other, what: "the type of the pixels", expected, actual });
        }
    }
    Ok(first.layout.shape)
}

/// The images of all arrays, in memory or, where they are too many and can be read in place, on disk.
pub(super) fn pixels(arrays: &[Located], in_memory: usize) -> Result<Pixels, DataError> {
    let dim = arrays[0].layout.shape.dim();
    let size = arrays.iter().fold(0_usize, |size, array| size.saturating_add(array.layout.count.saturating_mul(dim)));
    if size > in_memory
        && let Some(places) =
            arrays.iter().map(Located::in_place).collect::<Result<Vec<_>, _>>()?.into_iter().collect::<Option<Vec<_>>>()
    {
        let mut images = DiskImages::new(dim);
        for (array, (file, offset)) in arrays.iter().zip(places) {
            let start = offset.saturating_add(array.layout.start);
            let expected = start.saturating_add((array.layout.count * dim) as u64);
            let actual = file.metadata().map_err(|error| DataError::read(&array.path, error))?.len();
            if actual < expected {
                return Err(DataError::Truncated { path: array.path.clone(), expected, actual });
            }
            images.push(file, start, array.layout.count, array.layout.order);
        }
        return Ok(Pixels::Disk(images));
    }
    let bytes = arrays[0].layout.dtype.is_byte();
    let mut pixels = if bytes { Pixels::Bytes(Vec::new()) } else { Pixels::Floats(Vec::new()) };
    arrays.iter().try_for_each(|array| array.append(&mut pixels))?;
    Ok(pixels)
}
