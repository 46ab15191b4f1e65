//! Samples, where they start, and the memory that they take.

use rand_distr::{Distribution, StandardNormal};

use crate::Error;
use crate::memory;
use crate::rng::{Stream, Streams};
use crate::sde::Sde;
use crate::solve::Outcome;

/// What is known of a row beside its numbers, in units of one of these: stream, outcome, evaluations, and where its numbers are.
const OF_ROW: usize = 50;

/// Samples, and how each was had.
///
/// ```
/// use fokker::{sample::Samples, solve::Outcome};
/// let samples = Samples { x: vec![0.1, -0.2], outcomes: vec![Outcome::Converged], evaluations: vec![80] };
/// assert_eq!(samples.failed(), 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `rows × D`, in model coordinates; NaN in rows whose outcome [has no value](Outcome::has_value).
    pub x: Vec<f64>,
    /// How each row ended.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score, by row.
    pub evaluations: Vec<u64>,
}

impl Samples {
    /// Number of rows without a sample.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.has_value()).count()
    }
}

/// Rows that are drawn together: so many of them, the first being this one of all.
///
/// A row's draws are its own, so that all rows at once and piece by piece are the same.
///
/// ```
/// use fokker::sample::Batch;
/// assert_eq!(Batch::from(5), Batch { first: 0, rows: 5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The place of the first among all rows.
    pub first: u64,
    /// How many.
    pub rows: usize,
}

impl From<usize> for Batch {
    fn from(rows: usize) -> Self {
        Self { first: 0, rows }
    }
}

/// Refuses samples that take more memory than there may be.
pub(super) fn require(n: usize, dim: usize, states: usize) -> Result<(), Error> {
    Ok(memory::require(&format!("{n} samples"), bytes(n, dim, states))?)
}

/// Bytes that `n` samples of dimension `dim` take while they are drawn, `states` states of each being kept on the way: where they
/// start, go and end, and what is known of each row.
///
/// ```
/// assert!(fokker::sample::bytes(1000, 2, 0) < 1 << 20);
/// assert_eq!(fokker::sample::bytes(usize::MAX, 2, 0), u64::MAX);
/// ```
#[must_use]
pub fn bytes(n: usize, dim: usize, states: usize) -> u64 {
    let numbers = dim.saturating_mul(states.saturating_mul(2).saturating_add(4)).saturating_add(OF_ROW);
    memory::product(&[n, numbers, size_of::<f64>()])
}

/// Each row's x_T, and its stream thereafter.
pub(super) fn prior(sde: &Sde, batch: Batch, dim: usize, seed: u64) -> (Vec<f64>, Vec<Stream>) {
    let streams = Streams::new(seed);
    let mut x = vec![0.0; batch.rows * dim];
    let row = |(row, x): (usize, &mut [f64])| {
        let mut stream = streams.at("sample", batch.first + row as u64, 0);
        fill_normal(&mut stream, x);
        x.iter_mut().for_each(|x| *x *= sde.prior_std());
        stream
    };
    let streams = x.chunks_exact_mut(dim).enumerate().map(row).collect();
    (x, streams)
}

/// Fills `out` with independent standard normal draws.
pub(super) fn fill_normal(stream: &mut Stream, out: &mut [f64]) {
    out.iter_mut().for_each(|z| *z = StandardNormal.sample(stream));
}
