//! The rows of the user's file, read twice: once to see that they can be used, once to use them.

use std::path::Path;

use anyhow::Result;
use fokker::data::{DataError, Fingerprint, TableReader};

/// Values read at a time by the first look.
const PIECE: usize = 1 << 18;

/// What is known of a file once all of it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Rows, at least 1.
    pub rows: u64,
    /// The digest of their values.
    pub digest: u64,
}

/// Reads the whole file, so that a bad row is refused before hours go into the good ones.
pub fn survey(path: &Path, dim: usize) -> Result<Survey> {
    let mut input = Input::open(path, dim)?;
    let mut values = Vec::new();
    while input.read((PIECE / dim).max(1), &mut values)? > 0 {}
    Ok(input.seen())
}

/// The rows, in order.
pub struct Input {
    table: TableReader,
    rows: u64,
    print: Fingerprint,
}

impl Input {
    /// Opens a file of rows of `dim` values.
    pub fn open(path: &Path, dim: usize) -> Result<Self> {
        let table = TableReader::open(path, None)?;
        if table.dim() != dim {
            return Err(DataError::Dimension { path: path.into(), expected: dim, actual: table.dim() }.into());
        }
        Ok(Self { table, rows: 0, print: Fingerprint::default() })
    }

    /// The next rows, up to `most`; returns how many.
    pub fn read(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize> {
        let rows = self.table.read(most, values)?;
        self.rows += rows as u64;
        self.print.numbers(values);
        Ok(rows)
    }

    /// Passes over rows, as far as there are any.
    pub fn skip(&mut self, rows: u64, values: &mut Vec<f64>) -> Result<()> {
        let (end, piece) = (self.rows + rows, (PIECE / self.table.dim()).max(1));
        while self.rows < end {
            let most = usize::try_from(end - self.rows).unwrap_or(piece).min(piece);
            if self.read(most, values)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// What has been read so far.
    pub fn seen(&self) -> Survey {
        Survey { rows: self.rows, digest: self.print.digest() }
    }
}
