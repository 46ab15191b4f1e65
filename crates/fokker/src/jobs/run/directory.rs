//! The run directory: `config.toml`, `model.safetensors`, `checkpoints/`, `metrics.jsonl`, `manifest.json`.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::{failed_read, failed_write};
use crate::Error;
use crate::config::Config;
use crate::data::write_atomically;
use crate::manifest::Manifest;
use crate::memory::read_text;
use crate::seal::{lines_hold, seal_lines};

/// A run directory.
#[derive(Clone, Debug)]
pub struct Run {
    root: PathBuf,
}

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
    pub(super) fn name(&self, path: &Path) -> String {
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
        let text = fs::read_to_string(&path).map_err(failed_read(&path))?;
        let comment = comment.replace(['\n', '\r'], " ");
        self.write_config(&format!("# {comment}\n{text}"))
    }

    /// Writes `config.toml`, with a last line by which it is told from one that was changed.
    pub(super) fn write_config(&self, text: &str) -> Result<(), Error> {
        let path = self.config();
        write_atomically(&path, |out| out.write_all(seal_lines(text).as_bytes())).map_err(failed_write(&path))
    }

    /// Opens an existing run and reads its config.
    ///
    /// # Errors
    /// [`Error::File`] if there is no run, or its config is not what fokker wrote; [`Error::Io`] or [`Error::Config`].
    pub fn open(root: &Path) -> Result<(Self, Config), Error> {
        let run = Self::at(root);
        let path = run.config();
        if root.is_dir() && !path.exists() {
            return Err(Error::File { path: root.into(), reason: "is not a run: no config.toml in it".into() });
        }
        let text = read_text(&path).map_err(failed_read(&path))?;
        if !lines_hold(&text) {
            let reason =
                "changed since fokker wrote it: if that was meant, delete its last line, which has its SHA-256";
            return Err(Error::File { path, reason: reason.into() });
        }
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

    /// `best.safetensors`: the model whose loss on held-out rows was the least, if `train.held_out` asks for it.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.root.join("best.safetensors")
    }

    /// `metrics.jsonl`.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    pub(super) fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }
}

/// What a resolved config leaves open that was written before there was a key for it: weights were the paper's.
fn meant_by_older(text: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let fp = table.get("loss").and_then(|loss| loss.get("fp"));
    if fp.is_some_and(|fp| fp.get("scale").is_none()) { vec!["loss.fp.scale=paper".into()] } else { Vec::new() }
}
