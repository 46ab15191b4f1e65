//! Requests that cannot be met.

use crate::Error;

/// Refuses points that are not whole rows.
pub(super) fn whole_rows(x: &[f64], dim: usize) -> Result<(), Error> {
    if x.len().is_multiple_of(dim) {
        return Ok(());
    }
    Err(request("x", &format!("{} numbers are not whole rows of dimension {dim}", x.len())))
}

/// A setting that cannot be used.
pub(super) fn request(key: &str, reason: &str) -> Error {
    Error::Config { origin: "likelihood".into(), key: key.into(), reason: reason.into() }
}
