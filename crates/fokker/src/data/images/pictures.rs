//! The image files in a folder.

use std::path::{Path, PathBuf};

use super::picture::is_picture;
use crate::data::DataError;

/// Folders that may lie in one another, and be looked into in all: links to folders can make endlessly many of a few.
const DEEPEST: usize = 64;
const MOST_FOLDERS: usize = 200_000;

/// The pictures below a folder, by name.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let place = folder.canonicalize().map_err(|error| DataError::read(folder, error))?;
    let mut search = Search { top: folder, above: Vec::new(), folders: 0, found: Vec::new() };
    search.collect(folder, place)?;
    search.found.sort();
    Ok(search.found)
}

/// A search below a folder.
struct Search<'a> {
    top: &'a Path,
    /// Where the folders are, without links, that the present one lies in, so that links in circles end.
    above: Vec<PathBuf>,
    /// Folders looked into so far.
    folders: usize,
    found: Vec<PathBuf>,
}

impl Search<'_> {
    /// Adds the pictures below a folder, which is at `place`. Hidden files are left out.
    fn collect(&mut self, folder: &Path, place: PathBuf) -> Result<(), DataError> {
        let read = |error| DataError::read(folder, error);
        if self.above.contains(&place) {
            return Ok(());
        }
        self.folders += 1;
        if self.above.len() == DEEPEST {
            return Err(self.refuse(&format!("more than {DEEPEST} folders in one another")));
        }
        if self.folders > MOST_FOLDERS {
            return Err(self.refuse(&format!("more than {MOST_FOLDERS} folders (links included)")));
        }
        self.above.push(place.clone());
        for entry in std::fs::read_dir(&place).map_err(read)? {
            let entry = entry.map_err(read)?;
            let (name, kind) = (entry.file_name(), entry.file_type().map_err(read)?);
            let path = folder.join(&name);
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            // A name through many links would cost the system more at each step down: links are followed once, here.
            let target = entry.path();
            let is_link_to_folder = kind.is_symlink() && target.is_dir();
            if kind.is_dir() {
                self.collect(&path, target)?;
            } else if is_link_to_folder {
                let place = target.canonicalize().map_err(|error| DataError::read(&path, error))?;
                self.collect(&path, place)?;
            } else if is_picture(&path) {
                self.found.push(path);
            }
        }
        self.above.pop();
        Ok(())
    }

    fn refuse(&self, reason: &str) -> DataError {
        DataError::unrecognised(self.top, reason)
    }
}
