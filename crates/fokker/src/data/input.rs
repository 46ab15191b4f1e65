//! Bytes to be read: of a file, or in memory.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use super::DataError;
use super::one_line::shown;
use crate::memory;

/// Bytes that can be read from any place.
pub(super) trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// What a reader is given: bytes, and what is known of them beforehand.
pub(super) struct Input {
    /// What messages call them.
    pub(super) path: PathBuf,
    pub(super) bytes: Box<dyn Bytes>,
    /// How many there are; 0 of a stream.
    pub(super) length: u64,
}

impl Input {
    /// The bytes of a file.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|error| DataError::read(path, error))?;
        let length = file.metadata().map_err(|error| DataError::read(path, error))?.len();
        Ok(Self { path: path.to_path_buf(), bytes: Box::new(file), length })
    }

    /// Bytes in memory.
    pub(super) fn of(path: &Path, bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self { path: path.to_path_buf(), bytes: Box::new(Cursor::new(bytes)), length }
    }
}

/// Reads until `bytes` is full or the input ends; returns how many bytes there were.
pub(super) fn fill(reader: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A compressed stream that stops half-way.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Refuses a file that is shorter or longer than its header says.
pub(super) fn check_length(path: &Path, expected: u64, actual: u64) -> Result<(), DataError> {
    let path = path.to_path_buf();
    match actual.cmp(&expected) {
        Ordering::Less => Err(DataError::Truncated { path, expected, actual }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DataError::TooLong { path, expected, actual }),
    }
}

/// Refuses a product of bytes that is more than there may be.
pub(super) fn require(path: &Path, counts: &[usize]) -> Result<(), DataError> {
    Ok(memory::require(&shown(path), memory::product(counts))?)
}
