//! `fokker train`

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use fokker::jobs::{self, Init, NewRun};

use super::source;
use super::source::Source;
use crate::fail::request;
use crate::global;
use crate::print::say;
use crate::progress::Progress;
use crate::ranks;
use crate::serve;

/// `fokker train`
#[derive(Debug, clap::Args)]
pub struct Train {
    /// The config
    #[command(flatten)]
    pub source: Source,
    /// The run directory to write
    #[arg(short, long, value_name = "RUN", required_unless_present = "resume")]
    pub output: Option<PathBuf>,
    /// Replace the run that is there: what its manifest says fokker wrote, and nothing else
    #[arg(long)]
    pub force: bool,
    /// Go on with an interrupted run, as if it had never stopped; with --set train.steps=N, further than it was to go
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "preset", "data", "output", "init", "force"])]
    pub resume: Option<PathBuf>,
    /// Start from the weights of a file: a fokker model, a PyTorch checkpoint or safetensors
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// What the network's layers are called in that file (TOML; see docs/model-format.md)
    #[arg(long, value_name = "MAP", requires = "init")]
    pub names: Option<PathBuf>,
    /// Show how training goes on a page at http://127.0.0.1:PORT/, to this machine alone; 0: any free port (default: 7007)
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "7007")]
    pub serve: Option<u16>,
}

/// Trains a model into a run directory, or goes on with one.
pub fn run(args: &Train) -> Result<()> {
    let (progress, rates) = match args.serve {
        Some(_) => Progress::default().with_rates(),
        None => (Progress::default(), Arc::default()),
    };
    let root = args.resume.as_ref().or(args.output.as_ref());
    let root = root.ok_or_else(|| request("train: name a run directory with -o"))?;
    let serve = || {
        args.serve.filter(|_| ranks::is_first()).map(|port| serve::training(port, root, Arc::clone(&rates))).transpose()
    };
    let (run, _) = match &args.resume {
        Some(root) => {
            let _server = serve()?;
            jobs::resume_with("train", root, &global::with_threads(&args.source.set), &progress)?
        }
        None => {
            let read = || {
                let (_, config) = source::config(&args.source, None)?;
                let data = Arc::new(source::data(&config, &args.source.origin(""))?);
                Ok((config, data))
            };
            let (config, data) = ranks::agree(read())?;
            let init = args.init.as_deref().map(|path| Init { path, names: args.names.as_deref() });
            let new = NewRun { replace: args.force, ..NewRun::new("train", root, &config, &data) };
            let _server = serve()?;
            jobs::train(&new, init.as_ref(), &progress)?
        }
    };
    say!("{}", run.model().display());
    Ok(())
}
