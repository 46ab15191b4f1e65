//! Whole jobs, as the program does them: train, go on, compare, sweep, log-likelihoods of a long file, simulate, export. Each is a call with an [`Observer`].
//!
//! A job keeps on disk what it has done, so that one which is cut short is gone on with by the same call; it prints nothing.
//!
//! ```
//! use std::sync::Arc;
//! use fokker::{config::Config, data::Data, jobs::{self, NewRun, Silent}};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let root = folder.path().join("run");
//! let config = Config::preset("ring8", &["train.steps=20".into(), "network.width=16".into()])?;
//! let data = Arc::new(Data::load(&config.data)?);
//! let (run, fitted) = jobs::train(&NewRun::new("train", &root, &config, &data), None, &Silent)?;
//! assert!(run.model().exists() && fitted.seconds > 0.0);
//! # Ok(()) }
//! ```

mod audited;
mod compare;
mod error;
mod eval;
mod export;
mod extend;
mod fit;
mod logp;
mod measure;
mod observer;
mod open;
mod part_error;
mod part_file;
mod rows;
mod run;
mod sample;
mod simulate;
mod spikes;
mod sweep;
mod train;
mod trainer;

pub use crate::train::Silent;
pub use compare::{Compare, ComparedModel, ComparedSeed, compare};
pub use error::JobError;
pub use eval::{EvalOptions, Units, eval};
pub use export::export;
pub use fit::Fitted;
pub use logp::{LogpMethod, LogpOptions, LogpSummary, RunningMean, logp};
pub use measure::{Measure, measure};
pub use observer::{Observer, Unit, Work};
pub use open::{load_data, load_data_for, model_file, open_model};
pub use part_error::PartError;
pub use run::{Newest, Run};
pub use sample::{Draws, SampleRequest, Sampled, sample};
pub use simulate::{SimulateOptions, Simulated, simulate};
pub use sweep::{Sweep, sweep};
pub use train::{Init, NewRun, resume, resume_on, resume_with, train};
