//! The job as a whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{config, steps_tried, steps_within};
use super::seed::{ComparedModel, ComparedSeed};
use crate::Error;
use crate::audit::{Audit, DataPictures, ModelPictures};
use crate::config::Config;
use crate::data::Data;
use crate::jobs::audited::{Audited, Model};
use crate::jobs::error::JobError;
use crate::jobs::observer::{Observer, Work};
use crate::jobs::run::Run;
use crate::manifest::Manifest;
use crate::study::{Arm, Comparison, SeedFigures};

/// What is to be compared, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Compare<'a> {
    /// The config's name: a preset, or the stem of a file.
    pub name: &'a str,
    /// The folder for the models: of a single seed themselves, of several in a folder `seed-N` each.
    pub root: &'a Path,
    /// What all arms share; its seed is the first one's.
    pub config: &'a Config,
    /// The data, which need not be what the config names.
    pub data: &'a Arc<Data>,
    /// The ways to train; the first is the reference. They may not differ in data, SDE, seed and audit.
    pub arms: &'a [Arm],
    /// Number of seeds.
    pub seeds: u64,
    /// Whether what an earlier compare wrote there is replaced.
    pub replace: bool,
}

impl<'a> Compare<'a> {
    /// One seed, in a folder that is empty, not there, or holds what an interrupted compare left.
    #[must_use]
    pub fn new(name: &'a str, root: &'a Path, config: &'a Config, data: &'a Arc<Data>, arms: &'a [Arm]) -> Self {
        Self { name, root, config, data, arms, seeds: 1, replace: false }
    }

    /// The folder of a seed.
    #[must_use]
    pub fn folder(&self, seed: u64) -> PathBuf {
        if self.seeds == 1 { self.root.into() } else { self.root.join(format!("seed-{seed}")) }
    }

    /// Refuses arms that cannot be told apart.
    fn check(&self) -> Result<(), Error> {
        let wrong = |key: &str, reason: String| Error::Config { origin: self.name.into(), key: key.into(), reason };
        if self.arms.is_empty() || self.seeds == 0 {
            return Err(wrong("arms", "at least 1 arm and 1 seed are needed".into()));
        }
        let mut before: Vec<(&Arm, Config)> = Vec::new();
        for arm in self.arms {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if arm.key.is_empty() || !arm.key.chars().all(plain) {
                return Err(wrong("arms", format!("{:?} is no key: letters, digits, - and _ make one", arm.key)));
            }
            let config = config(self.config, arm, self.name)?;
            if config.train.steps == 0 {
                return Err(wrong("train.steps", "must be at least 1 to compare".into()));
            }
            let earlier = |key: &&String| before.iter().any(|(other, _)| other.key == **key);
            if let Some(key) = arm.as_long_as.as_ref().filter(|key| !earlier(key)) {
                return Err(wrong("arm.as_long_as", format!("{key} is no earlier arm of {}", arm.key)));
            }
            let same = |of_other: &Config| *of_other == config && arm.as_long_as.is_none();
            match before.iter().find(|(other, of_other)| other.key == arm.key || same(of_other)) {
                Some((other, _)) if other.key == arm.key => {
                    return Err(wrong("arms", format!("{} is there twice", arm.key)));
                }
                Some((other, _)) => return Err(self.same(other, arm)),
                None => before.push((arm, config)),
            }
        }
        Ok(())
    }

    /// Two arms train the same model.
    fn same(&self, one: &Arm, other: &Arm) -> Error {
        let (key, reason) = match one.removes.first().or(other.removes.first()) {
            Some(key) if key == "loss.fp" => (key.as_str(), "there is no score-FPE term to compare with".into()),
            _ => ("arms", format!("{} and {} are the same", one.key, other.key)),
        };
        Error::Config { origin: self.name.into(), key: key.into(), reason }
    }
}

