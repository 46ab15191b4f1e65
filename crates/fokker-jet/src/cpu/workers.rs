//! Running a job on every chunk of a batch.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::pool::ThreadPool;
use crate::JetError;

/// A pool of threads, the rows that each takes at a time, and how the chunks are shared out.
///
/// Chunks are dealt to *shards* in turn: chunk `i` goes to shard `i mod shards`, and each shard has its own workspaces and
/// accumulators. What a shard computes does not depend on who runs it, so results depend on the number of shards alone. By
/// default there is a shard for each thread; [`with_shards`](Self::with_shards) fixes their number, so that sums are the same
/// to the last bit on any number of threads, and leaves some of them to other processes.
#[derive(Debug)]
pub struct Workers {
    pool: ThreadPool,
    /// Shards in all, and of those that are worked on here the first, and how many there are from one to the next.
    shards: usize,
    first: usize,
    every: usize,
    rows: usize,
}

/// Which rows of the batch a chunk holds.
pub type ChunkRange = Range<usize>;

/// The most threads, and shards: more are a slip of the pen, and starting them would take the machine down.
pub const MOST_THREADS: usize = 256;

/// Vectors with fewer elements than this are not worth a meeting.
const ALONE: usize = 1 << 14;

/// Elements of a vector that a thread takes at a time.
const CHUNK: usize = 1 << 12;

/// Most pieces of a sum.
const PIECES: usize = 64;

/// Runs of items for each thread: the last that a thread takes from another is then short.
const RUNS: usize = 8;

impl Workers {
    /// A pool of `threads` threads (0: as many as this process may use: those of its affinity mask, and no more than its control
    /// group's quota of time), `rows` rows a chunk.
    ///
    /// # Errors
    /// [`JetError::Threads`] if the system refuses the threads.
    pub fn new(threads: usize, rows: usize) -> Result<Self, JetError> {
        let available = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { available() } else { threads };
        if threads > MOST_THREADS {
            return Err(JetError::Threads { threads, reason: format!("at most {MOST_THREADS}") });
        }
        let pool =
            ThreadPool::new(threads).map_err(|error| JetError::Threads { threads, reason: error.to_string() })?;
        Ok(Self { pool, shards: threads, first: 0, every: 1, rows: rows.max(1) })
    }

    /// So many shards, of which the first of `processes` works on shards 0, `processes`, 2 `processes`, …, the next on those after them, and this
    /// is the one with number `process`: sums no longer depend on the number of threads.
    ///
    /// ```
    /// use fokker_jet::cpu::Workers;
    /// # fn main() -> Result<(), fokker_jet::JetError> {
    /// // Rows 0, 1, 4, 5, 8, 9 of ten, in chunks of two: the chunks of the shards 0 and 2 of four.
    /// let workers = Workers::new(1, 2)?.with_shards(4, 0, 2);
    /// let chunks = workers.map(10, vec![(); workers.shards()], |(), _, rows| rows);
    /// assert_eq!((chunks, workers.shards(), workers.all_shards()), (vec![0..2, 4..6, 8..10], 2, 4));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_shards(self, shards: usize, process: usize, processes: usize) -> Self {
        Self { shards: shards.max(1), first: process, every: processes.max(1), ..self }
    }

    /// Number of shards that are worked on here.
    #[must_use]
    pub fn shards(&self) -> usize {
        (self.first..self.shards).step_by(self.every).len()
    }

    /// Number of shards in all, those of other processes among them.
    #[must_use]
    pub fn all_shards(&self) -> usize {
        self.shards
    }

    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.members()
    }

    /// Rows a chunk.
    #[must_use]
    pub fn chunk_rows(&self) -> usize {
        self.rows
    }

    /// Runs `job(shard state, chunk number, rows)` for each chunk of a batch of `rows` rows, in chunks of `size` rows, that is worked on here.
    ///
    /// `states` has one entry for each of [`shards`](Self::shards). A shard's chunks run one after the other, in order.
    ///
    /// # Panics
    /// If there are fewer states than shards.
    pub fn run<S: Send>(
        &self, size: usize, rows: usize, states: &[Mutex<S>], job: impl Fn(&mut S, usize, ChunkRange) + Sync,
    ) {
        let chunks = rows.div_ceil(size);
        assert!(states.len() >= self.shards(), "{} states for {} shards", states.len(), self.shards());
        let mine = (self.first..self.shards.min(chunks)).step_by(self.every);
        self.pool.run(mine.len(), &|place| {
            let mut state = states[place].lock().unwrap_or_else(PoisonError::into_inner);
            for i in (self.first + place * self.every..chunks).step_by(self.shards) {
                job(&mut state, i, i * size..rows.min((i + 1) * size));
            }
        });
    }

    /// As [`run`](Self::run) with [`chunk_rows`](Self::chunk_rows) rows a chunk; the jobs' results in the order of the chunks.
    pub fn map<S: Send, R: Send>(
        &self, rows: usize, states: Vec<S>, job: impl Fn(&mut S, usize, ChunkRange) -> R + Sync,
    ) -> Vec<R> {
        let states: Vec<_> = states.into_iter().map(|state| Mutex::new((state, Vec::new()))).collect();
        self.run(self.rows, rows, &states, |(state, results), chunk, range| {
            results.push((chunk, job(state, chunk, range)));
        });
        let of_shard =
            |shard: Mutex<(S, Vec<(usize, R)>)>| shard.into_inner().unwrap_or_else(PoisonError::into_inner).1;
        let mut results: Vec<(usize, R)> = states.into_iter().flat_map(of_shard).collect();
        results.sort_unstable_by_key(|&(chunk, _)| chunk);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Calls `job` for each item, on all threads.
    pub fn for_each<T: Send>(&self, items: &mut [T], job: impl Fn(&mut T) + Sync) {
        let base = Shared(items.as_mut_ptr());
        self.share_out(items.len(), &|i| {
            // SAFETY: `i` is in range, and given to one task alone.
            job(unsafe { &mut *base.at(i) });
        });
    }

    /// Sums `term` over pieces of a vector, on all threads. The pieces depend on the vector's length alone.
    pub fn sum<T: Sync>(&self, vector: &[T], term: impl Fn(&[T]) -> f64 + Sync) -> f64 {
        let size = vector.len().div_ceil(PIECES).max(CHUNK);
        let sums = [const { AtomicU64::new(0) }; PIECES];
        let piece = |i: usize| {
            let piece = &vector[i * size..vector.len().min((i + 1) * size)];
            sums[i].store(term(piece).to_bits(), Ordering::Relaxed);
        };
        let pieces = vector.len().div_ceil(size);
        if vector.len() < ALONE {
            (0..pieces).for_each(piece)
        } else {
            self.pool.run(pieces, &piece)
        }
        sums.iter().map(|sum| f64::from_bits(sum.load(Ordering::Relaxed))).sum()
    }

    /// Cuts vectors of one length into chunks and calls `job(first element's number, chunks)` for each, on all threads.
    ///
    /// Where the cuts are does not depend on the number of threads.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn for_each_chunk<T: Send, const N: usize>(
        &self, vectors: [&mut [T]; N], job: impl Fn(usize, [&mut [T]; N]) + Sync,
    ) {
        let len = vectors.first().map_or(0, |v| v.len());
        assert!(vectors.iter().all(|v| v.len() == len), "vectors of different lengths");
        let bases = vectors.map(|v| Shared(v.as_mut_ptr()));
        let chunk = |i: usize| {
            let (start, end) = (i * CHUNK, len.min((i + 1) * CHUNK));
            // SAFETY: the chunk lies within each vector, and is given to one task alone.
            let slice = |base: &Shared<T>| unsafe { std::slice::from_raw_parts_mut(base.at(start), end - start) };
            job(start, bases.each_ref().map(slice));
        };
        let chunks = len.div_ceil(CHUNK);
        if len < ALONE { (0..chunks).for_each(chunk) } else { self.share_out(chunks, &chunk) }
    }

    /// Calls `job` for each of the numbers below `count`, in runs, a few for each thread.
    fn share_out(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let tasks = count.min(self.threads() * RUNS);
        self.pool.run(tasks, &|task| (task * count / tasks..(task + 1) * count / tasks).for_each(job));
    }
}

