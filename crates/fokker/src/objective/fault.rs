//! What can be wrong with a table of the config.

/// A key and what is wrong with it.
pub(super) type Fault = (String, String);

/// The fault, unless all is well.
pub(super) fn check(good: bool, key: &str, reason: &str) -> Result<(), Fault> {
    if good { Ok(()) } else { Err((key.to_owned(), reason.to_owned())) }
}

/// The key and the reason, if a number that every regulariser has is out of its range in this table.
pub(super) fn share(table: &str, weight: f64, every: u64, part: f64) -> Result<(), Fault> {
    check(weight >= 0.0 && weight.is_finite(), &format!("{table}.weight"), "must be at least 0 and finite")?;
    check(every > 0, &format!("{table}.every"), "must be at least 1")?;
    check(fraction(part), &format!("{table}.batch_fraction"), "must be in (0, 1]")
}

/// Is it a part of the batch, or all of it?
fn fraction(of: f64) -> bool {
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
