//! Places below a folder: what is there already is someone's own, and links to other folders are not followed.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use crate::fail::request;

/// Refuses a name below `folder` that leads through something other than a folder, or through a link that leads out of it; nothing
/// is made.
pub fn require_inside(folder: &Path, name: &str) -> Result<()> {
    walk(folder, name, &mut |_| Ok(false))
}

/// As [`require_inside`], and makes the folders that the file lies in.
pub fn make_inside(folder: &Path, name: &str) -> Result<PathBuf> {
    walk(folder, name, &mut |missing| {
        fs::create_dir(missing).map_err(|source| fokker::Error::Io { path: missing.into(), source })?;
        Ok(true)
    })?;
    Ok(folder.join(name))
}

/// Whether there is something at a path, if only a link that leads nowhere.
pub fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Goes through the folders of a name; what is missing is handed to `make`, which says whether to go on.
fn walk(folder: &Path, name: &str, make: &mut dyn FnMut(&Path) -> Result<bool>) -> Result<()> {
    let mut place = folder.to_path_buf();
    let parts = Path::new(name).parent().unwrap_or(Path::new("")).components();
    for part in parts.filter(|part| matches!(part, Component::Normal(_))) {
        place.push(part);
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() && stays_inside(folder, &place) => {}
            Ok(found) if found.is_symlink() => {
                let reason = "is a link that leads out of the folder, or nowhere, and is not followed";
                return Err(request(format!("{}: {reason}", place.display())));
            }
            Ok(_) => return Err(request(format!("{}: is in the way: not a folder", place.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !make(&place)? {
                    return Ok(());
                }
            }
            Err(source) => return Err(fokker::Error::Io { path: place, source }.into()),
        }
    }
    Ok(())
}

/// Whether a link leads to a folder inside `folder`, itself wherever it may be.
fn stays_inside(folder: &Path, link: &Path) -> bool {
    let (Ok(folder), Ok(target)) = (folder.canonicalize(), link.canonicalize()) else {
        return false;
    };
    target.is_dir() && target.starts_with(folder)
}
