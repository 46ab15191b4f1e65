//! What can be wrong with a table of the config.

/// A key and what is wrong with it.
pub(super) type Fault = (String, String);

/// The fault, unless all is well.
pub(super) fn check(good: bool, key: &str, reason: &str) -> Result<(), Fault> {
    if good { Ok(()) } else { Err((key.to_owned(), reason.to_owned())) }
}

/// Is it a part of the batch, or all of it?
pub(super) fn fraction(of: f64) -> bool {
    of > 0.0 && of <= 1.0
}

/// On every step.
pub(super) fn one() -> u64 {
    1
}

/// All of the batch.
pub(super) fn whole() -> f64 {
    1.0
}
