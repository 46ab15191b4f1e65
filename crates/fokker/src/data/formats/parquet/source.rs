//! Bytes of any kind as the parquet crate asks for them.

use std::io::{self, BufReader, Read, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes as Shared;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::thrift::{Found, look};
use crate::data::input::Bytes;
use crate::memory;

/// Bytes of memory for a byte of the file, at most.
const PARSED: usize = 8;

/// Bytes that several readers share.
pub(super) struct Source {
    bytes: Arc<Mutex<Box<dyn Bytes>>>,
    length: u64,
}

impl Source {
    pub(super) fn new(bytes: Box<dyn Bytes>, length: u64) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), length }
    }
}

/// Bytes of a page's head that are looked at first; few have more.
const HEAD: usize = 1 << 10;

/// Where a head says how many bytes its page has in the file, how many in memory, and how many values a dictionary has: fields of `PageHeader`.
const PAGE: [&[i16]; 3] = [&[3], &[2], &[7, 1]];

impl Source {
    /// Up to so many bytes from a place on.
    fn some(&self, start: u64, most: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        At { bytes: self.bytes.clone(), at: start }.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Refuses a table of contents that would keep a reader busy for ever.
    pub(super) fn look_at_contents(&self) -> Result<()> {
        let end = self.some(self.length.saturating_sub(8), 8)?;
        let [a, b, c, d, b'P', b'A', b'R', b'1'] = end[..] else { return Ok(()) };
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let Some(start) = self.length.checked_sub(8 + length) else { return Ok(()) };
        let contents = self.get_bytes(start, usize::try_from(length).unwrap_or(usize::MAX))?;
        match look(&contents, length, []) {
            Found::Endless => Err(ParquetError::General("a list that never ends".into())),
            _ => Ok(()),
        }
    }

    /// The same of the heads of pages, one after the other, in these bytes of the file.
    pub(super) fn look_at_pages(&self, range: Range<u64>) -> Result<()> {
        let mut at = range.start;
        while at < range.end.min(self.length) {
            let left = range.end.min(self.length) - at;
            let mut most = HEAD;
            let found = loop {
                let found = look(&self.some(at, most)?, left, PAGE);
                if found != Found::Unknown || most as u64 >= left {
                    break found;
                }
                most = most.saturating_mul(8);
            };
            match found {
                Found::Endless => return Err(ParquetError::General("a list that never ends".into())),
                // A value takes a byte at least.
                Found::Whole { fields: [_, whole, Some(values)], .. }
                    if !(0..=whole.unwrap_or(0)).contains(&values) =>
                {
                    return Err(ParquetError::General(format!("a dictionary of {values} values")));
                }
                Found::Whole { length, fields: [Some(page @ 0..), ..] } => {
                    at = at.saturating_add(length as u64).saturating_add(page.cast_unsigned());
                }
                _ => break,
            }
        }
        Ok(())
    }
}

impl Clone for Source {
    fn clone(&self) -> Self {
        Self { bytes: Arc::clone(&self.bytes), length: self.length }
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(At { bytes: self.bytes.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Shared> {
        // Before memory is taken for more than there can be.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are wanted, of {} in all", self.length)));
        }
        // What is made of a table of contents is several times as large.
        let needed = memory::product(&[length, PARSED]);
        memory::require("", needed).map_err(|error| ParquetError::External(Box::new(error)))?;
        let mut bytes = vec![0; length];
        At { bytes: self.bytes.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A reader at a place of its own.
pub(super) struct At {
    bytes: Arc<Mutex<Box<dyn Bytes>>>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What a panic of another reader left behind is a place, which is set anew.
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.seek(SeekFrom::Start(self.at))?;
        let read = bytes.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}
