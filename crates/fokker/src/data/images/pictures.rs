//! The image files in a folder.

use std::path::{Path, PathBuf};

use super::picture::is_picture;
use crate::data::DataError;

/// Folders that may lie in one another, and be looked into in all: links to folders can make endlessly many of a few.
const DEEPEST: usize = 64;
const MOST_FOLDERS: usize = 200_000;

/// The pictures below a folder, by name.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut search = Search { top: folder, above: Vec::new(), folders: 0, found: Vec::new() };
    search.collect(folder)?;
    search.found.sort();
    Ok(search.found)
}

/// A search below a folder.
struct Search<'a> {
    top: &'a Path,
    /// The folders that the present one lies in, so that links in circles end.
    above: Vec<PathBuf>,
    /// Folders looked into so far.
    folders: usize,
    found: Vec<PathBuf>,
}

impl Search<'_> {
    /// Adds the pictures below a folder. Hidden files are left out.
    fn collect(&mut self, folder: &Path) -> Result<(), DataError> {
        let read = |error| DataError::read(folder, error);
        let place = folder.canonicalize().map_err(read)?;
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
        self.above.push(place);
        for entry in std::fs::read_dir(folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            if path.is_dir() {
                self.collect(&path)?;
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
