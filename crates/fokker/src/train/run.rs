//! The run directory: `config.toml`, `model.safetensors`, `checkpoints/`, `metrics.jsonl`, `manifest.json`.

mod begin;
mod data;

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::{Checkpoint, Metrics};
use crate::Error;
use crate::config::Config;
use crate::data::{Data, write_atomically};
use crate::manifest::Manifest;
use crate::memory::read_text;
use crate::model_file::{FORMAT_VERSION, ModelInfo, write_model};
use crate::score::network::NetworkScore;

/// A run directory.
#[derive(Clone, Debug)]
pub struct Run {
    root: PathBuf,
}

/// Checkpoints that are kept; older ones go.
const KEPT: usize = 3;

impl Run {
    /// The run in a directory, whether there is one or not.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Notes in the manifest that a file below the directory is about to be written.
    ///
    /// # Errors
    /// [`Error::Write`], or if the manifest is damaged.
    pub fn record(&self, path: &Path) -> Result<(), Error> {
        let name = self.name(path);
        Manifest::update(&self.root, |manifest| manifest.record(&name))
    }

    /// Notes in the manifest how many seconds the run has been trained for.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_seconds(&self, seconds: f64) -> Result<(), Error> {
        Manifest::update(&self.root, |manifest| manifest.train_seconds = seconds)
    }

    /// A file's path below the directory, with `/` between the parts.
    fn name(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// What the manifest says; empty if there is none.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn manifest(&self) -> Result<Manifest, Error> {
        Ok(Manifest::read(&self.root)?.unwrap_or_default())
    }

    /// Adds a comment at the head of the config: where the weights came from, say, which no key of it could do again.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn annotate(&self, comment: &str) -> Result<(), Error> {
        let path = self.config();
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let comment = comment.replace(['\n', '\r'], " ");
        write_atomically(&path, |out| write!(out, "# {comment}\n{text}")).map_err(failed_write(&path))
    }

    /// Opens an existing run and reads its config.
    ///
    /// # Errors
    /// [`Error::File`] if there is no run, [`Error::Io`] or [`Error::Config`].
    pub fn open(root: &Path) -> Result<(Self, Config), Error> {
        let run = Self::at(root);
        let path = run.config();
        if root.is_dir() && !path.exists() {
            return Err(Error::File { path: root.into(), reason: "is not a run: no config.toml in it".into() });
        }
        let text = read_text(&path).map_err(io(&path))?;
        let config = Config::parse(&text, &path.display().to_string(), &meant_by_older(&text))?;
        Ok((run, config))
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `config.toml`.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `model.safetensors`.
    #[must_use]
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    /// `metrics.jsonl`.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// Writes a checkpoint and removes those that are too old.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<PathBuf, Error> {
        let path = self.checkpoints().join(format!("step-{:09}.safetensors", checkpoint.step));
        self.record(&path)?;
        checkpoint.write(&path)?;
        let manifest = self.manifest()?;
        // Others' checkpoints are not counted and stay.
        let mut own: Vec<_> = self.list()?.into_iter().filter(|path| manifest.holds(&self.name(path))).collect();
        while own.len() > KEPT {
            let oldest = own.remove(0);
            fs::remove_file(&oldest).map_err(failed_write(&oldest))?;
            let name = self.name(&oldest);
            Manifest::update(&self.root, |manifest| manifest.forget(&name))?;
        }
        Ok(path)
    }

    /// The checkpoints, oldest first.
    fn list(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.checkpoints();
        let entries = fs::read_dir(&folder).map_err(io(&folder))?;
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(io(&folder))?.path();
            if step_of(&path).is_some() {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The newest checkpoint and its path.
    ///
    /// # Errors
    /// [`Error::File`] if there is none; as [`Checkpoint::read`].
    pub fn newest_checkpoint(&self) -> Result<(PathBuf, Checkpoint), Error> {
        let path = self
            .list()?
            .pop()
            .ok_or_else(|| Error::File { path: self.checkpoints(), reason: "no checkpoint to resume from".into() })?;
        let checkpoint = Checkpoint::read(&path)?;
        Ok((path, checkpoint))
    }

    /// Adds a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn append_metrics(&self, metrics: &Metrics) -> Result<(), Error> {
        let path = self.metrics();
        let mut line = serde_json::to_string(metrics)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        line.push('\n');
        if !path.exists() {
            self.record(&path)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed_write(&path))?;
        file.write_all(line.as_bytes()).map_err(failed_write(&path))
    }

    /// The lines of `metrics.jsonl`; a last line that a killed process left unfinished is passed over.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read_metrics(&self) -> Result<Vec<Metrics>, Error> {
        Ok(self.metrics_lines()?.into_iter().map(|(metrics, _)| metrics).collect())
    }

    /// Drops the lines after `step`, so that a resumed run writes each once.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Write`].
    pub fn truncate_metrics(&self, step: u64) -> Result<(), Error> {
        let path = self.metrics();
        let lines = self.metrics_lines()?;
        let kept: String = lines.iter().filter(|(m, _)| m.step <= step).map(|(_, line)| format!("{line}\n")).collect();
        self.record(&path)?;
        write_atomically(&path, |out| out.write_all(kept.as_bytes())).map_err(failed_write(&path))
    }

    fn metrics_lines(&self) -> Result<Vec<(Metrics, String)>, Error> {
        let path = self.metrics();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = File::open(&path).map_err(io(&path))?;
        let mut all = Vec::new();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(io(&path))?;
            match serde_json::from_str(&line) {
                Ok(metrics) => all.push((metrics, line)),
                Err(_) => break,
            }
        }
        Ok(all)
    }

    /// Writes `model.safetensors`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_model(&self, config: &Config, data: &Data, score: &NetworkScore<f32>) -> Result<(), Error> {
        let info = ModelInfo {
            version: FORMAT_VERSION,
            dim: data.dim(),
            sde: config.sde.clone(),
            network: config.network.clone(),
            score: config.score,
            scaling: data.scaling().clone(),
            levels: data.levels(),
            image: data.image_shape(),
            data: Some(data.info()),
            steps: config.train.steps,
        };
        self.record(&self.model())?;
        write_model(&self.model(), &info, score)
    }
}

/// What a resolved config leaves open that was written before there was a key for it: weights were the paper's.
fn meant_by_older(text: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let fp = table.get("loss").and_then(|loss| loss.get("fp"));
    if fp.is_some_and(|fp| fp.get("scale").is_none()) { vec!["loss.fp.scale=paper".into()] } else { Vec::new() }
}

/// The step of a checkpoint, by its name.
fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}

fn failed_write(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    |source| Error::Write { path, source }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    |source| Error::Io { path, source }
}
