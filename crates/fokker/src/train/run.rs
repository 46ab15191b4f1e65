//! The run directory: `config.toml`, `model.safetensors`, `checkpoints/`, `metrics.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::{Checkpoint, Metrics};
use crate::Error;
use crate::config::Config;
use crate::data::{Data, write_atomically};
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
    /// Makes the directory for a fresh run and writes its resolved config. What an earlier run left there is removed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(root: &Path, config: &Config) -> Result<Self, Error> {
        let run = Self { root: root.into() };
        let checkpoints = run.checkpoints();
        if checkpoints.exists() {
            fs::remove_dir_all(&checkpoints).map_err(io(&checkpoints))?;
        }
        fs::create_dir_all(&checkpoints).map_err(io(&checkpoints))?;
        for stale in [run.model(), run.metrics()] {
            if stale.exists() {
                fs::remove_file(&stale).map_err(io(&stale))?;
            }
        }
        let text = config.to_toml()?;
        let path = run.config();
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(io(&path))?;
        Ok(run)
    }

    /// Adds a comment at the head of the config: where the weights came from, say, which no key of it could do again.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn annotate(&self, comment: &str) -> Result<(), Error> {
        let path = self.config();
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let comment = comment.replace(['\n', '\r'], " ");
        write_atomically(&path, |out| write!(out, "# {comment}\n{text}")).map_err(io(&path))
    }

    /// Opens an existing run and reads its config.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Config`].
    pub fn open(root: &Path) -> Result<(Self, Config), Error> {
        let run = Self { root: root.into() };
        let path = run.config();
        let text = read_text(&path).map_err(io(&path))?;
        let config = Config::parse(&text, &path.display().to_string(), &[])?;
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
    /// [`Error::Io`].
    pub fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<PathBuf, Error> {
        let path = self.checkpoints().join(format!("step-{:09}.safetensors", checkpoint.step));
        checkpoint.write(&path)?;
        let mut all = self.list()?;
        while all.len() > KEPT {
            let oldest = all.remove(0);
            fs::remove_file(&oldest).map_err(io(&oldest))?;
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
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with("step-") && name.ends_with(".safetensors") {
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
    /// [`Error::Io`].
    pub fn append_metrics(&self, metrics: &Metrics) -> Result<(), Error> {
        let path = self.metrics();
        let mut line = serde_json::to_string(metrics)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        line.push('\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(io(&path))?;
        file.write_all(line.as_bytes()).map_err(io(&path))
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
    /// [`Error::Io`].
    pub fn truncate_metrics(&self, step: u64) -> Result<(), Error> {
        let path = self.metrics();
        let lines = self.metrics_lines()?;
        let kept: String = lines.iter().filter(|(m, _)| m.step <= step).map(|(_, line)| format!("{line}\n")).collect();
        write_atomically(&path, |out| out.write_all(kept.as_bytes())).map_err(io(&path))
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
    /// [`Error::Io`].
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
            steps: config.train.steps,
        };
        write_model(&self.model(), &info, score)
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    |source| Error::Io { path, source }
}
