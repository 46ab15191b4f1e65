//! Training to the end in a run directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::error::JobError;
use super::observer::{Observer, Unit, Work, notes};
use super::run::{Newest, Run};
use super::spikes::Spikes;
use super::trainer::{Start, trainer};
use crate::Error;
use crate::collective::{agree, broadcast_bytes, first, is_first};
use crate::config::Config;
use crate::data::Data;
use crate::manifest::{Manifest, Rollback};
use crate::model_file::read_model;
use crate::objective::LossTerms;
use crate::score::network::NetworkScore;
use crate::tensor_file::read_bytes;
use crate::train::{Best, Checkpoint, Ended, Keep, Metrics, OnDivergence, Recorder, Trainer};

/// A trained model and how long it took.
#[derive(Debug)]
pub struct Fitted {
    /// The model.
    pub score: NetworkScore<f32>,
    /// Seconds of training, those before an interruption included.
    pub seconds: f64,
    /// Steps behind the model: fewer than were asked for, if the loss on held-out rows had stopped falling, or was the least before.
    pub steps: u64,
    /// Steps that were taken, which the seconds are of.
    pub taken: u64,
}

/// Where a run stands: at its newest checkpoint that is whole. The lines of its metrics after that are dropped.
struct Standing {
    path: PathBuf,
    checkpoint: Checkpoint,
    /// How often training has gone back.
    rollbacks: u32,
}

impl Standing {
    /// What the files say.
    fn read(run: &Run, observer: &dyn Observer) -> Result<Self, Error> {
        let Newest { path, checkpoint, damaged } = run.newest_checkpoint()?;
        notes(observer, damaged.iter().map(|what| format!("{what}; goes on from the one before, {}", path.display())));
        run.truncate_metrics(checkpoint.step)?;
        let rollbacks = u32::try_from(run.manifest()?.rollbacks.len()).unwrap_or(u32::MAX);
        Ok(Self { path, checkpoint, rollbacks })
    }

    /// The same on all ranks: what rank 0 reads.
    fn shared(run: &Run, observer: &dyn Observer) -> Result<Self, Error> {
        let ranks = &**observer.ranks();
        let of_first = first(ranks, || {
            let standing = Self::read(run, observer)?;
            let bytes = if ranks.size() > 1 { read_bytes(&standing.path)? } else { Vec::new() };
            Ok::<_, Error>((standing, bytes))
        })?;
        let (standing, bytes) = of_first.unzip();
        let mut rollbacks = standing.as_ref().map_or(0, |standing| standing.rollbacks);
        if ranks.size() > 1 {
            ranks.broadcast(0, bytemuck::bytes_of_mut(&mut rollbacks));
        }
        match standing {
            Some(standing) => {
                broadcast_bytes(ranks, 0, bytes.unwrap_or_default());
                Ok(standing)
            }
            None => {
                let path = run.root().join("the checkpoint of rank 0");
                let checkpoint = Checkpoint::of_bytes(&broadcast_bytes(ranks, 0, Vec::new()), &path)?;
                Ok(Self { path, checkpoint, rollbacks })
            }
        }
    }
}

/// Training as it stood at a run's newest checkpoint that is whole.
///
/// # Errors
/// [`Error::File`] if there is no checkpoint, or it is another network's; as [`Trainer::with_state`].
pub(super) fn resumed(run: &Run, config: &Config, data: &Arc<Data>, observer: &dyn Observer) -> Result<Trainer, Error> {
    let ranks = observer.ranks();
    let Standing { path, checkpoint, rollbacks } = Standing::shared(run, observer)?;
    let made = trainer(config, data, ranks, Start::State(Box::new(checkpoint))).map_err(|error| match error {
        Error::Dimension { expected, found, .. } => Error::File {
            path: path.clone(),
            reason: format!("{found} parameters, but the network of {} has {expected}", run.config().display()),
        },
        other => other,
    });
    let mut trainer = agree(&**ranks, made)?;
    trainer.set_rate_factor(config.train.rollback_rate.powi(i32::try_from(rollbacks).unwrap_or(i32::MAX)));
    trainer.set_last_checkpoint(Some(path));
    Ok(trainer)
}

