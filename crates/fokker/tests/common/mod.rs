//! What the library's tests share.

/// The greatest of some errors; NaN if one of them is NaN, which `f64::max` would drop, or if there are none to compare.
pub fn worst(errors: impl IntoIterator<Item = f64>) -> f64 {
    let greater = |worst: f64, error: f64| if error.is_nan() || error > worst { error } else { worst };
    errors.into_iter().reduce(greater).unwrap_or(f64::NAN)
}
