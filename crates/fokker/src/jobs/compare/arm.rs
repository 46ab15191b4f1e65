//! One model of a study: trained, or what is left of its training, and audited.

use std::path::Path;
use std::sync::Arc;

use super::seed::ComparedModel;
use crate::audit::{Audit, ModelPictures, Points, audit};
use crate::config::Config;
use crate::data::Data;
use crate::jobs::error::JobError;
use crate::jobs::observer::{Observer, Work, notes};
use crate::jobs::run::Run;
use crate::jobs::train::{Fitted, fit, resumed};
use crate::model_file::read_model;
use crate::study::timed;
use crate::train::Trainer;
use crate::{Error, Occupant};

/// A model that is to be had.
pub(super) struct Model<'a> {
    /// What the observer is told that it is called.
    pub name: &'a str,
    pub config: &'a Config,
    pub data: &'a Arc<Data>,
    pub folder: &'a Path,
    /// Whether what is there is replaced.
    pub replace: bool,
}

impl Model<'_> {
    /// Trains the model, or what is left of its training, and audits it, unless that has been done.
    pub fn run(&self, observer: &dyn Observer) -> Result<(Audit, ComparedModel), JobError> {
        let (run, fitted) = self.train(observer)?;
        observer.begin(&Work::uncounted(self.name));
        let found = self.measure(&run, &fitted, observer);
        observer.end();
        let (figures, pictures) = found?;
        let model = ComparedModel { metrics: run.read_metrics()?, pictures };
        Ok((timed(figures, fitted.seconds, self.config.train.steps), model))
    }

    fn measure(&self, run: &Run, fitted: &Fitted, observer: &dyn Observer) -> Result<(Audit, ModelPictures), JobError> {
        let Self { name, config, data, .. } = *self;
        let doing = |what: &str| observer.doing(&format!("{name}: {what}"));
        let workers = fitted.score.model().workers(config.train.threads, config.train.chunk_rows)?;
        let same = |a: &Audit| a.seed == config.seed && a.settings == config.audit && a.figures.is_complete();
        let figures = match Audit::read(run.root())?.filter(same) {
            Some(figures) => figures,
            None => audit(&fitted.score, &Points::of(data), &config.audit, config.seed, &workers, &doing)?,
        };
        figures.write(run.root())?;
        doing("samples and log-density");
        let pictures = ModelPictures::new(&fitted.score, &figures, data, &workers)?;
        Ok((figures, pictures))
    }

    fn train(&self, observer: &dyn Observer) -> Result<(Run, Fitted), JobError> {
        let Self { name, config, data, folder, replace } = *self;
        let fit = |trainer, run: Run| {
            let fitted = fit(trainer, name, &run, config, data, observer)?;
            Ok((run, fitted))
        };
        let fresh = || Trainer::new(config, data);
        let there = Run::at(folder);
        match there.occupant()? {
            None => fit(fresh()?, Run::create(folder, config, data)?),
            Some(_) if replace => fit(fresh()?, Run::replace(folder, config, data)?),
            Some(occupant @ Occupant::Foreign { .. }) => Err(Error::Occupied { path: folder.into(), occupant }.into()),
            Some(occupant) => {
                self.require_same(&there, observer)?;
                match occupant {
                    Occupant::Finished => {
                        observer.kept(name, None, folder);
                        let (seconds, (_, score)) = (there.manifest()?.train_seconds, read_model(&there.model())?);
                        Ok((there, Fitted { score, seconds }))
                    }
                    Occupant::Unfinished { step } => {
                        observer.kept(name, Some(step), folder);
                        fit(resumed(&there, config, data)?, there)
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