/// Trains to the end, keeping checkpoints and metrics in the run directory, then writes the model there.
///
/// # Errors
/// [`JobError::Diverged`], [`JobError::Interrupted`], [`JobError::Stopped`].
pub(super) fn fit(
    mut trainer: Trainer, name: &str, run: &Run, config: &Config, data: &Arc<Data>, observer: &dyn Observer,
) -> Result<Fitted, JobError> {
    let ranks = &**observer.ranks();
    let before = || if trainer.steps_done() > 0 { Ok(run.manifest()?.train_seconds) } else { Ok::<_, Error>(0.0) };
    let before = first(ranks, before)?.unwrap_or(0.0);
    observer.begin(&Work::counted(name, Unit::Steps, config.train.steps, trainer.steps_done()));
    let mut keeper = Keeper::new(run, config, data, observer, before);
    let ended = loop {
        match trainer.run(&mut keeper) {
            Ok(ended) => break Ok(ended),
            Err(error) => match gone_back(error, run, config, data, observer) {
                Ok(again) => trainer = again,
                Err(error) => break Err(error),
            },
        }
    };
    observer.end();
    let (seconds, steps) = (keeper.seconds, trainer.steps_done());
    let kept = keeper.kept.or_else(|| trainer.last_checkpoint().map(Path::to_path_buf));
    let root = run.root().to_path_buf();
    if let Ok(Ended::Stopped) = ended {
        let all = config.train.steps;
        let how = format!("step {steps} of {all} is kept: go on with `fokker train --resume {}`", root.display());
        return Err(JobError::Stopped { how: Some(how) });
    }
    if let (Ok(Ended::Early), Some(best)) = (&ended, trainer.best()) {
        let Best { step, loss } = best;
        notes(
            observer,
            [format!("{name}: the held-out loss has not fallen below {loss:.4} since step {step}: stopped at {steps}")],
        );
    }
    let keeps_best = config.train.held_out.is_some_and(|held_out| held_out.keep == Keep::Best);
    let taken = steps;
    let write = || {
        let best = trainer.best().filter(|best| keeps_best && best.step < steps);
        let (score, steps) = match best {
            Some(best) => (read_model(&run.best())?.1, best.step),
            None => (trainer.score(), steps),
        };
        run.write_model(config, data, &score, steps)?;
        Ok(Fitted { score, seconds, steps, taken })
    };
    let written = ended.and_then(|_| first(ranks, write));
    match written {
        Ok(fitted) => Ok(fitted.unwrap_or_else(|| Fitted { score: trainer.score(), seconds, steps, taken })),
        Err(Error::NonFinite { step, term, layer, .. }) => {
            Err(JobError::Diverged { root, source: Box::new(Error::NonFinite { step, term, layer, checkpoint: kept }) })
        }
        // What is kept, and how to go on, is for rank 0 to say.
        Err(error @ (Error::Elsewhere { .. } | Error::RanksDiffer { .. })) => Err(error.into()),
        Err(error) => Err(JobError::Interrupted { root, kept, source: Box::new(error) }),
    }
}

/// Training from the newest checkpoint on, if that is how numbers that are not finite are met and it has not been done too often, noted in the
/// manifest; else the error.
fn gone_back(
    error: Error, run: &Run, config: &Config, data: &Arc<Data>, observer: &dyn Observer,
) -> Result<Trainer, Error> {
    // All ranks have met the same numbers.
    let Error::NonFinite { step, term, layer, checkpoint } = error else { return Err(error) };
    if config.train.on_divergence != OnDivergence::Rollback {
        return Err(Error::NonFinite { step, term, layer, checkpoint });
    }
    let noted = first(&**observer.ranks(), || {
        if run.manifest()?.rollbacks.len() >= config.train.rollbacks as usize {
            return Err(Error::NonFinite { step, term, layer: layer.clone(), checkpoint });
        }
        let back_to = run.newest_checkpoint()?.checkpoint.step;
        let of = layer.as_ref().map_or(String::new(), |layer| format!(", and first of all {layer}"));
        let (reason, rate) = (format!("the {term} is not finite{of}"), config.train.rollback_rate);
        notes(
            observer,
            [format!("step {step}: {reason}; goes back to step {back_to}, at {rate} of the learning rate")],
        );
        // Before the first step at the lower rate: a call that goes on from here knows of it.
        Manifest::update(run.root(), |manifest| manifest.rollbacks.push(Rollback { step, back_to, reason }))
    });
    noted.and_then(|_| resumed(run, config, data, observer))
}

/// Keeps what training hands over in the run directory, and tells the observer.
struct Keeper<'a> {
    run: &'a Run,
    config: &'a Config,
    data: &'a Data,
    observer: &'a dyn Observer,
    /// Seconds of training before this start, when that was, and seconds in all at the newest checkpoint.
    before: f64,
    start: Instant,
    seconds: f64,
    /// The newest checkpoint written.
    kept: Option<PathBuf>,
    spikes: Spikes,
    keeps: bool,
}

impl<'a> Keeper<'a> {
    fn new(run: &'a Run, config: &'a Config, data: &'a Data, observer: &'a dyn Observer, before: f64) -> Self {
        let (start, spikes, keeps) = (Instant::now(), Spikes::default(), is_first(&**observer.ranks()));
        Self { run, config, data, observer, before, start, seconds: before, kept: None, spikes, keeps }
    }
}

/// Of several ranks, the first keeps.
impl Recorder for Keeper<'_> {
    fn step(&mut self, done: u64, _: &LossTerms) {
        self.observer.done(done);
    }

    fn metrics(&mut self, metrics: &Metrics) -> Result<(), Error> {
        if !self.keeps {
            return Ok(());
        }
        self.observer.metrics(metrics);
        notes(self.observer, self.spikes.see(metrics));
        self.run.append_metrics(metrics)
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if !self.keeps {
            return Ok(());
        }
        let path = self.run.write_checkpoint(checkpoint)?;
        self.observer.checkpoint(&path);
        self.kept = Some(path);
        self.seconds = self.before + self.start.elapsed().as_secs_f64();
        self.run.record_seconds(self.seconds)
    }

    fn best(&mut self, best: Best, score: &NetworkScore<f32>) -> Result<(), Error> {
        if self.keeps { self.run.write_best(self.config, self.data, score, best.step) } else { Ok(()) }
    }

    fn stops(&self) -> bool {
        self.observer.stops()
    }
}
