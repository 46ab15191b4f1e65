//! What the budget says, inside an [`io::Error`], which takes it through whatever library reads.

use std::io;

use super::budget::MemoryError;

/// What the budget says, if that is what an error of reading is.
///
/// ```
/// assert!(fokker::memory::refusal(&std::io::ErrorKind::NotFound.into()).is_none());
/// ```
#[must_use]
pub fn refusal(error: &io::Error) -> Option<&MemoryError> {
    error.get_ref()?.downcast_ref()
}

pub(super) fn carried(error: MemoryError) -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, error)
}
