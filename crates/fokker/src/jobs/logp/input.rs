//! The rows of the user's file, read twice: once to see that they can be used, once to use them.

use std::path::Path;

use super::super::error::JobError;
use super::super::observer::{Observer, notes};
use crate::data::{DataError, Fingerprint};
use crate::input::{ModelRows, Values};
use crate::model_file::ModelInfo;

/// Values read at a time by the first look.
const PIECE: usize = 1 << 18;

/// What is known of a file once all of it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// Rows, at least 1.
    pub(super) rows: u64,
    /// The digest of their values.
    pub(super) digest: u64,
}

/// Reads the whole file, so that a bad row is refused before hours go into the good ones, and says what is worth a word.
pub(super) fn survey(path: &Path, info: &ModelInfo, draws: usize, observer: &dyn Observer) -> Result<Survey, JobError> {
    let mut input = Input::open(path, info, draws)?;
    let mut values = Vec::new();
    while input.read((PIECE / info.dim).max(1), &mut values)? > 0 {}
    notes(observer, input.rows.notes()?);
    Ok(input.seen())
}

/// The rows, in order.
pub(super) struct Input<'a> {
    rows: ModelRows<'a>,
    count: u64,
    print: Fingerprint,
}

impl<'a> Input<'a> {
    /// Opens a table or images for a model; with draws of dequantisation noise its rows are grey levels.
    pub(super) fn open(path: &Path, info: &'a ModelInfo, draws: usize) -> Result<Self, JobError> {
        let values = match (draws, info.levels) {
            (1.., _) => Values::Levels,
            (0, Some(_)) => Values::Unchecked,
            (0, None) => Values::Continuous,
        };
        Ok(Self { rows: ModelRows::open(path, info, values)?, count: 0, print: Fingerprint::default() })
    }

    /// The next rows, up to `most`; returns how many.
    pub(super) fn read(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, JobError> {
        let rows = self.rows.read(most, values).map_err(|error| match error {
            error @ DataError::NotALevel { .. } => JobError::NotALevel(error),
            other => other.into(),
        })?;
        self.count += rows as u64;
        self.print.numbers(values);
        Ok(rows)
    }

    /// Passes over rows, as far as there are any.
    pub(super) fn skip(&mut self, rows: u64, values: &mut Vec<f64>) -> Result<(), JobError> {
        let (end, piece) = (self.count + rows, (PIECE / self.rows.dim()).max(1));
        while self.count < end {
            let most = usize::try_from(end - self.count).unwrap_or(piece).min(piece);
            if self.read(most, values)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// What has been read so far.
    pub(super) fn seen(&self) -> Survey {
        Survey { rows: self.count, digest: self.print.digest() }
    }
}
