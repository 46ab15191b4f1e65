//! What the system says of a file, as errors that name it.

use std::path::Path;

use crate::Error;

/// What a failed write is.
pub(super) fn failed_write(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    |source| Error::Write { path, source }
}

/// What a failed read is.
pub(super) fn failed_read(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    |source| Error::Io { path, source }
}
