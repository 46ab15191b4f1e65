//! An audit's files in a run directory: `audit.json`, and the point values beside it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Audit, PointValues};
use crate::Error;
use crate::data::write_atomically;
use crate::manifest::Manifest;

/// The files' names.
const FIGURES: &str = "audit.json";
const POINTS: &str = "audit-points.npz";

impl Audit {
    /// Writes `audit.json` and `audit-points.npz` into a folder, and notes both in its manifest.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        Manifest::update(folder, |manifest| [FIGURES, POINTS].iter().for_each(|name| manifest.record(name)))?;
        // The figures come last: where they are, the points are.
        self.points.write(&folder.join(POINTS))?;
        self.write_json(&folder.join(FIGURES))
    }

    /// Writes the figures as JSON, without the point values.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_json(&self, path: &Path) -> Result<(), Error> {
        let path = PathBuf::from(path);
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        text.push('\n');
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(|source| Error::Write { path, source })
    }

    /// What [`write`](Self::write) wrote; `None` if it is not there.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Data`] if it is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FIGURES);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
        let audit: Self =
            serde_json::from_str(&text).map_err(|error| Error::File { path, reason: format!("damaged: {error}") })?;
        let points = PointValues::read(&folder.join(POINTS))?;
        Ok(Some(Self { points, ..audit }))
    }
}
