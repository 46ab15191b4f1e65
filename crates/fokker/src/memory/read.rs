//! Files of whatever length, read as far as the budget goes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::budget::require;
use super::refusal::carried;

/// Bytes that are made room for at a time, at least.
const PIECE: usize = 1 << 20;

/// The most bytes of a text that people write: a config, a map of names.
const LONGEST_TEXT: u64 = 1 << 20;

/// Reads a whole file.
///
/// # Errors
/// What the system says; a [`refusal`](super::refusal) if the file is longer than the budget allows, or has no end.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x");
/// std::fs::write(&path, "some bytes")?;
/// assert_eq!(fokker::memory::read(&path)?, b"some bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let (mut bytes, length) = (Vec::new(), file.metadata()?.len());
    let what = path.display().to_string();
    require(&what, length).map_err(carried)?;
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(0))?;
    read_to_end(&what, &mut file, &mut bytes)?;
    Ok(bytes)
}

/// Reads a whole text that people write, of 1 MiB at the most.
///
/// # Errors
/// What the system says; if the text is longer, or is not UTF-8.
///
/// ```
/// assert!(fokker::memory::read_text("missing.toml".as_ref()).is_err());
/// ```
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST_TEXT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_TEXT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(text)
}

/// Appends all that is left of a stream to `bytes`, which grow with what arrives; returns how many there were. `what` is the file,
/// or the key that names it.
///
/// # Errors
/// What the stream says, all that came before it being in `bytes`; a [`refusal`](super::refusal) at the budget.
///
/// ```
/// use fokker::memory::{read_to_end, refusal, set_budget};
/// let mut bytes = Vec::new();
/// assert_eq!(read_to_end("x", &mut &b"some"[..], &mut bytes)?, 4);
/// set_budget(1 << 24);
/// let error = read_to_end("zeros", &mut std::io::repeat(0), &mut bytes).unwrap_err();
/// assert_eq!(refusal(&error).map(|error| &*error.what), Some("zeros"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_to_end(what: &str, reader: &mut dyn Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let before = bytes.len();
    loop {
        let room = bytes.capacity() - bytes.len();
        if room > 0 {
            if (&mut *reader).take(room as u64).read_to_end(bytes)? < room {
                return Ok(bytes.len() - before);
            }
            continue;
        }
        // Only what has more bytes is given more room.
        let mut next = Vec::new();
        if (&mut *reader).take(1).read_to_end(&mut next)? == 0 {
            return Ok(bytes.len() - before);
        }
        let more = PIECE.max(bytes.len() / 2);
        // Growing may need both the old and the new.
        require(what, (2 * bytes.len() + more) as u64).map_err(carried)?;
        bytes.try_reserve_exact(more)?;
        bytes.append(&mut next);
    }
}
