//! Files that a command writes beside what the library does; of several processes that a launcher started, the first alone writes.

use std::path::Path;

use anyhow::Result;
use fokker::data::write_atomically;
use serde::Serialize;

use crate::fail::request;
use crate::{print, ranks};

/// Refuses a file that cannot be written because its folder is none, before the work that would go into it.
pub fn require_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
        let reason = if path.is_dir() { "is a folder" } else { "its folder does not exist" };
        return Err(request(format!("{}: cannot be written: {reason}", path.display())));
    }
    Ok(())
}

/// As [`require_folder`] for the file of `--json`; where it is `-`, standard output, nothing else is printed there.
pub fn require_json(path: &Path) -> Result<()> {
    if path == Path::new("-") {
        print::only_json();
        return Ok(());
    }
    require_folder(path)
}

/// Writes a value as JSON, whole or not at all; to standard output if the path is `-`.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    if path == Path::new("-") {
        return Ok(print::json(value)?);
    }
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    write_text(path, &text)
}

/// Writes a text, whole or not at all.
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    if !ranks::is_first() {
        return Ok(());
    }
    write_atomically(path, |out| out.write_all(text.as_bytes()))
        .map_err(|source| fokker::Error::Write { path: path.into(), source })?;
    Ok(())
}
