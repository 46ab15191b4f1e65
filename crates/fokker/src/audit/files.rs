//! An audit's files in a run directory: `audit.json`, and the point values beside it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Audit;
use crate::Error;
use crate::data::{DataError, NamedArray, read_table_with_gaps, write_atomically, write_npz};
use crate::figure::{Figures, Paired};
use crate::manifest::Manifest;
use crate::memory;
use crate::seal::{seal, unsealed};

/// The files' names.
const FIGURES: &str = "audit.json";
const POINTS: &str = "audit-points.npz";

impl Audit {
    /// Writes `audit.json` and `audit-points.npz` into a folder, and notes both in its manifest. The one has a digest of both.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        Manifest::update(folder, |manifest| [FIGURES, POINTS].iter().for_each(|name| manifest.record(name)))?;
        // The figures go first and come last: where they are, the points are, and are theirs.
        match fs::remove_file(folder.join(FIGURES)) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(Error::Write { path: folder.join(FIGURES), source });
            }
            _ => {}
        }
        write_points(&self.figures, &folder.join(POINTS))?;
        let path = folder.join(FIGURES);
        let text = seal(&self.text(&path)?, digest(&folder.join(POINTS))?);
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(|source| Error::Write { path, source })
    }

    fn text(&self, path: &Path) -> Result<String, Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::File { path: path.into(), reason: error.to_string() })?;
        Ok(text + "\n")
    }

    /// Writes the figures as JSON, without the point values.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_json(&self, path: &Path) -> Result<(), Error> {
        let text = self.text(path)?;
        write_atomically(path, |out| out.write_all(text.as_bytes()))
            .map_err(|source| Error::Write { path: PathBuf::from(path), source })
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
        let text = memory::read(&path).map_err(|source| Error::read(&path, source))?;
        let text = String::from_utf8_lossy(&text);
        let points = digest(&folder.join(POINTS));
        let Some(text) = unsealed(&text, || points.unwrap_or_default()) else {
            let reason = format!("damaged: its SHA-256 is not that of it and {POINTS}; delete it to measure anew");
            return Err(Error::File { path, reason });
        };
        let mut audit: Self =
            serde_json::from_str(&text).map_err(|error| Error::File { path, reason: format!("damaged: {error}") })?;
        read_points(&mut audit.figures, &folder.join(POINTS))?;
        Ok(Some(audit))
    }
}

/// The digest of a file.
fn digest(path: &Path) -> Result<Sha256, Error> {
    Ok(Sha256::new_with_prefix(memory::read(path).map_err(|source| Error::read(path, source))?))
}

/// Writes the values at points: an array for each figure that models are compared by, times × points, or 1 × points.
pub(super) fn write_points(figures: &Figures, path: &Path) -> Result<(), DataError> {
    let filled = figures.iter().filter(|figure| figure.points.first().is_some_and(|row| !row.is_empty()));
    let flat: Vec<_> = filled
        .map(|figure| (figure.definition.key, [figure.points.len(), figure.points[0].len()], figure.points.concat()))
        .collect();
    let arrays: Vec<NamedArray<'_>> =
        flat.iter().map(|(name, shape, values)| (*name, &shape[..], &values[..])).collect();
    write_npz(path, &arrays)
}

/// Reads what [`write_points`] wrote; of an array that is not there no values are known.
pub(super) fn read_points(figures: &mut Figures, path: &Path) -> Result<(), DataError> {
    for figure in figures.iter_mut().filter(|figure| figure.definition.paired == Paired::Yes) {
        match read_table_with_gaps(path, Some(figure.definition.key)) {
            Ok(table) => figure.points = table.values.chunks_exact(table.dim).map(<[f64]>::to_vec).collect(),
            Err(DataError::Array { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
