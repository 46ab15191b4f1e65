//! `fokker train`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use fokker::config::Config;
use fokker::data::Data;
use fokker::score::network::NetworkScore;
use fokker::train::{Run, Trainer};
use fokker::weights::{NameMap, read_weights};
use sha2::{Digest, Sha256};

use super::rows::print_notes;
use super::source::Source;
use super::{out, source};
use crate::fail::request;
use crate::progress::Training;

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
    /// Go on with an interrupted run, as if it had never stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "preset", "set", "data", "output", "init", "force"])]
    pub resume: Option<PathBuf>,
    /// Start from the weights of a file: a fokker model, a PyTorch checkpoint or safetensors
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// What the network's layers are called in that file (TOML; see docs/model-format.md)
    #[arg(long, value_name = "MAP", requires = "init")]
    pub names: Option<PathBuf>,
}

/// Trains a model into a run directory, or goes on with one.
pub fn run(args: &Train) -> Result<()> {
    if let Some(root) = &args.resume {
        return resume(root);
    }
    let output = args.output.as_deref().ok_or_else(|| request("train: name a run directory with -o"))?;
    let (_, mut config) = source::config(&args.source, None)?;
    resolve_threads(&mut config);
    let data = Arc::new(source::data(&config, &args.source.origin(""))?);
    let trainer = match &args.init {
        Some(path) => from_weights(path, args.names.as_deref(), &config, &data)?,
        None => Trainer::new(&config, &data)?,
    };
    // Read before the run directory is made, which may be the one that the file lies in.
    let origin = args.init.as_deref().map(provenance).transpose()?;
    let run = if args.force { Run::replace(output, &config, &data)? } else { Run::create(output, &config, &data)? };
    if let Some(origin) = origin {
        run.annotate(&origin)?;
    }
    fit(trainer, &run, &config, &data, "train")?;
    out!("{}", run.model().display());
    Ok(())
}

/// A fresh start from the weights of a file. No key of the config names the file: a run is resumed, and measured, without it.
fn from_weights(path: &Path, names: Option<&Path>, config: &Config, data: &Arc<Data>) -> Result<Trainer> {
    let names = names.map(NameMap::read).transpose()?;
    let model = config.model(data.shape());
    let weights = read_weights(&source::model_path(path), &model, &config.network, names.as_ref())?;
    Ok(Trainer::with_weights(config, data, weights)?)
}

/// What the config says of the file that the weights came from.
fn provenance(path: &Path) -> Result<String> {
    let path = source::model_path(path);
    let io = |source| fokker::Error::Io { path: path.clone(), source };
    let (mut digest, mut file) = (Sha256::new(), std::fs::File::open(&path).map_err(io)?);
    std::io::copy(&mut file, &mut digest).map_err(io)?;
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("weights at the start: {}, SHA-256 {digest}", path.display()))
}

fn resume(root: &Path) -> Result<()> {
    let (run, config) = Run::open(root)?;
    config.suggest_budget();
    let data = Arc::new(source::data(&config, &run.config().display().to_string())?);
    print_notes(run.require_data(&config, &data)?);
    fit(resumed(&run, &config, &data)?, &run, &config, &data, "train")?;
    out!("{}", run.model().display());
    Ok(())
}

/// Training as it stood at a run's newest checkpoint.
pub fn resumed(run: &Run, config: &Config, data: &Arc<Data>) -> Result<Trainer> {
    let (path, state) = run.newest_checkpoint()?;
    let step = state.step;
    let mut trainer = Trainer::with_state(config, data, state).map_err(|error| match error {
        fokker::Error::Dimension { expected, found, .. } => fokker::Error::File {
            path: path.clone(),
            reason: format!("{found} parameters, but the network of {} has {expected}", run.config().display()),
        },
        other => other,
    })?;
    run.truncate_metrics(step)?;
    trainer.set_last_checkpoint(Some(path));
    Ok(trainer)
}

/// Writes the number of threads into the config: sums depend on it, and a resumed run must not differ.
pub fn resolve_threads(config: &mut Config) {
    if config.train.threads == 0 {
        config.train.threads = std::thread::available_parallelism().map_or(1, usize::from);
    }
}

/// A trained model and how long it took.
pub struct Fitted {
    /// The model.
    pub score: NetworkScore<f32>,
    /// Seconds of training, those before an interruption included.
    pub seconds: f64,
}

/// Trains to the end, then writes the model.
pub fn fit(mut trainer: Trainer, run: &Run, config: &Config, data: &Data, name: &str) -> Result<Fitted> {
    let mut observer = Training::new(run, name, config.train.steps, trainer.steps_done())?;
    let result = trainer.run(&mut observer);
    observer.finish();
    let kept = observer.checkpoint.clone().or_else(|| trainer.last_checkpoint().map(Path::to_path_buf));
    match result {
        Err(fokker::Error::NonFinite { step, term, .. }) => {
            Err(fokker::Error::NonFinite { step, term, checkpoint: kept }).context(format!(
                "training stopped; what was kept is in {}; lower train.learning_rate or loss.fp.weight and train anew",
                run.root().display()
            ))
        }
        Err(error) => Err(error).with_context(|| interrupted(run, kept.as_deref())),
        Ok(()) => {
            let score = trainer.score();
            run.write_model(config, data, &score).with_context(|| interrupted(run, kept.as_deref()))?;
            Ok(Fitted { score, seconds: observer.seconds() })
        }
    }
}

/// What is left of a run that could not be kept on disk, and how to go on.
fn interrupted(run: &Run, kept: Option<&Path>) -> String {
    match kept {
        Some(path) => format!(
            "training stopped; {} is kept: go on with `fokker train --resume {}`",
            path.display(),
            run.root().display()
        ),
        None => "training stopped before its first checkpoint; nothing is kept".into(),
    }
}
