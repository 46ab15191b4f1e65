//! What can go wrong in a job.

use std::path::{Path, PathBuf};

use fokker_jet::JetError;

use super::part_error::PartError;
use crate::Error;
use crate::collective::{Agreed, Blame};
use crate::data::DataError;
use crate::error::chain;
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
    /// An option asks for more memory than there may be; [`MemoryError::what`] is the option and its value.
    #[error(transparent)]
    TooLarge(MemoryError),
    /// A file to be written is of a format that cannot hold what is to be in it.
    #[error("{}: {reason}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    /// A row's values are no grey levels, where the model's data are.
    #[error("{0}; --dequantise 0 takes rows as continuous")]
    NotALevel(DataError),
    /// Grey levels where points are to be in model coordinates.
    #[error("{}: grey levels are in the units of the data: say --units data", path.display())]
    Levels {
        /// The file.
        path: PathBuf,
    },
    /// A point is nowhere near where the model was trained.
    #[error("{source}{}", if *in_model {
        ": points are in model coordinates; --units data takes those of the data, --unchecked any"
    } else {
        "; --unchecked takes any"
    })]
    FarOff {
        /// Whether points are in model coordinates.
        in_model: bool,
        /// [`DataError::FarOff`].
        source: DataError,
    },
    /// A result is infinite or NaN.
    #[error("{what} is not finite at row {row} of {}; nothing was written", path.display())]
    NotFinite {
        /// What was computed.
        what: String,
        /// The row of the points, from 1.
        row: usize,
        /// The points' file.
        path: PathBuf,
    },
    /// A file was another when it was read again.
    #[error("{}: it changed while it was read; nothing was written", path.display())]
    InputChanged {
        /// The file.
        path: PathBuf,
    },
    /// The rows that are done cannot be had or kept.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A job failed after some of its rows (or frames) were done, which are kept.
    #[error("{why}; the {done} of {all} {what} that are done are kept in {}: go on with --resume", path.display())]
    Kept {
        /// What the error and its causes say.
        why: String,
        /// Those that are done.
        done: u64,
        /// Those there are in all.
        all: u64,
        /// What they are called.
        what: &'static str,
        /// Where they are kept.
        path: PathBuf,
        /// The error.
        source: Box<JobError>,
    },
    /// Training met numbers that are not finite.
    #[error(
        "training stopped; what was kept is in {}; lower train.learning_rate or loss.fp.weight and train anew, or let it go back by train.on_divergence = \"rollback\"",
        root.display()
    )]
    Diverged {
        /// The run directory.
        root: PathBuf,
        /// [`Error::NonFinite`].
        source: Box<Error>,
    },
    /// The observer wanted the job to stop.
    #[error("stopped{}", how.as_ref().map_or(String::new(), |how| format!("; {how}")))]
    Stopped {
        /// What is kept, and how to go on; `None` where another error says so, or nothing is lost.
        how: Option<String>,
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
fn interrupted(root: &Path, kept: Option<&PathBuf>) -> String {
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
    /// An option whose value cannot be.
    pub(super) fn option(option: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Option { option: option.into(), reason: reason.into() }
    }

    /// A file to be written that cannot hold what is to be in it.
    pub(super) fn output(path: &Path, reason: impl Into<String>) -> Self {
        Self::Output { path: path.into(), reason: reason.into() }
    }

    /// A file to be written whose name must end in one of these.
    pub(super) fn ending(path: &Path, endings: &str) -> Self {
        Self::output(path, format!("the file to write ends in {endings}"))
    }

    /// Did the job end because the observer wanted it to?
    #[must_use]
    pub fn is_stop(&self) -> bool {
        match self {
            Self::Stopped { .. } => true,
            Self::Kept { source, .. } => source.is_stop(),
            _ => false,
        }
    }

    /// Was the request wrong, rather than the run?
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Library(error) => error.is_request(),
            Self::Diverged { source, .. } | Self::Interrupted { source, .. } => source.is_request(),
            Self::Part(error) => error.is_request(),
            Self::InputChanged { .. } | Self::NotFinite { .. } | Self::Kept { .. } | Self::Stopped { .. } => false,
            Self::Option { .. } | Self::TooLarge(_) | Self::Output { .. } | Self::Place { .. } => true,
            Self::NoModel { .. } | Self::NotALevel(_) | Self::Levels { .. } | Self::FarOff { .. } => true,
        }
    }
}

impl Agreed for JobError {
    fn elsewhere(rank: usize, said: String, blame: Blame) -> Self {
        if blame == Blame::Stop { Self::Stopped { how: None } } else { Error::elsewhere(rank, said, blame).into() }
    }

    fn blame(&self) -> Blame {
        match self {
            stopped if stopped.is_stop() => Blame::Stop,
            other if other.is_request() => Blame::Request,
            _ => Blame::Run,
        }
    }

    fn said(&self) -> String {
        chain(self)
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
