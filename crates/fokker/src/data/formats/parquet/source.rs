//! Bytes of any kind as the parquet crate asks for them.

use std::io::{self, BufReader, Read, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes as Shared;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

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
