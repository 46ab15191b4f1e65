//! The job as a whole.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::halving::rounds;
use crate::Error;
use crate::audit::{Audit, definitions};
use crate::collective::{agree, all_gather_bytes, first};
use crate::config::Config;
use crate::data::Data;
use crate::figure::{Better, Definition, Shape};
use crate::jobs::audited::Model;
use crate::jobs::compare::config;
use crate::jobs::error::JobError;
use crate::jobs::observer::{Alone, Observer, Quiet, Unit, Work};
use crate::jobs::train::require_alike;
use crate::manifest::Manifest;
use crate::study::{Arm, Axis, SweepFigures, SweepPoint, SweepRound, grid};

/// What is to be swept over, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    /// The config's name: a preset, or the stem of a file.
    pub name: &'a str,
    /// The folder for the models.
    pub root: &'a Path,
    /// What all settings share; its seed is the first one's.
    pub config: &'a Config,
    /// The data, which need not be what the config names.
    pub data: &'a Arc<Data>,
    /// The keys and their values.
    pub axes: &'a [Axis],
    /// The key of the figure that settings are ranked by.
    pub by: &'a str,
    /// Number of seeds.
    pub seeds: u64,
    /// Whether all settings are trained for a few steps first, and the best of them for more.
    pub halving: bool,
    /// Models that are trained at the same time, each on its share of the threads.
    pub at_once: usize,
}

impl<'a> Sweep<'a> {
    /// One seed, one model at a time, ranked by the negative log-likelihood of held-out rows.
    #[must_use]
    pub fn new(name: &'a str, root: &'a Path, config: &'a Config, data: &'a Arc<Data>, axes: &'a [Axis]) -> Self {
        Self { name, root, config, data, axes, by: "nll", seeds: 1, halving: false, at_once: 1 }
    }

    fn wrong(&self, key: &str, reason: impl Into<String>) -> Error {
        Error::Config { origin: self.name.into(), key: key.into(), reason: reason.into() }
    }

    /// The settings and their configs, as long as they can be compared.
    fn settings(&self, base: &Config) -> Result<Vec<Setting>, Error> {
        if let Some(axis) = self.axes.iter().find(|axis| self.halving && axis.key == "train.steps") {
            return Err(self.wrong(&axis.key, "halving sets it"));
        }
        if self.seeds == 0 {
            return Err(self.wrong("seeds", "must be at least 1"));
        }
        let mut settings: Vec<Setting> = Vec::new();
        for arm in grid(self.axes) {
            let config = config(base, &arm, self.name)?;
            if config.train.steps == 0 {
                return Err(self.wrong("train.steps", "must be at least 1"));
            }
            match settings.iter().find(|other| other.arm.key == arm.key || other.config == config) {
                Some(other) => {
                    return Err(self.wrong("over", format!("{} and {} are the same", other.arm.name, arm.name)));
                }
                None => settings.push(Setting { arm, config }),
            }
        }
        Ok(settings)
    }

    /// The figure that settings are ranked by.
    fn figure(&self) -> Result<&'static Definition, JobError> {
        let ranks = |figure: &&'static Definition| figure.shape == Shape::Mean && figure.better != Better::Neither;
        let all = || definitions().into_iter().filter(ranks);
        all().find(|figure| figure.key == self.by).ok_or_else(|| {
            let known: Vec<&str> = all().map(|figure| figure.key).collect();
            JobError::option("by", format!("{} is none of {}", self.by, known.join(", ")))
        })
    }
}

/// An arm of the grid.
struct Setting {
    arm: Arm,
    config: Config,
}

/// Trains and audits at every combination of the axes' values. What an interrupted sweep of the same config left is gone on with. A setting whose training
/// diverges is kept as one that failed. Several [ranks](Observer::ranks) share the models of a round, in a folder that all of them see; then all have the figures.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, jobs::{Silent, Sweep, sweep}, study::Axis};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let small = ["train.steps=20", "network.width=8", "audit.points=20", "audit.nll_points=20", "audit.bound_points=20"];
/// let smaller = ["audit.gap_samples=20", "audit.samples=20", "audit.times=[0.1]"];
/// let config = Config::preset("ring8", &small.into_iter().chain(smaller).map(String::from).collect::<Vec<_>>())?;
/// let data = Arc::new(Data::load(&config.data)?);
/// let axes = [Axis::parse("train.learning_rate=1e-4,1e-2")?];
/// let found = sweep(&Sweep::new("ring8", folder.path(), &config, &data, &axes), &Silent)?;
/// let round = found.last().ok_or("no round")?;
/// println!("best: {}", round.best(found.by).ok_or("all failed")?.arm.name);
/// assert!(folder.path().join("learning_rate-1e-2/seed-0/model.safetensors").exists());
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] for axes that make no settings, [`Error::Occupied`] if the folder holds anything else; as
/// [`train`](crate::jobs::train()) and [`audit`](crate::audit::audit()).
pub fn sweep(job: &Sweep<'_>, observer: &dyn Observer) -> Result<SweepFigures, JobError> {
    let ranks = &**observer.ranks();
    let begun = || {
        let by = job.figure()?;
        let mut base = job.config.with_threads();
        base.train.threads = (base.train.threads / job.at_once.max(1)).max(1);
        let settings = job.settings(&base)?;
        Manifest::require_own(job.root)?;
        base.audit.require(job.data.dim(), job.data.levels().is_some())?;
        Ok::<_, JobError>((by, base, settings))
    };
    let (by, base, mut settings) = agree(ranks, begun())?;
    require_alike(&base, job.data, observer)?;
    first(ranks, || {
        std::fs::create_dir_all(job.root).map_err(|source| Error::Write { path: job.root.into(), source })?;
        Manifest::update(job.root, |manifest| manifest.record("sweep.html"))
    })?;
    let plan = if job.halving { rounds(settings.len(), base.train.steps) } else { vec![(0, settings.len())] };
    let mut found: Vec<SweepRound> = Vec::new();
    for (steps, count) in plan {
        if let Some(before) = found.last() {
            let kept: Vec<&str> =
                before.ranked(by).into_iter().take(count).map(|place| before.points[place].arm.key.as_str()).collect();
            settings.retain(|setting| kept.contains(&setting.arm.key.as_str()));
        }
        let steps = job.halving.then_some(steps);
        let points = round(job, &settings, steps, observer)?;
        found.push(SweepRound { steps, points });
    }
    Ok(SweepFigures { config: job.name.into(), by, axes: job.axes.to_vec(), rounds: found })
}

