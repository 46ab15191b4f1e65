//! `FILE.part`: what is done of a long job, safe from a crash.
//!
//! A header, written at once, says what the records belong to: the magic line, the length of a text (u32), the text (lines
//! `key: value`), its [`Fingerprint`] (u64). Records follow: the number of things (rows, frames) in all records before (u64), the number
//! of those in this one (u32), its body, the [`Fingerprint`] of all that (u64). All numbers are little-endian. A record is synchronised to
//! disk before the next is begun; whatever follows the last whole record is a write that was interrupted, and is dropped.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::part_error::PartError;
use crate::data::{Fingerprint, write_atomically};

/// A header's text is shorter than this.
const LONGEST_TEXT: usize = 1 << 16;

/// What the records belong to: keys, as an error names them, and values.
pub(super) type Identity = Vec<(&'static str, String)>;

/// The bytes of a record's body, from the number of things in it; `None` if no record has so many.
pub(super) type BodySize = Box<dyn Fn(usize) -> Option<usize>>;

/// An open file of records; no other process writes it.
pub(super) struct PartFile {
    path: PathBuf,
    file: File,
    body_size: BodySize,
    /// Where the records start and end.
    start: u64,
    end: u64,
    /// Things kept.
    count: u64,
}

/// The place of what is done of `output`.
pub(super) fn path_of(output: &Path) -> PathBuf {
    let mut name = OsString::from(output.as_os_str());
    name.push(".part");
    PathBuf::from(name)
}

impl PartFile {
    /// Starts a new file at `path`; the line `magic` says what its records are.
    pub(super) fn create(
        path: &Path, magic: &[u8], identity: &Identity, body_size: BodySize,
    ) -> Result<Self, PartError> {
        let text = text_of(identity);
        write_atomically(path, |out| {
            out.write_all(magic)?;
            out.write_all(&u32::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes())?;
            out.write_all(text.as_bytes())?;
            out.write_all(&digest(text.as_bytes()).to_le_bytes())
        })
        .map_err(|source| PartError::Write { path: path.into(), source })?;
        Self::resume(path, magic, identity, body_size, &mut |_| {})
    }

    /// Goes on with the file at `path`, which must belong to `identity`; drops what an interrupted write left at its end. `each` is
    /// handed the body of every whole record.
    pub(super) fn resume(
        path: &Path, magic: &[u8], identity: &Identity, body_size: BodySize, each: &mut dyn FnMut(&[u8]),
    ) -> Result<Self, PartError> {
        let unreadable = |source| PartError::Read { path: path.into(), source };
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(unreadable)?;
        // Some file systems have no locks; there the user has to take care.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(PartError::Busy { path: path.into() });
        }
        let Some(text) = read_header(&mut file, magic).map_err(unreadable)? else {
            return Err(PartError::Damaged { path: path.into() });
        };
        if let Some(key) = difference(&text, identity) {
            return Err(PartError::Foreign { path: path.into(), key });
        }
        let start = file.stream_position().map_err(unreadable)?;
        let mut part = Self { path: path.to_path_buf(), file, body_size, start, end: start, count: 0 };
        let (mut end, mut count) = (start, 0);
        part.records(u64::MAX, &mut |record| {
            (end, count) = (end + record.size(), count + record.things);
            each(record.body());
            Ok(())
        })
        .map_err(unreadable)?;
        (part.end, part.count) = (end, count);
        part.file.set_len(end).map_err(|source| PartError::Write { path: path.into(), source })?;
        Ok(part)
    }

    /// Things kept.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Appends a record of so many things and sees it on disk.
    pub(super) fn append(&mut self, things: usize, body: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(body.len() + 20);
        bytes.extend(self.count.to_le_bytes());
        bytes.extend(u32::try_from(things).map_err(io::Error::other)?.to_le_bytes());
        bytes.extend(body);
        bytes.extend(digest(&bytes).to_le_bytes());
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.end += bytes.len() as u64;
        self.count += things as u64;
        Ok(())
    }

    /// Hands out the body of each record, in order.
    pub(super) fn replay(&self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut found = 0;
        self.records(self.end, &mut |record| {
            found += record.things;
            each(record.body())
        })?;
        if found == self.count { Ok(()) } else { Err(io::Error::other(format!("{}: damaged", self.path.display()))) }
    }

    /// Hands out each whole record that ends before `end`. The first that is not whole is the end.
    fn records(&self, end: u64, each: &mut dyn FnMut(&Record) -> io::Result<()>) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.start))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut at, mut count) = (self.start, 0);
        while at < end
            && let Some(record) = read_record(&mut reader, count, &self.body_size)?
        {
            each(&record)?;
            at += record.size();
            count += record.things;
        }
        Ok(())
    }

    /// Removes the file, whose records are elsewhere now.
    pub(super) fn remove(self) {
        // The result is written: a file too many is no failure.
        let _ = fs::remove_file(&self.path);
    }
}

/// A whole record.
struct Record {
    things: u64,
    /// All of it but the digest.
    bytes: Vec<u8>,
}

impl Record {
    /// Bytes on disk.
    fn size(&self) -> u64 {
        self.bytes.len() as u64 + 8
    }

    fn body(&self) -> &[u8] {
        &self.bytes[12..]
    }
}

/// `length` bytes; `None` if there are fewer.
fn take(reader: &mut dyn Read, length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(length as u64).read_to_end(&mut bytes)?;
    Ok((bytes.len() == length).then_some(bytes))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Words of 8 bytes.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(number)
}

/// Numbers of 8 bytes.
pub(super) fn numbers(bytes: &[u8]) -> Vec<f64> {
    words(bytes).map(f64::from_bits).collect()
}

fn digest(bytes: &[u8]) -> u64 {
    let mut print = Fingerprint::default();
    print.bytes(bytes);
    print.digest()
}

/// The header's text; `None` if it is damaged.
fn read_header(file: &mut File, magic: &[u8]) -> io::Result<Option<String>> {
    if take(file, magic.len())?.as_deref() != Some(magic) {
        return Ok(None);
    }
    let Some(length) = take(file, 4)?.map(|bytes| number(&bytes) as usize).filter(|&length| length < LONGEST_TEXT)
    else {
        return Ok(None);
    };
    let (text, sum) = (take(file, length)?, take(file, 8)?);
    Ok(text
        .zip(sum)
        .filter(|(text, sum)| digest(text) == number(sum))
        .and_then(|(text, _)| String::from_utf8(text).ok()))
}

/// A record before which `count` things came; `None` if it is not whole.
fn read_record(reader: &mut dyn Read, count: u64, body_size: &BodySize) -> io::Result<Option<Record>> {
    let Some(mut bytes) = take(reader, 12)? else {
        return Ok(None);
    };
    let things = number(&bytes[8..]);
    let Some(size) = body_size(things as usize).filter(|_| number(&bytes[..8]) == count) else {
        return Ok(None);
    };
    let (Some(body), Some(sum)) = (take(reader, size)?, take(reader, 8)?) else {
        return Ok(None);
    };
    bytes.extend(body);
    Ok((digest(&bytes) == number(&sum)).then_some(Record { things, bytes }))
}

pub(super) fn text_of(identity: &Identity) -> String {
    identity.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

/// The first key whose value is another in `text`.
fn difference(text: &str, identity: &Identity) -> Option<&'static str> {
    let mut lines = text.lines();
    let differs = |(key, value): &&(&'static str, String)| lines.next() != Some(&format!("{key}: {value}"));
    identity.iter().find(differs).map(|(key, _)| *key)
}
