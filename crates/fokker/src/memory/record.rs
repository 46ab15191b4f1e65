//! Streams of records.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::budget::{budget, require};
use super::refusal::carried;

/// A share of the budget for one record: what a parser makes of its bytes may be so many times larger.
const PARSED: u64 = 32;

/// A record may always be so long.
const SHORT: u64 = 1 << 20;

/// A stream of records, any number of them, each of which a parser takes into memory: one that has no end is given up.
///
/// ```
/// use std::io::Read;
/// use fokker::memory::{PerRecord, refusal, set_budget};
/// set_budget(1 << 24);
/// let (mut reader, record) = PerRecord::new("zeros", std::io::repeat(0));
/// let mut bytes = [0; 1 << 16];
/// for _ in 0..1000 {
///     reader.read_exact(&mut bytes)?;
///     record.done();
/// }
/// let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
/// assert!(refusal(&error).is_some());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct PerRecord<R> {
    what: String,
    reader: R,
    record: Record,
}

/// The record that is being read.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<AtomicU64>);

impl Record {
    /// The record is done; the next one begins.
    pub fn done(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl<R: Read> PerRecord<R> {
    /// The stream of a reader, and its first record. `what` is the file, or the key that names it.
    pub fn new(what: impl Into<String>, reader: R) -> (Self, Record) {
        let record = Record::default();
        (Self { what: what.into(), reader, record: record.clone() }, record)
    }
}

impl<R: Read> Read for PerRecord<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let length = self.record.0.fetch_add(read as u64, Ordering::Relaxed).saturating_add(read as u64);
        // What was read ahead belongs to later records.
        let longest = (budget() / PARSED).max(SHORT);
        if length > longest {
            require(&self.what, length.saturating_mul(PARSED)).map_err(carried)?;
        }
        Ok(read)
    }
}
