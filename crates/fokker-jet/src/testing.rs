//! What the unit tests share.

/// The greatest of some errors; NaN if one of them is NaN, which `f64::max` would drop, or if there are none to compare.
pub(crate) fn worst(errors: impl IntoIterator<Item = f64>) -> f64 {
    let greater = |worst: f64, error: f64| if error.is_nan() || error > worst { error } else { worst };
    errors.into_iter().reduce(greater).unwrap_or(f64::NAN)
}

#[test]
fn worst_keeps_what_is_no_number() {
    assert_eq!(worst([0.5, 2.0, 1.0]), 2.0);
    for position in 0..3 {
        let mut errors = [0.5, 2.0, 1.0];
        errors[position] = f64::NAN;
        assert!(worst(errors).is_nan() && errors.into_iter().fold(0.0, f64::max) > 0.0);
    }
    assert!(worst([]).is_nan());
}
