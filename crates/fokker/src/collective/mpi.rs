//! MPI's world.

use std::sync::{Arc, Mutex, PoisonError};

use mpi::collective::SystemOperation;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use mpi::{Count, Threading};

use super::Collective;

/// MPI, from its beginning to its end: as long as this lives, there is [its world](Self::world).
pub struct Mpi(Universe);

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mpi").field(&self.0.threading_support()).finish()
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

    /// Ends all processes of the world, at once.
    pub fn abort(&self, status: u8) -> ! {
        self.0.world().abort(status.into())
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
        let root = world().process_at_rank(i32::try_from(root).unwrap_or(0));
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
