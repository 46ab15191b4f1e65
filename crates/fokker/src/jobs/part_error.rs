//! What can be wrong with the file of finished rows.

use std::io;
use std::path::PathBuf;

/// Why rows that are done, kept in `FILE.part`, cannot be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// There are some, and nobody said that they are to be used.
    #[error("{}: rows of an unfinished run: add --resume to go on with it, or delete the file to start anew", path.display())]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// Another process has locked the file.
    #[error("{}: another process is writing it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Nobody knows what the rows belong to.
    #[error(
        "{}: its header is damaged, so its rows cannot be used: delete it and start anew without --resume",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// They are those of another request.
    #[error(
        "{}: its rows were computed with another {key}: repeat that request, or delete the file to start anew",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        key: &'static str,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rows that were kept cannot be read back.
    #[error("{source}")]
    Replay {
        /// What the system said.
        source: io::Error,
    },
    /// Rows that are done cannot be added to it.
    #[error("the finished rows cannot be kept")]
    Append {
        /// What the system said.
        source: io::Error,
    },
}

impl PartError {
    /// Was the request wrong, rather than the run?
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Unfinished { .. } | Self::Busy { .. } | Self::Damaged { .. } | Self::Foreign { .. } => true,
            Self::Read { .. } | Self::Write { .. } | Self::Replay { .. } | Self::Append { .. } => false,
        }
    }
}
