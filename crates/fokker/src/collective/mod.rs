//! Processes, *ranks*, that compute together: data-parallel training, and audits, samples and log-likelihoods whose rows are spread.
//!
//! A [`Collective`] is what the ranks have in common; its operations are those of MPI (MPI Forum, *MPI: A Message-Passing Interface
//! Standard*, version 4.1, 2023, chapter 6), over flat buffers. There is [one rank](single), as long as nobody asks for more; MPI's world, with the feature
//! `mpi`; and [threads](in_threads) that stand for processes, for tests. All ranks make the same calls in the same order.
//!
//! Two things follow from that rule. What one rank alone may find out, a file that cannot be written, say, all must [agree] on before any of
//! them goes another way. And a sum of floating-point numbers must not depend on how many ranks there are, where that is asked for:
//! [`sum_in_order`].

mod agree;
mod in_order;
#[cfg(feature = "mpi")]
mod mpi;
mod single;
mod threads;

use std::fmt::Debug;

use fokker_jet::Real;

#[cfg(feature = "mpi")]
pub use self::mpi::Mpi;
pub use agree::{Agreed, Blame, agree, any, first, require_same};
pub use in_order::{Scratch, sum_in_order};
pub use single::{Single, single};
pub use threads::in_threads;

/// Processes that make the same calls in the same order. MPI's terms (4.1, chapter 6): `all_reduce` is `MPI_Allreduce` with `MPI_SUM`, and so on. A failure within a call ends all
/// processes, as MPI's default is; so calls return nothing to look at.
///
/// ```
/// use fokker::collective::in_threads;
/// let all = in_threads(3, |ranks| {
///     let mut all = [0; 6];
///     ranks.all_gather(&[ranks.rank() as u8; 2], &mut all);
///     let mut root = [ranks.rank() as u8];
///     ranks.broadcast(2, &mut root);
///     ranks.barrier();
///     (all, root)
/// });
/// assert_eq!(all, [([0, 0, 1, 1, 2, 2], [2]); 3]);
/// ```
pub trait Collective: Debug + Send + Sync {
    /// The number of this process, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn size(&self) -> usize;

    /// Replaces each number by its sum over ranks: the same bits on all of them, which may depend on how many there are.
    fn all_reduce(&self, values: &mut [f32]);

    /// As [`all_reduce`](Self::all_reduce), in double precision.
    fn all_reduce_f64(&self, values: &mut [f64]);

    /// Replaces the bytes by those of rank `root`; as many on all ranks.
    fn broadcast(&self, root: usize, bytes: &mut [u8]);

    /// The bytes of all ranks in their order, as many of each, into `all`.
    fn all_gather(&self, mine: &[u8], all: &mut [u8]);

    /// To rank r go the next `sent[r]` bytes of `send`; from rank r come the next `received[r]` bytes of `receive`.
    fn all_to_all(&self, send: &[u8], sent: &[usize], receive: &mut [u8], received: &[usize]);

    /// Returns when all ranks are here.
    fn barrier(&self);
}

/// Is this the rank that writes and speaks?
///
/// ```
/// use fokker::collective::{in_threads, is_first, single};
/// assert!(is_first(&**single()));
/// assert_eq!(in_threads(2, |ranks| is_first(&**ranks)), [true, false]);
/// ```
pub fn is_first(ranks: &dyn Collective) -> bool {
    ranks.rank() == 0
}

/// The sums over ranks of numbers of either precision.
///
/// ```
/// use fokker::collective::{all_reduce, in_threads};
/// let sums = in_threads(2, |ranks| {
///     let mut values = [1.0_f64 + ranks.rank() as f64];
///     all_reduce(&**ranks, &mut values);
///     values
/// });
/// assert_eq!(sums, [[3.0]; 2]);
/// ```
pub fn all_reduce<F: Real>(ranks: &dyn Collective, values: &mut [F]) {
    if size_of::<F>() == size_of::<f32>() {
        ranks.all_reduce(bytemuck::cast_slice_mut(values));
    } else {
        ranks.all_reduce_f64(bytemuck::cast_slice_mut(values));
    }
}

/// The bytes of each rank, of any lengths.
///
/// ```
/// use fokker::collective::{all_gather_bytes, in_threads};
/// let all = in_threads(2, |ranks| all_gather_bytes(&**ranks, &vec![9; ranks.rank()]));
/// assert_eq!(all, [[vec![], vec![9]], [vec![], vec![9]]]);
/// ```
pub fn all_gather_bytes(ranks: &dyn Collective, mine: &[u8]) -> Vec<Vec<u8>> {
    let mut lengths = vec![0_u64; ranks.size()];
    ranks.all_gather(bytemuck::bytes_of(&(mine.len() as u64)), bytemuck::cast_slice_mut(&mut lengths));
    let lengths: Vec<usize> = lengths.into_iter().map(|length| usize::try_from(length).unwrap_or(usize::MAX)).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    if longest == 0 {
        return vec![Vec::new(); ranks.size()];
    }
    let mut padded = mine.to_vec();
    padded.resize(longest, 0);
    let mut all = vec![0; longest * ranks.size()];
    ranks.all_gather(&padded, &mut all);
    all.chunks_exact(longest).zip(lengths).map(|(bytes, length)| bytes[..length].to_vec()).collect()
}

/// The bytes that rank `root` has; what the others hand over is not looked at.
///
/// ```
/// use fokker::collective::{broadcast_bytes, in_threads};
/// let all = in_threads(2, |ranks| broadcast_bytes(&**ranks, 1, vec![7; 3 * ranks.rank()]));
/// assert_eq!(all, [[7; 3]; 2]);
/// ```
pub fn broadcast_bytes(ranks: &dyn Collective, root: usize, bytes: Vec<u8>) -> Vec<u8> {
    let mut length = bytes.len() as u64;
    ranks.broadcast(root, bytemuck::bytes_of_mut(&mut length));
    let mut bytes = bytes;
    bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
    ranks.broadcast(root, &mut bytes);
    bytes
}

/// The part of `count` things in a row that is a rank's: parts differ by one at most.
///
/// ```
/// use fokker::collective::part;
/// assert_eq!([0, 1, 2].map(|rank| part(7, rank, 3)), [0..3, 3..5, 5..7]);
/// ```
#[must_use]
pub fn part(count: usize, rank: usize, size: usize) -> std::ops::Range<usize> {
    let at = |rank: usize| rank * (count / size) + rank.min(count % size);
    at(rank)..at(rank + 1)
}

#[cfg(test)]
mod tests;
