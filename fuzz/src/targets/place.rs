//! Where a reader that takes a path finds the bytes.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

thread_local! {
    // One for the thread: to make and remove a folder for each input would take longer than most readers do.
    static PLACE: TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// A folder of this thread, below which nothing else writes.
pub fn folder(name: &str) -> PathBuf {
    PLACE.with(|place| {
        let folder = place.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}

/// Writes the bytes to a file of this name in the folder, in place of what was there.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// The bytes as gzip's, quickly: a mutation within compressed bytes hardly ever gets past the decoder.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

/// What every refusal must be: some text on one line.
pub fn check<T, E: std::fmt::Display>(result: Result<T, E>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
            None
        }
    }
}
