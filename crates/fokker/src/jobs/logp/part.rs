//! `FILE.part`: the rows that are done, safe from a crash: a [`PartFile`] with a record for each chunk, of [`Row`]s.

use std::io;
use std::path::Path;

use super::super::error::JobError;
use super::super::part_error::PartError;
use super::super::part_file::{BodySize, Identity, PartFile};
use super::row::Row;
use crate::collective::{Collective, first};

const MAGIC: &[u8] = b"fokker logp part 2\n";

/// Rows of a record, at most: more than any chunk has.
pub(super) const MOST_ROWS: usize = 1 << 24;

/// An open file of finished rows; no other process writes it.
pub(super) struct Part(PartFile);

impl Part {
    /// Starts a new file at `path`.
    pub(super) fn create(path: &Path, identity: &Identity) -> Result<Self, PartError> {
        Ok(Self(PartFile::create(path, MAGIC, identity, body_size())?))
    }

    /// Goes on with the file at `path`, which must belong to `identity`; drops what an interrupted write left at its end.
    pub(super) fn resume(path: &Path, identity: &Identity) -> Result<Self, PartError> {
        Ok(Self(PartFile::resume(path, MAGIC, identity, body_size(), &mut |_| {})?))
    }

    /// Rows kept.
    pub(super) fn rows(&self) -> u64 {
        self.0.count()
    }

    /// Appends the rows of a chunk and sees them on disk.
    pub(super) fn append(&mut self, rows: &[Row]) -> io::Result<()> {
        self.0.append(rows.len(), &Row::bytes(rows))
    }

    /// Hands out all rows in order.
    pub(super) fn replay(&self, each: &mut dyn FnMut(&Row) -> io::Result<()>) -> io::Result<()> {
        self.0.replay(&mut |body| body.chunks_exact(Row::SIZE).try_for_each(|row| each(&Row::read(row))))
    }

    /// Removes the file, whose rows are elsewhere now.
    pub(super) fn remove(self) {
        self.0.remove();
    }
}

/// The rows that are done, on one of several ranks: the first has the file, the others know how many there are.
pub(super) struct Done {
    part: Option<Part>,
    rows: u64,
}

impl Done {
    /// Opens the file on rank 0.
    pub(super) fn open(
        ranks: &dyn Collective, open: impl FnOnce() -> Result<Part, JobError>,
    ) -> Result<Self, JobError> {
        let part = first(ranks, open)?;
        let mut rows = part.as_ref().map_or(0, Part::rows);
        ranks.broadcast(0, bytemuck::bytes_of_mut(&mut rows));
        Ok(Self { part, rows })
    }

    /// How many there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the rows of a chunk.
    pub(super) fn append(&mut self, rows: &[Row]) -> io::Result<()> {
        self.rows += rows.len() as u64;
        self.part.as_mut().map_or(Ok(()), |part| part.append(rows))
    }

    /// The file, on rank 0.
    pub(super) fn file(&self) -> Option<&Part> {
        self.part.as_ref()
    }

    /// Removes the file, whose rows are elsewhere now, or of no use.
    pub(super) fn remove(self) {
        self.part.into_iter().for_each(Part::remove);
    }
}

fn body_size() -> BodySize {
    Box::new(|rows| (1..=MOST_ROWS).contains(&rows).then_some(rows * Row::SIZE))
}
