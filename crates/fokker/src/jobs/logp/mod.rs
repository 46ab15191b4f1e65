//! Log-likelihoods of the rows of a file, however long it is.
//!
//! The file is read in chunks; each that is done is kept in `FILE.part`, from which the whole result is written at the end (see
//! `docs/logp.md`).

mod compute;
mod input;
mod options;
mod output;
mod part;
mod row;
mod run;
mod summary;

pub use options::{LogpMethod, LogpOptions};
pub use run::logp;
pub use summary::{LogpSummary, RunningMean};
