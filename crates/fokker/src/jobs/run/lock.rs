//! `run.lock`: one process at a time trains in a run directory.
//!
//! The lock is the system's own, on the open file, and goes with the process that has it: what a killed process left is a file that nobody has
//! locked. The file says whose it is, for messages.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::directory::Run;
use super::failure::failed_write;
use crate::data::remove_left_over;
use crate::manifest::{Manifest, first_entry};
use crate::{Error, Occupant};

/// The file's name.
pub(in crate::jobs) const NAME: &str = "run.lock";

/// The right to train in a run directory, until it is dropped.
#[derive(Debug)]
pub(in crate::jobs) struct RunLock {
    path: PathBuf,
    file: Option<File>,
}

impl Run {
    /// Takes the right to train in the directory, which is made if it is not there, and clears away what killed processes were about to write.
    ///
    /// # Errors
    /// [`Error::Occupied`] if another process has it, or nothing in the directory is known to be fokker's; [`Error::Write`].
    pub(in crate::jobs) fn lock(&self) -> Result<RunLock, Error> {
        let is_run = self.config().is_file() || Manifest::read(self.root())?.is_some();
        if let (false, Some(name)) = (is_run, first_entry(self.root(), &[NAME])?) {
            return Err(Error::Occupied { path: self.root().into(), occupant: Occupant::Foreign { name } });
        }
        fs::create_dir_all(self.root()).map_err(failed_write(self.root()))?;
        let path = self.root().join(NAME);
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = file.map_err(failed_write(&path))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    let occupant = Occupant::Live { process: owner(&mut file) };
                    return Err(Error::Occupied { path: self.root().into(), occupant });
                }
                // Some file systems have no locks; there the user has to take care.
                Err(TryLockError::Error(_)) | Ok(()) => {}
            }
            let owner = format!("{}\n", std::process::id());
            let write = file.set_len(0).and_then(|()| file.write_all(owner.as_bytes()));
            write.map_err(failed_write(&path))?;
            // Whoever had the lock before may have removed the file between its opening and its locking here.
            if is_there(&path, &owner) {
                self.clear_left_over();
                return Ok(RunLock { path, file: Some(file) });
            }
        }
    }
}

/// What is written into a run directory, beside checkpoints.
const FILES: [&str; 8] = [
    "config.toml",
    "manifest.json",
    "metrics.jsonl",
    "model.safetensors",
    "best.safetensors",
    "audit.json",
    "audit-points.npz",
    "report.html",
];

impl Run {
    fn clear_left_over(&self) {
        remove_left_over(self.root(), &|name| FILES.iter().any(|file| file.as_bytes() == name));
        remove_left_over(&self.checkpoints(), &|name| name.starts_with(b"step-") && name.ends_with(b".safetensors"));
    }
}

/// The process that a locked file names.
fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Is the file of this name the one that was written?
fn is_there(path: &Path, owner: &str) -> bool {
    match fs::read_to_string(path) {
        Ok(text) => text == owner,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Removed while it is locked: nobody else can have it then.
        let _ = fs::remove_file(&self.path);
        self.file.take();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_what_was_left_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::at(&folder.path().join("run"));
        let lock = run.lock().unwrap();
        let error = run.lock().unwrap_err();
        let Error::Occupied { occupant: Occupant::Live { process }, .. } = error else { panic!("{error}") };
        assert_eq!(process, Some(std::process::id()));
        drop(lock);
        assert!(!run.root().join(NAME).exists(), "nothing is left over");
        fs::write(run.root().join(NAME), "4711\n").unwrap();
        drop(run.lock().unwrap());
    }
}
