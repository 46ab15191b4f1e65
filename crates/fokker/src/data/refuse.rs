//! How errors of data come about, and whose they are.

use std::io;
use std::path::Path;

use super::DataError;
use super::atomic::is_wrong_place;
use crate::memory::refusal;

impl DataError {
    /// Was the request wrong (exit status 2), rather than the run (exit status 1)? A file that cannot be written is the run's failure, unless there
    /// can be no file at such a place.
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Write { source, .. } => is_wrong_place(source),
            _ => true,
        }
    }

    /// Wraps a failed read; a file that is not there becomes [`DataError::Missing`], one too large [`DataError::Memory`].
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        if let Some(refusal) = refusal(&source) {
            return Self::Memory(refusal.clone());
        }
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Read { path, source },
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_path_buf(), source }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason: reason.into() }
    }

    pub(super) fn magic(path: &Path, format: &'static str, bytes: &[u8]) -> Self {
        let hex: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let found = if hex.is_empty() { "nothing".into() } else { hex.join(" ") };
        Self::Magic { path: path.to_path_buf(), format, found }
    }

    pub(super) fn unrecognised(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unrecognised { path: path.to_path_buf(), reason: reason.into() }
    }

    pub(super) fn parameter(key: &'static str, value: impl ToString, reason: impl Into<String>) -> Self {
        Self::Parameter { key, value: value.to_string(), reason: reason.into() }
    }
}
