//! What can go wrong in a job.

use std::path::PathBuf;

use fokker_jet::JetError;

use crate::Error;
use crate::data::DataError;
use crate::memory::MemoryError;

/// Errors of the [jobs](crate::jobs).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Anything that is not the job's own.
    #[error(transparent)]
    Library(#[from] Error),
    /// An option has a value that it cannot have.
    #[error("{option}: {reason}")]
    Option {
        /// The option, and its value where that is worth a word.
        option: String,
        /// What is wrong.
        reason: String,
    },
    /// A file to be written is of no format that can be.
    #[error("{}: the file to write ends in {formats}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The endings of those that can be.
        formats: &'static str,
    },
    /// A file cannot be written where it is to be.
    #[error("{}: cannot be written: {reason}", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// What is wrong with the place.
        reason: &'static str,
    },
    /// There is no model where there should be one.
    #[error("{}{reason}", path.display())]
    NoModel {
        /// The run directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Training met numbers that are not finite.
    #[error(
        "training stopped; what was kept is in {}; lower train.learning_rate or loss.fp.weight and train anew",
        root.display()
    )]
    Diverged {
        /// The run directory.
        root: PathBuf,
        /// [`Error::NonFinite`].
        source: Box<Error>,
    },
    /// Training was cut short: what it does could not be kept on disk.
    #[error("{}", interrupted(root, kept.as_ref()))]
    Interrupted {
        /// The run directory.
        root: PathBuf,
        /// The newest checkpoint, if there is one.
        kept: Option<PathBuf>,
        /// Why.
        source: Box<Error>,
    },
}

/// What is left of a run, and how to go on.
fn interrupted(root: &std::path::Path, kept: Option<&PathBuf>) -> String {
    match kept {
        Some(path) => format!(
            "training stopped; {} is kept: go on with `fokker train --resume {}`",
            path.display(),
            root.display()
        ),
        None => "training stopped before its first checkpoint; nothing is kept".into(),
    }
}

impl JobError {
    /// Was the request wrong, rather than the run?
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Library(error) => error.is_request(),
            Self::Diverged { source, .. } | Self::Interrupted { source, .. } => source.is_request(),
            Self::Option { .. } | Self::Format { .. } | Self::Place { .. } | Self::NoModel { .. } => true,
        }
    }
}

impl From<DataError> for JobError {
    fn from(error: DataError) -> Self {
        Self::Library(error.into())
    }
}

impl From<MemoryError> for JobError {
    fn from(error: MemoryError) -> Self {
        Self::Library(error.into())
    }
}

impl From<JetError> for JobError {
    fn from(error: JetError) -> Self {
        Self::Library(error.into())
    }
}
