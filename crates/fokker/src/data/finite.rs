//! Numbers that are numbers.

use std::path::Path;

use super::DataError;
use super::column_name::ColumnName;

/// Refuses values (rows of `dim`, the first of them being row `first` from 0) that are infinite, or NaN unless there may be `gaps`.
pub(super) fn require_finite(
    path: &Path, values: &[f64], dim: usize, first: usize, gaps: bool, names: Option<&[String]>,
) -> Result<(), DataError> {
    let Some(at) = values.iter().position(|value| !(value.is_finite() || gaps && value.is_nan())) else {
        return Ok(());
    };
    let (row, column, value) = (first + at / dim + 1, ColumnName::at(at % dim, names), values[at]);
    Err(DataError::NonFinite { path: path.to_path_buf(), row, column, value })
}
