//! Training into a run directory, and going on with it.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::JobError;
use super::extend::changed;
use super::fit::{Fitted, fit, resumed};
use super::observer::{Observer, notes};
use super::open::{load_data, model_file};
use super::run::Run;
use super::trainer::{Start, trainer};
use crate::Error;
use crate::collective::{agree, all_gather_bytes, first, require_same};
use crate::config::Config;
use crate::data::{Data, Fingerprint};
use crate::seal::hex;
use crate::train::Trainer;
use crate::weights::{NameMap, read_weights};

/// A run that is to be begun.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// What the observer is told that is trained.
    pub name: &'a str,
    /// The run directory.
    pub root: &'a Path,
    /// The run's config.
    pub config: &'a Config,
    /// The data, which need not be what the config names.
    pub data: &'a Arc<Data>,
    /// Whether an earlier run in the directory is removed: what its manifest says fokker wrote, and nothing else.
    pub replace: bool,
}

impl<'a> NewRun<'a> {
    /// A run in a directory that is empty or not there.
    #[must_use]
    pub fn new(name: &'a str, root: &'a Path, config: &'a Config, data: &'a Arc<Data>) -> Self {
        Self { name, root, config, data, replace: false }
    }
}

/// Weights to start from.
#[derive(Clone, Copy, Debug)]
pub struct Init<'a> {
    /// A fokker model or its run directory, a PyTorch checkpoint or safetensors.
    pub path: &'a Path,
    /// A TOML file that says what the network's layers are called there; see `docs/model-format.md`.
    pub names: Option<&'a Path>,
}

/// Trains a model into a fresh run directory: its config, checkpoints, metrics and, at the end, the model.
///
/// The config that is written says how many threads there were: sums depend on it, and a resumed run must not differ.
///
/// # Errors
/// [`Error::Occupied`] if the directory holds anything that is not to be replaced; as [`Trainer::new`];
/// [`JobError::Diverged`] and [`JobError::Interrupted`] once it trains; with
/// [`Init`] also if the weights cannot be read or are another network's.
pub fn train(new: &NewRun<'_>, init: Option<&Init<'_>>, observer: &dyn Observer) -> Result<(Run, Fitted), JobError> {
    let ranks = observer.ranks();
    // Where sums do not depend on the number of threads, a run may be gone on with on any.
    let sums_depend = ranks.size() == 1 && !new.config.train.deterministic;
    let config = if sums_depend { new.config.with_threads() } else { new.config.clone() };
    require_alike(&config, new.data, observer)?;
    let start = match init {
        Some(init) => init.weights(&config, new.data).map(Start::Weights),
        None => Ok(Start::Fresh),
    };
    let trainer = agree(&**ranks, start.and_then(|start| trainer(&config, new.data, ranks, start)))?;
    let begun = first(&**ranks, || {
        // Read before the run directory is made, which may be the one that the file lies in.
        let origin = init.map(Init::provenance).transpose()?;
        let lock = Run::at(new.root).lock()?;
        let begin = if new.replace { Run::replace } else { Run::create };
        let run = begin(new.root, &config, new.data)?;
        origin.map_or(Ok(()), |origin| run.annotate(&origin))?;
        Ok::<_, Error>((run, lock))
    })?;
    let (run, _lock) = begun.unzip();
    let run = run.unwrap_or_else(|| Run::at(new.root));
    let fitted = fit(trainer, new.name, &run, &config, new.data, observer)?;
    Ok((run, fitted))
}

/// Refuses ranks that were given different configs or data.
pub(super) fn require_alike(config: &Config, data: &Data, observer: &dyn Observer) -> Result<(), Error> {
    let ranks = &**observer.ranks();
    if ranks.size() == 1 {
        return Ok(());
    }
    require_same(ranks, &[("version of fokker", env!("CARGO_PKG_VERSION"))])?;
    // What is another rank's config is told by a key.
    let said = all_gather_bytes(ranks, config.to_toml()?.as_bytes());
    let read = |said: &[u8]| Config::parse(&String::from_utf8_lossy(said), "a rank's config", &[]);
    let mut first = read(&said[0])?;
    for (rank, said) in said.iter().enumerate() {
        let other = read(said)?;
        // The same data may lie elsewhere on another machine.
        if let (Some(path), Some(of_other)) = (first.data.path_mut(), other.data.path()) {
            *path = of_other.to_path_buf();
        }
        if let Some(key) = first.difference(&other) {
            return Err(Error::RanksDiffer { what: format!("config ({key})"), rank });
        }
    }
    let print = data.fingerprint().map_or_else(String::new, Fingerprint::text);
    require_same(ranks, &[("data", &print)])
}

/// Goes on with an interrupted run on the data that it was begun with, as if it had never stopped.
///
/// # Errors
/// If there is no run, no checkpoint, or the data are not what they were; [`JobError::Diverged`], [`JobError::Interrupted`],
/// [`JobError::Stopped`].
pub fn resume(name: &str, root: &Path, observer: &dyn Observer) -> Result<(Run, Fitted), JobError> {
    resume_with(name, root, &[], observer)
}

