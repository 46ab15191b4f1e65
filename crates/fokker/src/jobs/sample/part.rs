//! `FILE.part`: the rows that are done, safe from a crash: a [`PartFile`] with a record for each batch.
//!
//! A record's body: the K times of the states that are kept; for each row its D numbers, its K × D states, how it ended (a number and a t). All
//! numbers are f64.

use std::path::Path;

use super::super::part_error::PartError;
use super::super::part_file::{BodySize, Identity, PartFile, numbers};
use crate::collective::{Collective, all_gather_bytes};
use crate::sample::{Samples, Trajectories};
use crate::solve::Outcome;

const MAGIC: &[u8] = b"fokker sample part 1\n";

/// Rows of a record, at most.
const MOST_ROWS: usize = 1 << 24;

/// How long a row is.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) dim: usize,
    /// States that are kept of each row.
    pub(super) kept: usize,
}

impl Sizes {
    /// Numbers of a row.
    fn row(self) -> usize {
        self.dim * (1 + self.kept) + 2
    }

    fn body_size(self) -> BodySize {
        Box::new(move |rows| {
            let numbers = self.row().checked_mul(rows)?.checked_add(self.kept)?;
            numbers.checked_mul(size_of::<f64>()).filter(|_| (1..=MOST_ROWS).contains(&rows))
        })
    }
}

/// Rows and the states on their way, batch after batch.
pub(super) struct Rows {
    pub(super) x: Vec<f64>,
    pub(super) outcomes: Vec<Outcome>,
    /// For each row, its states one after another.
    states: Vec<f64>,
    times: Vec<f64>,
    sizes: Sizes,
}

impl Rows {
    pub(super) fn none(sizes: Sizes) -> Self {
        Self { x: Vec::new(), outcomes: Vec::new(), states: Vec::new(), times: Vec::new(), sizes }
    }

    /// A batch.
    pub(super) fn of(samples: Samples, trajectories: Option<Trajectories>, sizes: Sizes) -> Self {
        let Samples { x, outcomes, .. } = samples;
        let Trajectories { times, x: by_time } = trajectories.unwrap_or(Trajectories { times: vec![], x: vec![] });
        let (rows, dim) = (outcomes.len(), sizes.dim);
        let state = |row: usize, time: usize| &by_time[(time * rows + row) * dim..][..dim];
        let states =
            (0..rows).flat_map(|row| (0..times.len()).flat_map(move |time| state(row, time)).copied()).collect();
        Self { x, outcomes, states, times, sizes }
    }

    /// Adds a batch.
    pub(super) fn extend(&mut self, more: Self) {
        self.x.extend(more.x);
        self.outcomes.extend(more.outcomes);
        self.states.extend(more.states);
        self.times = more.times;
    }

    /// The states, time after time, if any are kept.
    pub(super) fn trajectories(&self) -> Option<Trajectories> {
        let (rows, dim, kept) = (self.outcomes.len(), self.sizes.dim, self.times.len());
        let state = |time: usize, row: usize| &self.states[(row * kept + time) * dim..][..dim];
        let x = (0..kept).flat_map(|time| (0..rows).flat_map(move |row| state(time, row)).copied()).collect();
        (kept > 0).then(|| Trajectories { times: self.times.clone(), x })
    }

    /// The rows that all ranks have made, in their order.
    pub(super) fn gathered(mine: &Self, ranks: &dyn Collective, sizes: Sizes) -> Self {
        let mut all = Self::none(sizes);
        all_gather_bytes(ranks, &mine.write()).iter().for_each(|of_rank| all.read(of_rank));
        all
    }

    /// Its record.
    pub(super) fn write(&self) -> Vec<u8> {
        let Sizes { dim, kept } = self.sizes;
        let mut numbers = self.times.clone();
        for (row, outcome) in self.outcomes.iter().enumerate() {
            numbers.extend(&self.x[row * dim..][..dim]);
            numbers.extend(&self.states[row * dim * kept..][..dim * kept]);
            let (code, t) = outcome.code();
            numbers.extend([f64::from(code), t]);
        }
        numbers.into_iter().flat_map(f64::to_le_bytes).collect()
    }

    /// Adds a batch from its record.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn read(&mut self, body: &[u8]) {
        let Sizes { dim, kept } = self.sizes;
        let numbers = numbers(body);
        // Nothing has been made yet.
        if numbers.len() <= kept {
            return;
        }
        let (times, rows) = numbers.split_at(kept);
        self.times = times.to_vec();
        for row in rows.chunks_exact(self.sizes.row()) {
            self.x.extend(&row[..dim]);
            self.states.extend(&row[dim..dim * (1 + kept)]);
            self.outcomes.push(Outcome::of_code(row[row.len() - 2] as u8, row[row.len() - 1]));
        }
    }
}

/// An open file of finished rows; no other process writes it.
pub(super) struct Part(PartFile);

impl Part {
    /// Starts a new file at `path`.
    pub(super) fn create(path: &Path, identity: &Identity, sizes: Sizes) -> Result<Self, PartError> {
        Ok(Self(PartFile::create(path, MAGIC, identity, sizes.body_size())?))
    }

    /// Goes on with the file at `path`, which must belong to `identity`, and gives its rows.
    pub(super) fn resume(path: &Path, identity: &Identity, sizes: Sizes) -> Result<(Self, Rows), PartError> {
        let mut rows = Rows::none(sizes);
        let file = PartFile::resume(path, MAGIC, identity, sizes.body_size(), &mut |body| rows.read(body))?;
        Ok((Self(file), rows))
    }

    /// Appends a batch and sees it on disk.
    pub(super) fn append(&mut self, rows: &Rows) -> Result<(), PartError> {
        let append = self.0.append(rows.outcomes.len(), &rows.write());
        append.map_err(|source| PartError::Append { source })
    }

    /// Removes the file, whose rows are elsewhere now.
    pub(super) fn remove(self) {
        self.0.remove();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_their_states_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (path, identity) = (folder.path().join("x.part"), vec![("--seed", "1".to_owned())]);
        let sizes = Sizes { dim: 2, kept: 3 };
        let batch = |first: f64, outcomes: Vec<Outcome>| {
            let rows = outcomes.len();
            let x = (0..2 * rows).map(|i| first + i as f64).collect();
            let states =
                Trajectories { times: vec![1.0, 0.5, 0.1], x: (0..6 * rows).map(|i| first - i as f64).collect() };
            Rows::of(Samples { x, evaluations: vec![0; rows], outcomes }, Some(states), sizes)
        };
        let ends = vec![Outcome::Converged, Outcome::FarOut { t: 0.25 }, Outcome::NonFinite { t: 0.5 }];
        let more = vec![Outcome::PrecisionFloor, Outcome::StepLimit { t: 0.125 }];
        let mut part = Part::create(&path, &identity, sizes).unwrap();
        part.append(&batch(10.0, ends.clone())).unwrap();
        part.append(&batch(50.0, more.clone())).unwrap();
        drop(part);
        let (_, rows) = Part::resume(&path, &identity, sizes).unwrap();
        assert_eq!(rows.outcomes, [ends, more].concat());
        assert_eq!(rows.x, [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 50.0, 51.0, 52.0, 53.0]);
        let found = rows.trajectories().unwrap();
        assert_eq!(found.times, [1.0, 0.5, 0.1]);
        // At the first time the rows of one batch, then those of the other.
        assert_eq!(found.x[..10], [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 50.0, 49.0, 48.0, 47.0]);
    }
}
