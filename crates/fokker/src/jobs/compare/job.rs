//! The job as a whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{config, steps_tried, steps_within};
use super::seed::{ComparedModel, ComparedSeed};
use crate::Error;
use crate::audit::{Audit, DataPictures, ModelPictures};
use crate::collective::{agree, first};
use crate::config::Config;
use crate::data::Data;
use crate::jobs::audited::{Audited, Model};
use crate::jobs::error::JobError;
use crate::jobs::observer::{Alone, Observer, Quiet, Unit, Work};
use crate::jobs::run::Run;
use crate::jobs::train::require_alike;
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

    /// The place of the arm whose time that at `place` is given, however many are between them; of most arms it is their own.
    fn lead(&self, place: usize) -> usize {
        let earlier = |key: &String| self.arms[..place].iter().position(|other| other.key == *key);
        self.arms[place].as_long_as.as_ref().and_then(earlier).map_or(place, |earlier| self.lead(earlier))
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
/// a page about it needs. What an interrupted compare of the same config left is gone on with. Several [ranks](Observer::ranks) share the models, in a
/// folder that all of them see; then each is given all seeds.
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
    let ranks = &**observer.ranks();
    let begun = || {
        job.check()?;
        let base = job.config.with_threads();
        Manifest::require_own(job.root)?;
        base.audit.require(job.data.dim(), job.data.levels().is_some())?;
        Ok::<_, JobError>(base)
    };
    let base = agree(ranks, begun())?;
    let of_seed = |index: u64| Config { seed: base.seed.wrapping_add(index), ..base.clone() };
    require_alike(&base, job.data, observer)?;
    first(ranks, || begin(job.root))?;
    if ranks.size() > 1 {
        let seeds: Vec<Config> = (0..job.seeds).map(of_seed).collect();
        first(ranks, || seeds.iter().map(|base| job.folder(base.seed)).try_for_each(|folder| begin(&folder)))?;
        agree(ranks, models_of_rank(job, &seeds, observer))?;
    }
    // All models are there now, if there are several ranks, and every rank reads all of them.
    let job = &Compare { replace: job.replace && ranks.size() == 1, ..*job };
    let mut gathered = || {
        let mut seeds = Vec::new();
        for index in 0..job.seeds {
            seeds.push(one_seed(job, &of_seed(index), &Alone(observer), done)?);
        }
        Comparison::new(job.name, job.arms, seeds).ok_or_else(|| JobError::option("seeds", "must be at least 1"))
    };
    agree(ranks, gathered())
}

/// Makes a folder, with a manifest from the start: what an interrupted compare leaves there is known to be its own.
fn begin(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })?;
    Manifest::update(folder, |manifest| manifest.record("report.html"))
}

/// Trains and audits this rank's share of the models of all seeds. An arm that is given the time of another goes with it.
fn models_of_rank(job: &Compare<'_>, seeds: &[Config], observer: &dyn Observer) -> Result<(), JobError> {
    let (rank, size) = (observer.ranks().rank(), observer.ranks().size());
    let leads: Vec<usize> = (0..job.arms.len()).filter(|&place| job.lead(place) == place).collect();
    let units = seeds.iter().flat_map(|base| leads.iter().map(move |&lead| (base, lead)));
    let mine: Vec<_> = units.skip(rank).step_by(size).collect();
    observer.begin(&Work::counted(job.name, Unit::Models, mine.len() as u64, 0));
    for (done, (base, lead)) in mine.into_iter().enumerate() {
        let mut trained = Vec::new();
        for arm in job.arms.iter().enumerate().filter(|(place, _)| job.lead(*place) == lead).map(|(_, arm)| arm) {
            let config = config_of(job, base, arm, &trained, &Quiet(observer))?;
            let audit = model(job, base, arm, &config).run(&Quiet(observer))?.audit;
            trained.push((arm, config, seconds_of(&audit)));
        }
        observer.done(done as u64 + 1);
    }
    observer.end();
    Ok(())
}

/// An arm of a seed with its config and the seconds that it was trained for.
type Trained<'a> = (&'a Arm, Config, f64);

fn seconds_of(audit: &Audit) -> f64 {
    audit.figures.number("train_seconds").unwrap_or(f64::NAN)
}

fn model<'a>(job: &'a Compare<'_>, base: &Config, arm: &'a Arm, config: &'a Config) -> Model<'a> {
    let folder = job.folder(base.seed).join(&arm.key);
    Model { name: &arm.name, config, data: job.data, folder, replace: job.replace }
}

/// An arm's config: with the steps that an earlier arm's seconds are enough for, if it is to have them.
fn config_of(
    job: &Compare<'_>, base: &Config, arm: &Arm, trained: &[Trained<'_>], observer: &dyn Observer,
) -> Result<Config, JobError> {
    let mut config = config(base, arm, job.name)?;
    if let Some(key) = &arm.as_long_as {
        // What was found when it was begun holds.
        let folder = job.folder(base.seed).join(&arm.key);
        let begun = Run::open(&folder).ok().filter(|_| !job.replace).map(|(_, begun)| begun.train.steps);
        let seconds = trained.iter().find(|(other, ..)| other.key == *key).map_or(f64::NAN, |(_, _, seconds)| *seconds);
        let earlier: Vec<_> = trained.iter().map(|(_, config, seconds)| (config.clone(), *seconds)).collect();
        config.train.steps = match begun.or_else(|| steps_within(seconds, &config, &earlier)) {
            Some(steps) => steps,
            None => {
                observer.begin(&Work::uncounted(&arm.name));
                observer.doing(&format!("{}: timing its steps", arm.name));
                let steps = steps_tried(seconds, &config, job.data);
                observer.end();
                steps?
            }
        };
    }
    Ok(config)
}

fn one_seed(
    job: &Compare<'_>, base: &Config, observer: &Alone<'_>,
    done: &mut dyn FnMut(&ComparedSeed<'_>) -> Result<(), Error>,
) -> Result<SeedFigures, JobError> {
    let (folder, data) = (job.folder(base.seed), job.data);
    if observer.is_first() {
        begin(&folder)?;
    }
    let (mut audits, mut models) = (Vec::<Audit>::new(), Vec::new());
    let mut trained: Vec<Trained<'_>> = Vec::new();
    for arm in job.arms {
        let config = config_of(job, base, arm, &trained, observer)?;
        let (audit, model) = pictured(&arm.name, model(job, base, arm, &config).run(observer)?, data, observer)?;
        trained.push((arm, config, seconds_of(&audit)));
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