/// A vector's address, shared by the tasks of a job, which take disjoint pieces.
struct Shared<T>(*mut T);

// SAFETY: all use is in `for_each` and `for_each_chunk`, whose tasks touch disjoint elements of type `T: Send`.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_met_once_and_results_keep_their_order() {
        for (threads, rows) in [(1, 10), (2, 64), (3, 65), (2, 0)] {
            for workers in [Workers::new(threads, 8).unwrap(), Workers::new(threads, 8).unwrap().with_shards(8, 0, 1)] {
                let ranges = workers.map(rows, vec![(); workers.shards()], |(), chunk, range| (chunk, range));
                let all: Vec<usize> = ranges.iter().flat_map(|(_, range)| range.clone()).collect();
                assert_eq!(all, (0..rows).collect::<Vec<_>>());
                assert!(ranges.iter().enumerate().all(|(i, (chunk, _))| i == *chunk));
            }
        }
    }

    #[test]
    fn processes_share_the_rows_without_a_gap() {
        for (rows, processes) in [(65, 3), (10, 8), (0, 2), (100, 1), (7, 11)] {
            let rows_of = |process: usize| {
                let workers = Workers::new(2, 4).unwrap().with_shards(8, process, processes);
                workers.map(rows, vec![(); workers.shards()], |(), _, range| range).into_iter().flatten()
            };
            let mut all: Vec<usize> = (0..processes).flat_map(rows_of).collect();
            all.sort_unstable();
            assert_eq!(all, (0..rows).collect::<Vec<_>>());
        }
    }

    #[test]
    fn chunks_cover_vectors_once() {
        let workers = Workers::new(3, 8).unwrap();
        for len in [0, 5, ALONE - 1, ALONE + 1, 3 * ALONE + 7] {
            let (mut a, mut b) = (vec![1_usize; len], vec![0_usize; len]);
            workers.for_each_chunk([&mut a, &mut b], |start, [a, b]| {
                for (i, (a, b)) in a.iter_mut().zip(b).enumerate() {
                    *a += 1;
                    *b += start + i;
                }
            });
            assert!(a.iter().all(|&x| x == 2) && b.iter().enumerate().all(|(i, &x)| i == x));
        }
        let mut items = vec![0; 11];
        workers.for_each(&mut items, |x| *x += 1);
        assert_eq!(items, [1; 11]);
    }

    #[test]
    fn sums_are_the_same_on_any_number_of_threads() {
        let numbers: Vec<f64> = (0..3 * ALONE + 7).map(|i| f64::from(u32::try_from(i).unwrap()).sin()).collect();
        let sum = |threads| Workers::new(threads, 8).unwrap().sum(&numbers, |piece| piece.iter().sum());
        assert!(sum(1).to_bits() == sum(2).to_bits() && sum(1).to_bits() == sum(5).to_bits());
        assert!((sum(1) - numbers.iter().sum::<f64>()).abs() < 1e-9);
        assert!(sum(1) != 0.0);
    }

    #[test]
    fn a_crew_too_large_is_refused() {
        assert!(matches!(Workers::new(MOST_THREADS + 1, 8), Err(JetError::Threads { .. })));
    }
}
