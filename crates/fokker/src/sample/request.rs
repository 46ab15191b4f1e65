//! Requests that cannot be met.

use crate::Error;

/// A setting that cannot be used.
pub(super) fn wrong(key: &str, reason: &str) -> Error {
    Error::Config { origin: "sampler".into(), key: key.into(), reason: reason.into() }
}
