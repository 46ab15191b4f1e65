//! MPI's world.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mpi::collective::SystemOperation;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Root, Source};
use mpi::{Count, Threading};

use super::Collective;

/// MPI, from its beginning to its end: as long as this lives, there is [its world](Self::world).
pub struct Mpi(Universe);

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mpi").finish_non_exhaustive()
    }
}

impl Mpi {
    /// Begins MPI; `None` if it has been begun before in this process. All calls must come from this thread.
    #[must_use]
    pub fn begin() -> Option<Self> {
        mpi::initialize_with_threading(Threading::Funneled).map(|(universe, _)| Self(universe))
    }

    /// All processes that were started together.
    #[must_use]
    pub fn world(&self) -> Arc<dyn Collective> {
        let world = self.0.world();
        let number = |number: i32| usize::try_from(number).unwrap_or(0);
        Arc::new(World { rank: number(world.rank()), size: number(world.size()), mine: Mutex::default() })
    }

    /// What the library calls itself.
    #[must_use]
    pub fn library(&self) -> String {
        let version = mpi::environment::library_version().unwrap_or_default();
        version.split([',', '\n', '\0']).next().unwrap_or_default().trim().to_owned()
    }

    /// Seconds that messages of so many bytes take one way between rank 0 and rank 1, each half of a way there and back; `None` if there is no rank 1.
    /// All ranks call it, and all but rank 0 have no times.
    #[must_use]
    pub fn ping_pong(&self, bytes: usize, repeats: usize) -> Option<Vec<f64>> {
        let world = self.0.world();
        let mut message = vec![0_u8; bytes];
        let mut times = Vec::new();
        for _ in 0..if world.size() > 1 { repeats } else { 0 } {
            world.barrier();
            let start = Instant::now();
            match world.rank() {
                0 => {
                    world.process_at_rank(1).send(&message[..]);
                    world.process_at_rank(1).receive_into(&mut message[..]);
                    times.push(start.elapsed().as_secs_f64() / 2.0);
                }
                1 => {
                    world.process_at_rank(0).receive_into(&mut message[..]);
                    world.process_at_rank(0).send(&message[..]);
                }
                _ => {}
            }
        }
        (!times.is_empty()).then_some(times)
    }

    /// What MPI grants of threads: only the first calls it.
    #[must_use]
    pub fn is_funneled(&self) -> bool {
        mpi::environment::threading_support() >= Threading::Funneled
    }
}

/// All processes that were started together.
#[derive(Debug)]
struct World {
    rank: usize,
    size: usize,
    /// What goes into a sum while the sum comes out.
    mine: Mutex<Vec<f32>>,
}

/// Bytes or numbers of a call, at most: MPI counts them in 31 bits.
const MOST: usize = 1 << 28;

fn world() -> SimpleCommunicator {
    SimpleCommunicator::world()
}

fn counts(lengths: &[usize]) -> (Vec<Count>, Vec<Count>) {
    let count = |length: usize| Count::try_from(length).unwrap_or(Count::MAX);
    let starts = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(count(*end - length))
    });
    (lengths.iter().map(|&length| count(length)).collect(), starts.collect())
}

impl Collective for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_reduce(&self, values: &mut [f32]) {
        let mut mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        for values in values.chunks_mut(MOST) {
            mine.clear();
            mine.extend_from_slice(values);
            world().all_reduce_into(&mine[..], values, SystemOperation::sum());
        }
    }

    fn all_reduce_f64(&self, values: &mut [f64]) {
        for values in values.chunks_mut(MOST) {
            let mine = values.to_vec();
            world().all_reduce_into(&mine[..], values, SystemOperation::sum());
        }
    }

    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        let (world, root) = (world(), i32::try_from(root).unwrap_or(0));
        let root = world.process_at_rank(root);
        bytes.chunks_mut(MOST).for_each(|bytes| root.broadcast_into(bytes));
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        let most = MOST / self.size;
        if mine.len() <= most {
            world().all_gather_into(mine, all);
            return;
        }
        for (place, piece) in mine.chunks(most).enumerate() {
            let mut pieces = vec![0; piece.len() * self.size];
            world().all_gather_into(piece, &mut pieces[..]);
            for (rank, piece) in pieces.chunks_exact(piece.len()).enumerate() {
                all[rank * mine.len() + place * most..][..piece.len()].copy_from_slice(piece);
            }
        }
    }

    fn all_to_all(&self, send: &[u8], sent: &[usize], receive: &mut [u8], received: &[usize]) {
        assert!(send.len().max(receive.len()) <= Count::MAX as usize, "more than 2 GiB to be sent or received at once");
        let ((sent, sent_at), (received, received_at)) = (counts(sent), counts(received));
        let send = Partition::new(send, sent, sent_at);
        let mut receive = PartitionMut::new(receive, received, received_at);
        world().all_to_all_varcount_into(&send, &mut receive);
    }

    fn barrier(&self) {
        world().barrier();
    }
}
