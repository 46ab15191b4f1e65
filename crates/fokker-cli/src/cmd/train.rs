//! `fokker train`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use fokker::config::Config;
use fokker::data::Data;
use fokker::score::network::NetworkScore;
use fokker::train::{Run, Trainer};
use fokker::weights::{NameMap, read_weights};
use sha2::{Digest, Sha256};

use super::{out, source};
use crate::args::Train;
use crate::fail::request;
use crate::progress::Training;

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
    let run = Run::create(output, &config)?;
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
    let (path, state) = run.newest_checkpoint()?;
    let step = state.step;
    let mut trainer = Trainer::with_state(&config, &data, state).map_err(|error| match error {
        fokker::Error::Dimension { expected, found, .. } => fokker::Error::File {
            path: path.clone(),
            reason: format!("{found} parameters, but the network of {} has {expected}", run.config().display()),
        },
        other => other,
    })?;
    run.truncate_metrics(step)?;
    trainer.set_last_checkpoint(Some(path));
    fit(trainer, &run, &config, &data, "train")?;
    out!("{}", run.model().display());
    Ok(())
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
    /// Seconds of training.
    pub seconds: f64,
}

/// Trains to the end, then writes the model.
pub fn fit(mut trainer: Trainer, run: &Run, config: &Config, data: &Data, name: &str) -> Result<Fitted> {
    let mut observer = Training::new(run, name, config.train.steps, trainer.steps_done());
    let start = Instant::now();
    let result = trainer.run(&mut observer);
    let seconds = start.elapsed().as_secs_f64();
    observer.finish();
    if let Err(fokker::Error::NonFinite { step, term, checkpoint }) = result {
        let checkpoint = observer.checkpoint.clone().or(checkpoint);
        return Err(fokker::Error::NonFinite { step, term, checkpoint }).context(format!(
            "training stopped; what was kept is in {}; lower train.learning_rate or loss.fp.weight and train anew",
            run.root().display()
        ));
    }
    result?;
    let score = trainer.score();
    run.write_model(config, data, &score)?;
    Ok(Fitted { score, seconds })
}