/// As [`resume`], with other values of some keys, assignments `key=value`: more steps, say. They are written into the run's config; the observer
/// is told what they do to the learning rate.
///
/// # Errors
/// As [`resume`]; [`Error::Config`] for a key that may not differ, or steps that have been taken already.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, jobs::{self, NewRun, Run, Silent}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let root = folder.path().join("run");
/// let config = Config::preset("ring8", &["train.steps=20".into(), "network.width=8".into()])?;
/// jobs::train(&NewRun::new("train", &root, &config, &Arc::new(Data::load(&config.data)?)), None, &Silent)?;
/// let (run, fitted) = jobs::resume_with("train", &root, &["train.steps=30".into()], &Silent)?;
/// assert_eq!((fitted.steps, Run::open(run.root())?.1.train.steps), (30, 30));
/// assert!(jobs::resume_with("train", &root, &["train.steps=25".into()], &Silent).is_err());
/// assert!(jobs::resume_with("train", &root, &["network.width=9".into()], &Silent).is_err());
/// # Ok(()) }
/// ```
pub fn resume_with(
    name: &str, root: &Path, changes: &[String], observer: &dyn Observer,
) -> Result<(Run, Fitted), JobError> {
    let ranks = &**observer.ranks();
    let (run, before) = agree(ranks, Run::open(root))?;
    let _lock = first(ranks, || run.lock())?;
    let changed = || -> Result<_, Error> {
        let (config, said) = changed(&run, &before, changes)?;
        config.suggest_budget();
        let data = Arc::new(load_data(&config, &run.config().display().to_string())?);
        Ok((config, said, data))
    };
    let (config, said, data) = agree(ranks, changed())?;
    require_alike(&config, &data, observer)?;
    let trainer = same_data(&run, &config, &data, observer)?;
    first(ranks, || if config == before { Ok(()) } else { run.rewrite_config(&config, &data, &said) })?;
    notes(observer, said);
    let fitted = fit(trainer, name, &run, &config, &data, observer)?;
    Ok((run, fitted))
}

/// As [`resume`], on data that the caller hands over: that of its own which the run was begun with, or any that has the same fingerprint.
///
/// # Errors
/// As [`resume`].
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::{Data, DataConfig, RowsOptions}, jobs::{self, NewRun, Run, Silent}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let root = folder.path().join("run");
/// let config = Config::preset("ring8", &["train.steps=20".into(), "network.width=8".into()])?;
/// let rows = |last: f32| [0.0_f32, 1.0, 2.0, 4.0, 7.0, last];
/// let data = Arc::new(Data::from_rows(&rows(9.0), 1, &RowsOptions::default())?);
/// jobs::train(&NewRun::new("train", &root, &config, &data), None, &Silent)?;
/// assert_eq!(Run::open(&root)?.1.data, DataConfig::Memory {});
///
/// assert!(jobs::resume("train", &root, &Silent).is_err());
/// assert!(jobs::resume_on("train", &root, &data, &Silent).is_ok());
/// let other = Arc::new(Data::from_rows(&rows(9.5), 1, &RowsOptions::default())?);
/// let error = jobs::resume_on("train", &root, &other, &Silent).err().ok_or("resumed")?;
/// assert!(error.to_string().starts_with("data in memory: it is not what training began with"));
/// # Ok(()) }
/// ```
pub fn resume_on(
    name: &str, root: &Path, data: &Arc<Data>, observer: &dyn Observer,
) -> Result<(Run, Fitted), JobError> {
    let ranks = &**observer.ranks();
    let (run, config) = agree(ranks, Run::open(root))?;
    let _lock = first(ranks, || run.lock())?;
    config.suggest_budget();
    require_alike(&config, data, observer)?;
    let trainer = same_data(&run, &config, data, observer)?;
    let fitted = fit(trainer, name, &run, &config, data, observer)?;
    Ok((run, fitted))
}

/// Training as it stood, on the data that it was begun with and no other.
fn same_data(run: &Run, config: &Config, data: &Arc<Data>, observer: &dyn Observer) -> Result<Trainer, JobError> {
    notes(observer, agree(&**observer.ranks(), run.require_data(config, data))?);
    Ok(resumed(run, config, data, observer)?)
}

impl Init<'_> {
    /// The weights. No key of the config names the file: a run is resumed, and measured, without it.
    fn weights(&self, config: &Config, data: &Data) -> Result<Vec<f32>, Error> {
        let names = self.names.map(NameMap::read).transpose()?;
        let model = config.model(data.shape());
        read_weights(&model_file(self.path), &model, &config.network, names.as_ref())
    }

    /// What the config says of the file that the weights came from.
    fn provenance(&self) -> Result<String, Error> {
        let path = model_file(self.path);
        let io = |source| Error::Io { path: path.clone(), source };
        let (mut digest, mut file) = (Sha256::new(), std::fs::File::open(&path).map_err(io)?);
        std::io::copy(&mut file, &mut digest).map_err(io)?;
        Ok(format!("weights at the start: {}, SHA-256 {}", path.display(), hex(digest)))
    }
}
