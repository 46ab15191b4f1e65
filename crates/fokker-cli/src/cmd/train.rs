//! `fokker train`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use fokker::config::Config;
use fokker::data::Data;
use fokker::score::network::NetworkScore;
use fokker::train::{Run, Trainer};

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
    let trainer = Trainer::new(&config, &data)?;
    let run = Run::create(output, &config)?;
    fit(trainer, &run, &config, &data, "train")?;
    out!("{}", run.model().display());
    Ok(())
}

fn resume(root: &Path) -> Result<()> {
    let (run, config) = Run::open(root)?;
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
