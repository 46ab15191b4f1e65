//! A run's checkpoints: the newest few are kept.

use std::fs;
use std::path::{Path, PathBuf};

use super::directory::Run;
use super::failure::{failed_read, failed_write};
use crate::Error;
use crate::error::chain;
use crate::manifest::Manifest;
use crate::train::Checkpoint;

/// Checkpoints that are kept; older ones go.
const KEPT: usize = 3;

impl Run {
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
            Manifest::update(self.root(), |manifest| manifest.forget(&name))?;
        }
        Ok(path)
    }

    /// The checkpoints, oldest first.
    pub(super) fn list(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.checkpoints();
        let entries = fs::read_dir(&folder).map_err(failed_read(&folder))?;
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed_read(&folder))?.path();
            if step_of(&path).is_some() {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The step of the newest checkpoint, if there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn steps_taken(&self) -> Result<Option<u64>, Error> {
        Ok(self.list()?.last().and_then(|path| step_of(path)))
    }

    /// The newest checkpoint that can be read, with its path and what was wrong with those after it.
    ///
    /// # Errors
    /// [`Error::File`] if there is none, or none that is whole; [`Error::Memory`].
    pub fn newest_checkpoint(&self) -> Result<Newest, Error> {
        let mut damaged = Vec::new();
        let mut left = self.list()?;
        while let Some(path) = left.pop() {
            let read = Checkpoint::read(&path).and_then(|found| match step_of(&path) {
                Some(step) if step == found.step => Ok(found),
                _ => {
                    let reason = format!("is the checkpoint of step {}: it has another's name", found.step);
                    Err(Error::File { path: path.clone(), reason })
                }
            });
            match read {
                Ok(checkpoint) => return Ok(Newest { path, checkpoint, damaged }),
                Err(error @ Error::Memory(_)) => return Err(error),
                // Training beside this has removed it, and written newer ones.
                Err(_) if !path.exists() => {
                    damaged.clear();
                    left = self.list()?;
                }
                Err(error) => damaged.push(chain(&error)),
            }
        }
        let reason = match &damaged[..] {
            [] => "no checkpoint to resume from".into(),
            all => format!("no checkpoint that is whole: {}", all.join("; ")),
        };
        Err(Error::File { path: self.checkpoints(), reason })
    }
}

/// The newest checkpoint of a run that is whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Newest {
    /// Its file.
    pub path: PathBuf,
    /// What is in it.
    pub checkpoint: Checkpoint,
    /// What is wrong with each of those after it, which are passed over.
    pub damaged: Vec<String>,
}

/// The step of a checkpoint, by its name.
pub(super) fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}