/// A model of a round.
struct Task<'a> {
    setting: &'a Setting,
    config: Config,
    folder: PathBuf,
}

impl<'a> Task<'a> {
    /// The model of the seed that is so many after the first.
    fn new(setting: &'a Setting, seed: u64, steps: Option<u64>, folder: &Path) -> Self {
        let mut config = Config { seed: setting.config.seed.wrapping_add(seed), ..setting.config.clone() };
        config.train.steps = steps.unwrap_or(config.train.steps);
        let folder = folder.join(&setting.arm.key).join(format!("seed-{}", config.seed));
        Self { setting, config, folder }
    }
}

fn round(
    job: &Sweep<'_>, settings: &[Setting], steps: Option<u64>, observer: &dyn Observer,
) -> Result<Vec<SweepPoint>, JobError> {
    let of_round: PathBuf = steps.map_or_else(|| job.root.into(), |steps| job.root.join(format!("steps-{steps}")));
    // Seed by seed: a sweep that is stopped has told something of every setting.
    let tasks: Vec<Task<'_>> = (0..job.seeds)
        .flat_map(|seed| settings.iter().map(move |setting| (seed, setting)))
        .map(|(seed, setting)| Task::new(setting, seed, steps, &of_round))
        .collect();
    let ranks = &**observer.ranks();
    if ranks.size() > 1 {
        // Each rank its own; then all read what all have made.
        let mine: Vec<&Task<'_>> = tasks.iter().skip(ranks.rank()).step_by(ranks.size()).collect();
        let diverged = |found: Vec<Option<Audit>>| found.iter().map(|found| u8::from(found.is_none())).collect();
        let failed: Vec<u8> = agree(ranks, run(job, &mine, observer).map(diverged))?;
        let failed = all_gather_bytes(ranks, &failed);
        let diverged = |place: usize| failed[place % ranks.size()][place / ranks.size()] > 0;
        let read = |(place, task): (usize, &Task<'_>)| {
            if diverged(place) { Ok(None) } else { train(job, task, &Quiet(observer)) }
        };
        let found: Result<Vec<_>, JobError> = tasks.iter().enumerate().map(read).collect();
        return Ok(points(job, settings, agree(ranks, found)?));
    }
    let all: Vec<&Task<'_>> = tasks.iter().collect();
    Ok(points(job, settings, run(job, &all, observer)?))
}

/// The models of a round, by setting; they come seed by seed.
fn points(job: &Sweep<'_>, settings: &[Setting], audits: Vec<Option<Audit>>) -> Vec<SweepPoint> {
    let mut audits = audits.into_iter();
    let mut points: Vec<SweepPoint> =
        settings.iter().map(|setting| SweepPoint { arm: setting.arm.clone(), audits: Vec::new() }).collect();
    for _ in 0..job.seeds {
        points.iter_mut().zip(audits.by_ref()).for_each(|(point, audit)| point.audits.push(audit));
    }
    points
}

/// A model's audit; `None` if its training diverged.
type Found = Result<Option<Audit>, JobError>;

/// The models of a round, several at once.
fn run(job: &Sweep<'_>, tasks: &[&Task<'_>], observer: &dyn Observer) -> Result<Vec<Option<Audit>>, JobError> {
    let at_once = job.at_once.clamp(1, tasks.len().max(1));
    if at_once == 1 {
        return tasks.iter().map(|task| train(job, task, &Alone(observer))).collect();
    }
    let (next, done, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let found: Mutex<Vec<(usize, Found)>> = Mutex::default();
    observer.begin(&Work::counted(job.name, Unit::Models, tasks.len() as u64, 0));
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(place) else { break };
                    let result = train(job, task, &Quiet(observer));
                    stop.fetch_or(result.is_err(), Ordering::Relaxed);
                    found.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
                    observer.done(done.fetch_add(1, Ordering::Relaxed) as u64 + 1);
                }
            });
        }
    });
    observer.end();
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, found)| found).collect()
}

fn train(job: &Sweep<'_>, task: &Task<'_>, observer: &dyn Observer) -> Found {
    let Task { setting, config, folder } = task;
    let model = Model { name: &setting.arm.name, config, data: job.data, folder: folder.clone(), replace: false };
    match model.run(observer) {
        Ok(found) => Ok(Some(found.audit)),
        Err(JobError::Diverged { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}
