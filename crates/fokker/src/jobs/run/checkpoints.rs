//! A run's checkpoints: the newest few are kept.

use std::fs;
use std::path::{Path, PathBuf};

use super::directory::Run;
use super::failure::{failed_read, failed_write};
use crate::Error;
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
}

/// The step of a checkpoint, by its name.
pub(super) fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}
