//! Images of the same shape.

use std::path::Path;

use crate::data::{DataError, ImageShape};

/// Height × width.
pub(super) fn pixels_of(shape: ImageShape) -> String {
    format!("{}×{}", shape.height, shape.width)
}

/// Refuses files of images whose shape is not that of the files before them.
pub(super) fn require_shape(
    path: &Path, shape: ImageShape, other: &Path, expected: ImageShape,
) -> Result<(), DataError> {
    if shape == expected {
        return Ok(());
    }
    let (path, other) = (path.to_path_buf(), other.to_path_buf());
    let (expected, actual) = (expected.to_string(), shape.to_string());
    Err(DataError::Disagree { path, other, what: "the image size", expected, actual })
}

/// Refuses images of another shape than the model's.
pub(super) fn require_model_shape(path: &Path, actual: ImageShape, expected: ImageShape) -> Result<(), DataError> {
    if actual == expected {
        return Ok(());
    }
    let (expected, actual) = (expected.to_string(), actual.to_string());
    Err(DataError::ImageSize { path: path.to_path_buf(), expected, actual })
}
