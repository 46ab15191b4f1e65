//! `FILE.part`: the rows that are done, safe from a crash.
//!
//! A header, written at once, says what the rows belong to: the magic line, the length of a text (u32), the text (lines
//! `key: value`), its [`Fingerprint`] (u64). Records follow, one for each chunk: number of its first row (u64), number of rows
//! (u32), the rows ([`Row`]), the [`Fingerprint`] of all that (u64). All numbers are little-endian. A record is synchronised to
//! disk before the next chunk is begun; whatever follows the last whole record is a write that was interrupted, and is dropped.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::part_error::PartError;
use super::row::Row;
use crate::data::{Fingerprint, write_atomically};

const MAGIC: &[u8] = b"fokker logp part 2\n";

/// A header's text is shorter than this.
const LONGEST_TEXT: usize = 1 << 16;

/// Rows of a record, at most: more than any chunk has.
pub(super) const MOST_ROWS: usize = 1 << 24;

/// What the rows belong to: keys, as an error names them, and values.
pub(super) type Identity = Vec<(&'static str, String)>;

/// An open file of finished rows; no other process writes it.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    /// Where the records start and end.
    start: u64,
    end: u64,
    /// Rows kept.
    pub(super) rows: u64,
}

/// The place of the finished rows of `output`.
pub(super) fn path_of(output: &Path) -> PathBuf {
    let mut name = OsString::from(output.as_os_str());
    name.push(".part");
    PathBuf::from(name)
}

impl Part {
    /// Starts a new file at `path`.
    pub(super) fn create(path: &Path, identity: &Identity) -> Result<Self, PartError> {
        let text = text_of(identity);
        write_atomically(path, |out| {
            out.write_all(MAGIC)?;
            out.write_all(&u32::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes())?;
            out.write_all(text.as_bytes())?;
            out.write_all(&digest(text.as_bytes()).to_le_bytes())
        })
        .map_err(|source| PartError::Write { path: path.into(), source })?;
        Self::resume(path, identity)
    }

    /// Goes on with the file at `path`, which must belong to `identity`; drops what an interrupted write left at its end.
    pub(super) fn resume(path: &Path, identity: &Identity) -> Result<Self, PartError> {
        let unreadable = |source| PartError::Read { path: path.into(), source };
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(unreadable)?;
        // Some file systems have no locks; there the user has to take care.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(PartError::Busy { path: path.into() });
        }
        let Some(text) = read_header(&mut file).map_err(unreadable)? else {
            return Err(PartError::Damaged { path: path.into() });
        };
        if let Some(key) = difference(&text, identity) {
            return Err(PartError::Foreign { path: path.into(), key });
        }
        let start = file.stream_position().map_err(unreadable)?;
        let mut part = Self { path: path.to_path_buf(), file, start, end: start, rows: 0 };
        let (mut end, mut rows) = (start, 0);
        part.records(u64::MAX, &mut |bytes, count| {
            (end, rows) = (end + bytes, rows + count.len() as u64);
            Ok(())
        })
        .map_err(unreadable)?;
        (part.end, part.rows) = (end, rows);
        part.file.set_len(end).map_err(|source| PartError::Write { path: path.into(), source })?;
        Ok(part)
    }

    /// Appends the rows of a chunk and sees them on disk.
    pub(super) fn append(&mut self, rows: &[Row]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(rows.len() * Row::SIZE + 20);
        bytes.extend(self.rows.to_le_bytes());
        bytes.extend(u32::try_from(rows.len()).map_err(io::Error::other)?.to_le_bytes());
        rows.iter().for_each(|row| row.write(&mut bytes));
        bytes.extend(digest(&bytes).to_le_bytes());
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.end += bytes.len() as u64;
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// Hands out all rows in order.
    pub(super) fn replay(&self, each: &mut dyn FnMut(&Row) -> io::Result<()>) -> io::Result<()> {
        let mut found = 0;
        self.records(self.end, &mut |_, rows| {
            found += rows.len() as u64;
            rows.iter().try_for_each(&mut *each)
        })?;
        if found == self.rows { Ok(()) } else { Err(io::Error::other(format!("{}: damaged", self.path.display()))) }
    }

    /// Hands out each whole record that ends before `end`: its bytes and its rows. The first that is not whole is the end.
    fn records(&self, end: u64, each: &mut dyn FnMut(u64, &[Row]) -> io::Result<()>) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.start))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut at, mut first) = (self.start, 0);
        while at < end
            && let Some((bytes, rows)) = read_record(&mut reader, first)?
        {
            each(bytes, &rows)?;
            at += bytes;
            first += rows.len() as u64;
        }
        Ok(())
    }

    /// Removes the file, whose rows are elsewhere now.
    pub(super) fn remove(self) {
        // The result is written: a file too many is no failure.
        let _ = fs::remove_file(&self.path);
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

fn digest(bytes: &[u8]) -> u64 {
    let mut print = Fingerprint::default();
    print.bytes(bytes);
    print.digest()
}

/// The header's text; `None` if it is damaged.
fn read_header(file: &mut File) -> io::Result<Option<String>> {
    if take(file, MAGIC.len())?.as_deref() != Some(MAGIC) {
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

/// A record's bytes and rows, the first of which must be number `first`; `None` if it is not whole.
fn read_record(reader: &mut dyn Read, first: u64) -> io::Result<Option<(u64, Vec<Row>)>> {
    let Some(mut bytes) = take(reader, 12)? else {
        return Ok(None);
    };
    let rows = number(&bytes[8..]) as usize;
    if number(&bytes[..8]) != first || rows == 0 || rows > MOST_ROWS {
        return Ok(None);
    }
    let (Some(body), Some(sum)) = (take(reader, rows * Row::SIZE)?, take(reader, 8)?) else {
        return Ok(None);
    };
    bytes.extend(&body);
    let whole = digest(&bytes) == number(&sum);
    Ok(whole.then(|| (bytes.len() as u64 + 8, body.chunks_exact(Row::SIZE).map(Row::read).collect())))
}

fn text_of(identity: &Identity) -> String {
    identity.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

/// The first key whose value is another in `text`.
fn difference(text: &str, identity: &Identity) -> Option<&'static str> {
    let mut lines = text.lines();
    let differs = |(key, value): &&(&'static str, String)| lines.next() != Some(&format!("{key}: {value}"));
    identity.iter().find(differs).map(|(key, _)| *key)
}