/// Trains every arm for every seed, audits the models, and tells how they differ; `done` is given each seed as it is done, with all that
/// a page about it needs. What an interrupted compare of the same config left is gone on with.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, jobs::{Compare, Silent, compare}, study::Arm};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let small = ["train.steps=20", "network.width=8", "audit.points=20", "audit.nll_points=20", "audit.bound_points=20"];
/// let smaller = ["audit.gap_samples=20", "audit.samples=20", "audit.times=[0.1]"];
/// let config = Config::preset("ring8", &small.into_iter().chain(smaller).map(String::from).collect::<Vec<_>>())?;
/// let data = Arc::new(Data::load(&config.data)?);
/// let arms = Arm::dsm_and_fp();
/// let job = Compare::new("ring8", folder.path(), &config, &data, &arms);
/// let found = compare(&job, &Silent, &mut |_| Ok(()))?;
/// let gained = found.differences[0].less("nll").ok_or("no figure")?;
/// println!("negative log-likelihood, FP less DSM: {} ± {} nats", gained.mean, gained.se);
/// assert!(folder.path().join("fp/model.safetensors").exists());
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] for arms that cannot be compared, [`Error::Occupied`] if the folder holds anything else; as
/// [`train`](crate::jobs::train()) and [`audit`](crate::audit::audit()); what `done` says.
pub fn compare(
    job: &Compare<'_>, observer: &dyn Observer, done: &mut dyn FnMut(&ComparedSeed<'_>) -> Result<(), Error>,
) -> Result<Comparison, JobError> {
    job.check()?;
    let base = job.config.with_threads();
    Manifest::require_own(job.root)?;
    base.audit.require(job.data.dim(), job.data.levels().is_some())?;
    begin(job.root)?;
    let mut seeds = Vec::new();
    for index in 0..job.seeds {
        let base = Config { seed: base.seed.wrapping_add(index), ..base.clone() };
        seeds.push(one_seed(job, &base, observer, done)?);
    }
    Comparison::new(job.name, job.arms, seeds).ok_or_else(|| JobError::option("seeds", "must be at least 1"))
}

/// Makes a folder, with a manifest from the start: what an interrupted compare leaves there is known to be its own.
fn begin(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })?;
    Manifest::update(folder, |manifest| manifest.record("report.html"))
}

fn one_seed(
    job: &Compare<'_>, base: &Config, observer: &dyn Observer,
    done: &mut dyn FnMut(&ComparedSeed<'_>) -> Result<(), Error>,
) -> Result<SeedFigures, JobError> {
    let (folder, data) = (job.folder(base.seed), job.data);
    begin(&folder)?;
    let (mut audits, mut models) = (Vec::<Audit>::new(), Vec::new());
    let mut trained: Vec<(Config, f64)> = Vec::new();
    for arm in job.arms {
        let mut config = config(base, arm, job.name)?;
        let folder = folder.join(&arm.key);
        if let Some(place) = arm.as_long_as.as_ref().and_then(|key| job.arms.iter().position(|other| other.key == *key))
        {
            // What was found when it was begun holds.
            let begun = Run::open(&folder).ok().filter(|_| !job.replace).map(|(_, begun)| begun.train.steps);
            let seconds = trained.get(place).map_or(f64::NAN, |(_, seconds)| *seconds);
            config.train.steps = match begun.or_else(|| steps_within(seconds, &config, &trained)) {
                Some(steps) => steps,
                None => {
                    observer.begin(&Work::uncounted(&arm.name));
                    observer.doing(&format!("{}: timing its steps", arm.name));
                    let steps = steps_tried(seconds, &config, data);
                    observer.end();
                    steps?
                }
            };
        }
        let model = Model { name: &arm.name, config: &config, data, folder: &folder, replace: job.replace };
        let (audit, model) = pictured(&arm.name, model.run(observer)?, data, observer)?;
        trained.push((config.clone(), audit.figures.number("train_seconds").unwrap_or(f64::NAN)));
        audits.push(audit);
        models.push(model);
    }
    let figures = SeedFigures::new(base.seed, audits);
    let pictures = DataPictures::new(data, &base.sde, &base.audit, base.seed);
    done(&ComparedSeed {
        folder: &folder,
        config: base,
        arms: job.arms,
        figures: &figures,
        data: &pictures,
        models: &models,
    })?;
    Ok(figures)
}

/// A model's audit, and what a page shows of it besides.
fn pictured(
    name: &str, found: Audited, data: &Data, observer: &dyn Observer,
) -> Result<(Audit, ComparedModel), JobError> {
    let Audited { run, fitted, audit, workers } = found;
    observer.begin(&Work::uncounted(name));
    observer.doing(&format!("{name}: samples and log-density"));
    let pictures = ModelPictures::new(&fitted.score, &audit, data, &workers);
    observer.end();
    Ok((audit, ComparedModel { metrics: run.read_metrics()?, pictures: pictures? }))
}
