//! An audit's files in a run directory: `audit.json`, and the point values beside it.

use std::fs;
use std::path::{Path, PathBuf};

use super::Audit;
use crate::Error;
use crate::data::{DataError, NamedArray, read_table_with_gaps, write_atomically, write_npz};
use crate::figure::{Figures, Paired};
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
        write_points(&self.figures, &folder.join(POINTS))?;
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
        let mut audit: Self =
            serde_json::from_str(&text).map_err(|error| Error::File { path, reason: format!("damaged: {error}") })?;
        read_points(&mut audit.figures, &folder.join(POINTS))?;
        Ok(Some(audit))
    }
}

/// Writes the values at points: an array for each figure that models are compared by, times × points, or 1 × points.
fn write_points(figures: &Figures, path: &Path) -> Result<(), DataError> {
    let filled = figures.iter().filter(|figure| figure.points.first().is_some_and(|row| !row.is_empty()));
    let flat: Vec<_> = filled
        .map(|figure| (figure.definition.key, [figure.points.len(), figure.points[0].len()], figure.points.concat()))
        .collect();
    let arrays: Vec<NamedArray<'_>> =
        flat.iter().map(|(name, shape, values)| (*name, &shape[..], &values[..])).collect();
    write_npz(path, &arrays)
}

/// Reads what [`write_points`] wrote; of an array that is not there no values are known.
fn read_points(figures: &mut Figures, path: &Path) -> Result<(), DataError> {
    for figure in figures.iter_mut().filter(|figure| figure.definition.paired == Paired::Yes) {
        match read_table_with_gaps(path, Some(figure.definition.key)) {
            Ok(table) => figure.points = table.values.chunks_exact(table.dim).map(<[f64]>::to_vec).collect(),
            Err(DataError::Array { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
