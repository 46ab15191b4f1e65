//! Lines of text of more fields than a table has columns, which are given up while they are read.
//!
//! A parser keeps the place of each field beside its bytes: a line of commas alone would take some twenty times its length.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most fields of a line: the values of a grey image of 1024 × 1024 pixels, and some.
pub(super) const MOST_FIELDS: usize = 1 << 20;

/// A stream of records whose delimiters are counted.
pub(super) struct Counted<R> {
    reader: R,
    delimiter: u8,
    fields: Fields,
}

/// The delimiters that were read since the last record was done; those that were read ahead are left out.
#[derive(Clone, Default)]
pub(super) struct Fields(Arc<AtomicUsize>);

impl Fields {
    /// The record is done; the next one begins.
    pub(super) fn done(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl<R: Read> Counted<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> (Self, Fields) {
        let fields = Fields::default();
        (Self { reader, delimiter, fields: fields.clone() }, fields)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let found = buffer[..read].iter().filter(|&&byte| byte == self.delimiter).count();
        let fields = &self.fields.0;
        // No record is so short that a buffer's bytes, of later records for the most part, matter.
        if fields.fetch_add(found, Ordering::Relaxed).saturating_add(found) >= MOST_FIELDS + buffer.len() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, TooWide));
        }
        Ok(read)
    }
}

/// A line has more fields than [`MOST_FIELDS`].
#[derive(Debug, thiserror::Error)]
#[error("a line of more than {MOST_FIELDS} fields")]
struct TooWide;

/// Whether that is what an error of reading is.
pub(super) fn is_too_wide(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<TooWide>())
}
