//! The image files in a folder.

use std::path::{Path, PathBuf};

use super::picture::is_picture;
use crate::data::DataError;

/// The pictures below a folder, by name.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    collect(folder, &mut Vec::new(), &mut found)?;
    found.sort();
    Ok(found)
}

/// Adds the pictures below a folder; `above` are the folders it lies in, so that links in circles end. Hidden files are left out.
fn collect(folder: &Path, above: &mut Vec<PathBuf>, found: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let read = |error| DataError::read(folder, error);
    let place = folder.canonicalize().map_err(read)?;
    if above.contains(&place) {
        return Ok(());
    }
    above.push(place);
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            collect(&path, above, found)?;
        } else if is_picture(&path) {
            found.push(path);
        }
    }
    above.pop();
    Ok(())
}
