//! Sums whose bits do not depend on how many ranks there are.
//!
//! A sum over shards is taken in the order of the shards, which are dealt to the ranks in turn. No rank can add its own before it has
//! the sum of all shards before it: a chain, as slow as there are shards. It is cut across instead: each rank sums a piece of
//! the vector over all shards, and the pieces are gathered. A rank sends its shards once and receives the sum once, whatever the
//! number of ranks: with as many ranks as shards that is the traffic of an ordinary all-reduce (Thakur et al. 2005, *Optimization of
//! collective communication operations in MPICH*, section 4.3).

use fokker_jet::Real;

use super::Collective;

/// Memory for [`sum_in_order`], to be kept from call to call.
#[derive(Clone, Debug)]
pub struct Scratch<F> {
    send: Vec<F>,
    received: Vec<F>,
    piece: Vec<F>,
    all: Vec<F>,
}

impl<F> Default for Scratch<F> {
    fn default() -> Self {
        Self { send: Vec::new(), received: Vec::new(), piece: Vec::new(), all: Vec::new() }
    }
}

/// Numbers of all shards that are under way at the same time, about: long vectors are summed piece by piece.
const UNDER_WAY: usize = 1 << 24;

/// The longest piece of a vector that is summed at once.
fn longest(shards: usize, size: usize) -> usize {
    (UNDER_WAY / shards.max(1)).max(size)
}

impl<F: Real> Scratch<F> {
    /// Bytes that it takes for vectors of `len` numbers, of `shards` shards in all.
    #[must_use]
    pub fn bytes(len: usize, shards: usize, size: usize) -> u64 {
        let len = len.min(longest(shards, size));
        let (sent, width) = (shards.div_ceil(size) * len, len.div_ceil(size));
        ((sent + (shards + size + 1) * width) * size_of::<F>()) as u64
    }
}

/// The shards of a rank: they are dealt in turn.
pub(crate) fn shards_of(rank: usize, size: usize, shards: usize) -> std::iter::StepBy<std::ops::Range<usize>> {
    (rank..shards.max(rank)).step_by(size)
}

/// Adds the vectors of all ranks' shards to `sum`, one after the other in the order of the shards, or replaces it by their sum if `fresh`. Of
/// `shards` shards, rank r has r, r + size, r + 2 size, …; `mine` are this rank's. What `sum` is before must be the same on all ranks; afterwards
/// it is, to the last bit, for any number of ranks.
///
/// ```
/// use fokker::collective::{Scratch, in_threads, sum_in_order};
/// // Whoever adds the two large numbers last has lost the small one.
/// let shards = [[1e8_f32], [1.0], [-1e8]];
/// let sums = |size: usize| {
///     in_threads(size, |ranks| {
///         let mine: Vec<&[f32]> = shards.iter().skip(ranks.rank()).step_by(size).map(|shard| &shard[..]).collect();
///         let mut sum = [0.5_f32];
///         sum_in_order(&**ranks, 3, &mine, &mut sum, false, &mut Scratch::default());
///         sum[0]
///     })
/// };
/// assert!(sums(1) == [0.0] && sums(2) == [0.0; 2] && sums(3) == [0.0; 3]);
/// ```
///
/// # Panics
/// If a shard is not of the sum's length, or there are not as many as this rank has.
pub fn sum_in_order<F: Real>(
    ranks: &dyn Collective, shards: usize, mine: &[&[F]], sum: &mut [F], fresh: bool, scratch: &mut Scratch<F>,
) {
    let here = shards_of(ranks.rank(), ranks.size(), shards).len();
    assert!(mine.iter().all(|shard| shard.len() == sum.len()) && mine.len() == here, "shards");
    let most = longest(shards, ranks.size());
    for (place, sum) in sum.chunks_mut(most).enumerate() {
        let len = sum.len();
        let of_shard = |shard: usize| &mine[shard][place * most..][..len];
        piece(ranks, shards, (0..here).map(of_shard), sum, fresh, scratch);
    }
}

/// As [`sum_in_order`], of one piece of the vectors.
fn piece<'a, F: Real>(
    ranks: &dyn Collective, shards: usize, mine: impl Iterator<Item = &'a [F]> + Clone, sum: &mut [F], fresh: bool,
    scratch: &mut Scratch<F>,
) {
    let (rank, size, len) = (ranks.rank(), ranks.size(), sum.len());
    let Scratch { send, received, piece, all } = scratch;
    // All parts are of one length for the gathering; the last ones may reach beyond the end.
    let width = len.div_ceil(size);
    let cut = |rank: usize| (rank * width).min(len)..((rank + 1) * width).min(len);
    let bytes = |from: usize, to: usize| shards_of(from, size, shards).len() * cut(to).len() * size_of::<F>();
    send.clear();
    (0..size).for_each(|to| mine.clone().for_each(|shard| send.extend_from_slice(&shard[cut(to)])));
    let sent: Vec<usize> = (0..size).map(|to| bytes(rank, to)).collect();
    let from: Vec<usize> = (0..size).map(|from| bytes(from, rank)).collect();
    received.resize(shards * cut(rank).len(), F::ZERO);
    ranks.all_to_all(bytemuck::cast_slice(send), &sent, bytemuck::cast_slice_mut(received), &from);

    piece.clear();
    piece.extend_from_slice(&sum[cut(rank)]);
    // They come by rank.
    let own = cut(rank).len();
    let mut before = vec![0; size];
    (1..size).for_each(|rank| before[rank] = before[rank - 1] + shards_of(rank - 1, size, shards).len());
    for number in 0..shards {
        let shard = &received[(before[number % size] + number / size) * own..][..own];
        if fresh && number == 0 {
            piece.copy_from_slice(shard);
        } else {
            piece.iter_mut().zip(shard).for_each(|(sum, &number)| *sum += number);
        }
    }
    piece.resize(width, F::ZERO);
    all.resize(width * size, F::ZERO);
    ranks.all_gather(bytemuck::cast_slice(piece), bytemuck::cast_slice_mut(all));
    sum.copy_from_slice(&all[..len]);
}
