//! One model of a study: trained, or what is left of its training done, and audited.

use std::path::PathBuf;
use std::sync::Arc;

use fokker_jet::cpu::Workers;

use super::error::JobError;
use super::fit::{Fitted, fit, resumed};
use super::measure::{Measure, measure};
use super::observer::{Observer, notes};
use super::run::Run;
use crate::audit::Audit;
use crate::config::Config;
use crate::data::Data;
use crate::model_file::read_model;
use crate::study::timed;
use crate::train::{Keep, Trainer};
use crate::{Error, Occupant};

/// A model that is to be had.
pub(super) struct Model<'a> {
    /// What the observer is told that it is called.
    pub name: &'a str,
    pub config: &'a Config,
    pub data: &'a Arc<Data>,
    pub folder: PathBuf,
    /// Whether what is there is replaced.
    pub replace: bool,
}

/// A model that there is.
pub(super) struct Audited {
    pub run: Run,
    pub fitted: Fitted,
    /// Its audit, with what training cost.
    pub audit: Audit,
    pub workers: Workers,
}

impl Model<'_> {
    /// Trains the model, or what is left of its training, and audits it, unless that has been done.
    pub fn run(&self, observer: &dyn Observer) -> Result<Audited, JobError> {
        // What is done is only read, perhaps by several at the same time.
        let _lock = if self.is_done() { None } else { Some(Run::at(&self.folder).lock()?) };
        let (run, fitted) = self.train(observer)?;
        let workers = fitted.score.model().workers(self.config.train.threads, self.config.train.chunk_rows)?;
        let audit = timed(self.measure(&run, &fitted, &workers, observer)?, fitted.seconds, fitted.taken);
        Ok(Audited { run, fitted, audit, workers })
    }

    /// Has it been trained and audited? If not even that can be told, what follows says why.
    pub fn is_done(&self) -> bool {
        let there = Run::at(&self.folder);
        let is_finished = || matches!(there.occupant(), Ok(Some(Occupant::Finished)));
        let steps = || {
            read_model(&there.model())
                .ok()
                .filter(|(info, _)| info.steps >= self.config.train.steps || self.stops_early())
        };
        !self.replace
            && is_finished()
            && steps().is_some_and(|(info, _)| self.found(&there, info.steps).is_ok_and(|found| found.is_some()))
    }

    /// May the model be of fewer steps than there were to be?
    fn stops_early(&self) -> bool {
        self.config.train.held_out.is_some_and(|held_out| held_out.patience > 0 || held_out.keep == Keep::Best)
    }

    /// The audit that is there, if it is of this model, and of what the config says.
    fn found(&self, run: &Run, steps: u64) -> Result<Option<Audit>, Error> {
        let config = self.config;
        let same = |a: &Audit| {
            let of = (a.seed, a.steps, &a.settings) == (config.seed, Some(steps), &config.audit);
            of && a.figures.is_complete()
        };
        Ok(Audit::read(run.root())?.filter(same))
    }

    fn measure(
        &self, run: &Run, fitted: &Fitted, workers: &Workers, observer: &dyn Observer,
    ) -> Result<Audit, JobError> {
        let Self { name, config, data, .. } = *self;
        if let Some(found) = self.found(run, fitted.steps)? {
            return Ok(found);
        }
        let job = Measure {
            name,
            run: run.root(),
            score: &fitted.score,
            steps: fitted.steps,
            data,
            settings: &config.audit,
            seed: config.seed,
            workers,
        };
        let found = measure(&job, observer)?;
        found.write(run.root())?;
        Ok(found)
    }

    fn train(&self, observer: &dyn Observer) -> Result<(Run, Fitted), JobError> {
        let Self { name, config, data, ref folder, replace } = *self;
        let fit = |trainer, run: Run| match fit(trainer, name, &run, config, data, observer) {
            Ok(fitted) => Ok((run, fitted)),
            Err(JobError::Stopped { .. }) => {
                let how = format!("what was trained is kept in {}: the same command goes on", folder.display());
                Err(JobError::Stopped { how: Some(how) })
            }
            Err(error) => Err(error),
        };
        let fresh = || Trainer::new(config, data);
        let there = Run::at(folder);
        match there.occupant()? {
            None => fit(fresh()?, Run::create(folder, config, data)?),
            Some(_) if replace => fit(fresh()?, Run::replace(folder, config, data)?),
            Some(occupant @ Occupant::Foreign { .. }) => Err(Error::Occupied { path: folder.clone(), occupant }.into()),
            Some(occupant) => {
                self.require_same(&there, observer)?;
                match occupant {
                    Occupant::Finished => {
                        observer.kept(name, None, folder);
                        let (seconds, (info, score)) = (there.manifest()?.train_seconds, read_model(&there.model())?);
                        // A run that was given more steps and has not taken them yet still has the model from before.
                        if info.steps < config.train.steps && !self.stops_early() {
                            return fit(resumed(&there, config, data, observer)?, there);
                        }
                        let (steps, taken) = (info.steps, there.steps_taken()?.unwrap_or(info.steps));
                        Ok((there, Fitted { score, seconds, steps, taken }))
                    }
                    Occupant::Unfinished { step } => {
                        observer.kept(name, Some(step), folder);
                        fit(resumed(&there, config, data, observer)?, there)
                    }
                    // No checkpoint: nothing is lost.
                    _ => fit(fresh()?, Run::replace(folder, config, data)?),
                }
            }
        }
    }

    /// Refuses to go on with a run of another config, or of other data; what is audited may differ.
    fn require_same(&self, there: &Run, observer: &dyn Observer) -> Result<(), JobError> {
        let (_, before) = Run::open(there.root())?;
        let before = Config { audit: self.config.audit.clone(), memory: self.config.memory.clone(), ..before };
        match before.difference(self.config) {
            Some(key) => {
                let occupant = Occupant::OtherConfig { key };
                Err(Error::Occupied { path: there.root().into(), occupant }.into())
            }
            None => {
                notes(observer, there.require_data(self.config, self.data)?);
                Ok(())
            }
        }
    }
}
