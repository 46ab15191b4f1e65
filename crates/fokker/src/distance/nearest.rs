//! The nearest training rows of given rows, exactly, from a training set that is never in memory as a whole.

use std::sync::{Mutex, PoisonError};

use fokker_jet::cpu::Workers;

use super::two_samples::request;
use crate::Error;

/// Values of the training set that a thread compares at a time: they stay in its first-level cache.
const BLOCK_VALUES: usize = 8192;

/// The most rows of a block.
const BLOCK_ROWS: usize = 64;

/// Squares that are summed in single precision before the sum goes on in double.
const RUN: usize = 512;

/// Partial sums side by side.
const LANES: usize = 16;

/// A finite training set that is read a row at a time.
///
/// ```
/// use fokker::distance::TrainingRows;
/// let training = TrainingRows { rows: 3, read: &|index, row| row.copy_from_slice(&[index as f32, 0.0]) };
/// let mut row = [0.0; 2];
/// (training.read)(2, &mut row);
/// assert_eq!(row, [2.0, 0.0]);
/// ```
#[derive(Clone, Copy)]
pub struct TrainingRows<'a> {
    /// Number of rows.
    pub rows: usize,
    /// Writes the row of this index; called from any thread.
    pub read: &'a (dyn Fn(usize, &mut [f32]) + Sync),
}

impl std::fmt::Debug for TrainingRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainingRows").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The k nearest training rows of each of n rows.
///
/// ```
/// use fokker::distance::Neighbours;
/// let found = Neighbours { k: 2, rows: vec![7, 3], distances: vec![0.1, 0.4] };
/// assert_eq!((found.distances_of(0), found.rows_of(0)), (&[0.1, 0.4][..], &[7, 3][..]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// k.
    pub k: usize,
    /// `n × k` indices of training rows, the nearest first; of equally near ones the lower index first.
    pub rows: Vec<usize>,
    /// `n × k` Euclidean distances, in the rows' unit.
    pub distances: Vec<f64>,
}

impl Neighbours {
    /// Indices of the k training rows nearest to row `i`.
    ///
    /// # Panics
    /// If there is no row `i`.
    #[must_use]
    pub fn rows_of(&self, i: usize) -> &[usize] {
        &self.rows[i * self.k..][..self.k]
    }

    /// Their distances, rising.
    ///
    /// # Panics
    /// If there is no row `i`.
    #[must_use]
    pub fn distances_of(&self, i: usize) -> &[f64] {
        &self.distances[i * self.k..][..self.k]
    }
}

/// The `k` nearest training rows of each row of `x` (`n × dim`), by Euclidean distance.
///
/// Each distance is √Σ(a − b)² of the differences themselves, squares of 512 at a time summed in `f32` and the rest in `f64`: no
/// ‖a‖² + ‖b‖² − 2 a·b, which loses just the small distances that tell a copy. Its relative error is below 10⁻⁵. Time is
/// n · rows · dim subtractions and multiplications on all threads, memory k (distance, index) a row and thread; nothing depends on the
/// number of threads.
///
/// ```
/// use fokker::distance::{TrainingRows, nearest_neighbours};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The training rows 0, 1, 4, 9, …
/// let training = TrainingRows { rows: 10, read: &|index, row| row[0] = (index * index) as f32 };
/// let found = nearest_neighbours(&[4.5], 1, &training, 2, &Workers::new(1, 64)?)?;
/// assert_eq!((found.rows, found.distances), (vec![2, 1], vec![0.5, 3.5]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] unless `x` is whole rows of finite numbers and there are `k` ≥ 1 training rows.
pub fn nearest_neighbours(
    x: &[f32], dim: usize, training: &TrainingRows, k: usize, workers: &Workers,
) -> Result<Neighbours, Error> {
    if dim == 0 || !x.len().is_multiple_of(dim) {
        return Err(request("x", &format!("{} numbers are no whole rows of {dim}", x.len())));
    }
    if let Some(at) = x.iter().position(|x| !x.is_finite()) {
        return Err(request("x", &format!("row {}: not finite", at / dim)));
    }
    if k == 0 || k > training.rows {
        return Err(request("k", &format!("must be between 1 and {}, the number of training rows", training.rows)));
    }
    let n = x.len() / dim;
    let size = (BLOCK_VALUES / dim).clamp(1, BLOCK_ROWS);
    let shards: Vec<_> = (0..workers.shards())
        .map(|_| Mutex::new(Shard { block: vec![0.0; size * dim], nearest: vec![Nearest::default(); n] }))
        .collect();
    workers.run(size, training.rows, &shards, |shard, _, range| {
        for (row, index) in shard.block.chunks_exact_mut(dim).zip(range.clone()) {
            (training.read)(index, row);
        }
        for (x, nearest) in x.chunks_exact(dim).zip(&mut shard.nearest) {
            for (row, index) in shard.block.chunks_exact(dim).zip(range.clone()) {
                nearest.offer(squared_distance(x, row), index, k);
            }
        }
    });
    let mut shards = shards.into_iter().map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).nearest);
    let mut all = shards.next().unwrap_or_default();
    for shard in shards {
        for (into, from) in all.iter_mut().zip(shard) {
            from.0.into_iter().for_each(|(square, index)| into.offer(square, index, k));
        }
    }
    let of = all.iter().flat_map(|nearest| &nearest.0);
    Ok(Neighbours {
        k,
        rows: of.clone().map(|&(_, index)| index).collect(),
        distances: of.map(|&(square, _)| square.sqrt()).collect(),
    })
}

/// What a thread holds: some training rows, and the nearest so far of every row.
struct Shard {
    block: Vec<f32>,
    nearest: Vec<Nearest>,
}

/// (squared distance, index), rising; at most k.
#[derive(Clone, Debug, Default)]
struct Nearest(Vec<(f64, usize)>);

impl Nearest {
    fn offer(&mut self, square: f64, index: usize, k: usize) {
        let before = |held: &(f64, usize)| held.0.total_cmp(&square).then(held.1.cmp(&index)).is_lt();
        if self.0.len() == k {
            if self.0.last().is_some_and(before) {
                return;
            }
            self.0.pop();
        }
        self.0.insert(self.0.partition_point(before), (square, index));
    }
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(RUN).zip(b.chunks(RUN)) {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        let mut sums = [0.0_f32; LANES];
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += (a - b) * (a - b);
            }
        }
        total += sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() + exact(a_rest, b_rest);
    }
    // Beyond the range of single precision.
    if total.is_finite() { total } else { exact(a, b) }
}

fn exact(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}
