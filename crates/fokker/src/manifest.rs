//! `manifest.json`: what fokker wrote into a folder, so that it removes that and nothing else.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::{temporary_of, write_atomically};
use crate::seal::{seal, unsealed};
use crate::{Error, Occupant};

/// The file's name.
const NAME: &str = "manifest.json";

/// The `format` entry.
const FORMAT: &str = "fokker-manifest 1";

/// What fokker wrote into a folder, and what it has to remember about it.
///
/// The file is written anew at each change, whole or not at all; a name is recorded before its file is written.
///
/// ```
/// use fokker::manifest::Manifest;
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("thesis.tex"), "years of work")?;
/// Manifest::update(folder.path(), |manifest| manifest.record("report.html"))?;
/// std::fs::write(folder.path().join("report.html"), "a page")?;
/// Manifest::remove_files(folder.path())?;
/// let left: Vec<_> = std::fs::read_dir(folder.path())?.map(|entry| entry.map(|e| e.file_name())).collect::<Result<_, _>>()?;
/// assert_eq!(left, ["thesis.tex"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    /// The fingerprint of the data that a run was trained on, in hexadecimal digits; `null` for generators.
    #[serde(default)]
    pub data_fingerprint: Option<String>,
    /// What the columns of that data were called, where they had names.
    #[serde(default)]
    pub data_columns: Option<Vec<String>>,
    /// Seconds that a run has been trained for, up to its newest checkpoint.
    #[serde(default)]
    pub train_seconds: f64,
    /// Where a run's training went back to an earlier checkpoint, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollbacks: Vec<Rollback>,
    /// Files, relative to the folder, `/` between the parts.
    files: BTreeSet<String>,
}

/// Training met numbers that are not finite, and went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The step that it met them at.
    pub step: u64,
    /// The step that it went back to.
    pub back_to: u64,
    /// What was not finite.
    pub reason: String,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT.into(),
            data_fingerprint: None,
            data_columns: None,
            train_seconds: 0.0,
            rollbacks: Vec::new(),
            files: BTreeSet::new(),
        }
    }
}

impl Manifest {
    /// The manifest of a folder; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if it is damaged, or of another format.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let Some(text) = unsealed(&text, Sha256::new) else {
            return Err(Error::File { path, reason: "damaged: its SHA-256 is not that of its contents".into() });
        };
        match serde_json::from_str(&text) {
            Ok(Self { format, .. }) if format != FORMAT => {
                Err(Error::File { path, reason: format!("format `{format}`; this program reads `{FORMAT}`") })
            }
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) => Err(Error::File { path, reason: format!("damaged: {error}") }),
        }
    }

    /// Changes the manifest of a folder, which is begun if there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Write`].
    pub fn update(folder: &Path, change: impl FnOnce(&mut Self)) -> Result<(), Error> {
        // Training and an audit beside it both note what they write. Where folders cannot be locked, they take their chance.
        let alone = fs::File::open(folder).ok();
        let _locked = alone.as_ref().and_then(|folder| folder.lock().ok());
        let before = Self::read(folder)?;
        let mut after = before.clone().unwrap_or_default();
        change(&mut after);
        if before.as_ref() == Some(&after) {
            return Ok(());
        }
        let path = folder.join(NAME);
        let mut text = serde_json::to_string_pretty(&after)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        text.push('\n');
        let text = seal(&text, Sha256::new());
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(|source| Error::Write { path, source })
    }

    /// Refuses a folder that holds anything and has no manifest: nothing in it is known to be fokker's.
    ///
    /// # Errors
    /// [`Error::Occupied`]; as [`read`](Self::read).
    pub fn require_own(folder: &Path) -> Result<(), Error> {
        match (Self::read(folder)?, first_entry(folder, &[])?) {
            (None, Some(name)) => Err(Error::Occupied { path: folder.into(), occupant: Occupant::Foreign { name } }),
            _ => Ok(()),
        }
    }

    /// Notes that a file is fokker's: its name, or its path below the folder with `/` between the parts.
    pub fn record(&mut self, name: &str) {
        self.files.insert(name.to_owned());
    }

    /// Forgets a file that is there no more.
    pub fn forget(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// Is this file fokker's?
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.files.contains(name)
    }

    /// Removes what the manifest of a folder names, then the manifest, and of its folders those that are empty; all else stays.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Write`].
    pub fn remove_files(folder: &Path) -> Result<(), Error> {
        let Some(manifest) = Self::read(folder)? else { return Ok(()) };
        let names = manifest.files.iter().map(String::as_str).filter(|name| is_below(name));
        for path in names.clone().map(|name| folder.join(name)).chain([folder.join(NAME)]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::Write { path, source: error }),
                _ => {}
            }
        }
        let parents: BTreeSet<PathBuf> = names
            .filter_map(|name| Path::new(name).parent().filter(|p| !p.as_os_str().is_empty()))
            .map(Into::into)
            .collect();
        for parent in parents.into_iter().rev() {
            // A folder that holds anything else stays.
            let _ = fs::remove_dir(folder.join(parent));
        }
        Ok(())
    }
}

/// The name of something in a folder but `others`, the first by name; `None` if there is nothing else, or no folder.
pub(crate) fn first_entry(folder: &Path, others: &[&str]) -> Result<Option<String>, Error> {
    let io = |source| Error::Io { path: folder.into(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io(source)),
    };
    let names: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    Ok(names
        .map_err(io)?
        .into_iter()
        .filter(|name| others.iter().all(|other| name != other) && !is_begun(name))
        .min()
        .map(|name| name.to_string_lossy().into_owned()))
}

/// Is it a manifest that a killed process was about to write? Where it was the first thing to be written, nothing else says whose the folder is.
fn is_begun(name: &OsStr) -> bool {
    temporary_of(name) == Some(NAME.as_bytes())
}

/// Does a name stay inside the folder? A manifest that was tampered with must not reach out of it.
fn is_below(name: &str) -> bool {
    let path = Path::new(name);
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_goes_and_nothing_outside() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run");
        fs::create_dir_all(folder.join("checkpoints")).unwrap();
        for name in ["run/a", "run/checkpoints/step", "run/checkpoints/mine", "outside"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        let names = ["a", "checkpoints/step", "../outside", "gone"];
        Manifest::update(&folder, |manifest| names.iter().for_each(|name| manifest.record(name))).unwrap();
        Manifest::remove_files(&folder).unwrap();
        assert!(!folder.join("a").exists() && !folder.join("checkpoints/step").exists() && !folder.join(NAME).exists());
        assert!(folder.join("checkpoints/mine").exists() && root.path().join("outside").exists());
    }

    #[test]
    fn a_folder_in_which_the_manifest_was_begun_is_as_good_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".manifest.json.17-abcdef.tmp"), "{").unwrap();
        assert_eq!(first_entry(folder.path(), &[]).unwrap(), None);
        fs::write(folder.path().join(".manifest.json.mine"), "{").unwrap();
        assert_eq!(first_entry(folder.path(), &[]).unwrap().as_deref(), Some(".manifest.json.mine"));
    }

    #[test]
    fn a_damaged_manifest_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), None);
        for text in [
            "{",
            "{\"format\":\"fokker-manifest 9\",\"files\":[]}",
            "{\"format\":\"fokker-manifest 1\",\"files\":[],\"x\":1}",
        ] {
            fs::write(folder.path().join(NAME), text).unwrap();
            let error = Manifest::read(folder.path()).unwrap_err();
            assert!(error.is_request() && error.to_string().contains(NAME), "{error}");
        }
    }
}
