//! Everything that can go wrong, as data.

use std::path::{Path, PathBuf};

use fokker_jet::JetError;

use crate::collective::{Agreed, Blame};
use crate::data::one_line::{one_line, shown};
use crate::data::{DataError, is_wrong_place};
use crate::memory::{self, MemoryError};
use crate::sde::SdeError;

/// Errors of the library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration does not say what it must.
    #[error("{}: {}: {}", whole(.origin), whole(.key), whole(.reason))]
    Config {
        /// The file, preset or option that it came from.
        origin: String,
        /// Dotted key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// Data cannot be read or used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An SDE's parameters are out of range.
    #[error("sde: {0}")]
    Sde(#[from] SdeError),
    /// A request for jets cannot be met.
    #[error(transparent)]
    Jet(#[from] JetError),
    /// A network's output cannot stand for what it is to stand for.
    #[error("{0}")]
    Output(String),
    /// A file that fokker itself wrote cannot be read.
    #[error("{}: {}", shown(.path), whole(.reason))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read.
    #[error("{}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file cannot be written (a full disk, a folder that is read-only); what was there before is as it was.
    #[error("{}: cannot be written: {source}", shown(.path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder holds what may not be replaced without being asked to.
    #[error("{}: {occupant}", shown(.path))]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What is there.
        occupant: Occupant,
    },
    /// A request would take more memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The caller wanted it to stop.
    #[error("stopped")]
    Stopped,
    /// Training met a loss that is infinite or NaN, and stopped there.
    #[error(
        "step {step}: the {term} is not finite{}; last good checkpoint: {}",
        layer.as_ref().map_or(String::new(), |name| format!(", and first of all {name}")),
        checkpoint.as_ref().map_or("none".into(), |p| p.display().to_string())
    )]
    NonFinite {
        /// The step.
        step: u64,
        /// The term of the objective.
        term: &'static str,
        /// The first of the network's tensors whose weights, or whose gradient, are not finite, if it is for them.
        layer: Option<String>,
        /// The newest checkpoint from before.
        checkpoint: Option<PathBuf>,
    },
    /// Processes that were to do the same were told different things.
    #[error("ranks 0 and {rank} were not started alike: the {what} differs")]
    RanksDiffer {
        /// What differs.
        what: String,
        /// The first rank that is not like rank 0.
        rank: usize,
    },
    /// Processes that had the same weights have others now: their processors do not compute alike.
    #[error(
        "step {step}: the weights of ranks 0 and {rank} are no longer the same: run all ranks on processors of one kind"
    )]
    RanksDrifted {
        /// Steps done.
        step: u64,
        /// The first rank that is not like rank 0.
        rank: usize,
    },
    /// Another process failed, and this one stopped with it.
    #[error("rank {rank}: {said}")]
    Elsewhere {
        /// The process.
        rank: usize,
        /// Its error.
        said: String,
        /// Was the request wrong?
        is_request: bool,
    },
    /// Model and data have different dimensions.
    #[error("{what}: dimension {found}, but the model's is {expected}")]
    Dimension {
        /// Where the data came from.
        what: String,
        /// The model's.
        expected: usize,
        /// The data's.
        found: usize,
    },
    /// Some rows have no value because the solver failed on them.
    #[error("{failed} of {rows} rows failed: {first}")]
    Solver {
        /// Rows without a value.
        failed: usize,
        /// Rows in all.
        rows: usize,
        /// The first failure.
        first: String,
    },
}

/// What is in a folder that a run was to be written to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Occupant {
    /// A run that came to its end.
    #[error("holds a finished run: choose another folder, or replace the run with --force")]
    Finished,
    /// A run that was interrupted after a checkpoint.
    #[error(
        "holds an unfinished run (step {step} is kept): go on with `fokker train --resume`, or replace it with --force"
    )]
    Unfinished {
        /// The newest checkpoint's.
        step: u64,
    },
    /// A run that was interrupted before its first checkpoint.
    #[error(
        "holds a run that was interrupted before its first checkpoint: replace it with --force, or choose another folder"
    )]
    Begun,
    /// A run that another process trains.
    #[error("is being trained{}: let it end, or choose another folder", process.map_or(String::new(), |id| format!(" by process {id}")))]
    Live {
        /// The process, if it said so.
        process: Option<u32>,
    },
    /// A run of another config, where an unfinished one of the same would be gone on with.
    #[error("holds a run of another config ({key} differs): choose another folder, or replace the run with --force")]
    OtherConfig {
        /// The first key that differs.
        key: String,
    },
    /// A file that no manifest names.
    #[error(
        "holds {name}, which fokker did not write there, or wrote before it kept a manifest: choose another folder"
    )]
    Foreign {
        /// The file.
        name: String,
    },
}

/// Who has to act: the one who asked, or nobody before a look at the run.
impl Error {
    /// A file that cannot be read, or takes more memory than there may be.
    #[must_use]
    pub fn read(path: &Path, source: std::io::Error) -> Self {
        match memory::refusal(&source) {
            Some(refusal) => Self::Memory(refusal.clone()),
            None => Self::Io { path: path.into(), source },
        }
    }

    /// Was the request wrong (exit status 2), rather than the run (exit status 1)?
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::NonFinite { .. } | Self::Solver { .. } | Self::Stopped | Self::RanksDrifted { .. } => false,
            Self::Elsewhere { is_request, .. } => *is_request,
            Self::Write { source, .. } => is_wrong_place(source),
            Self::Data(error) => error.is_request(),
            _ => true,
        }
    }
}

impl Agreed for Error {
    fn elsewhere(rank: usize, said: String, blame: Blame) -> Self {
        if blame == Blame::Stop {
            Self::Stopped
        } else {
            Self::Elsewhere { rank, said, is_request: blame == Blame::Request }
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Stopped => Blame::Stop,
            other if other.is_request() => Blame::Request,
            _ => Blame::Run,
        }
    }

    fn said(&self) -> String {
        chain(self)
    }
}

/// What an error and its causes say, each once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

/// Text of a file's, of any length, on one line: what others' readers say may repeat whatever they read.
fn whole(text: &str) -> String {
    one_line(text, usize::MAX)
}
