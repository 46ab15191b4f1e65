//! Threads that stand for processes.

use std::sync::{Arc, Barrier, Mutex, PoisonError};

use super::Collective;

/// What the threads have in common: a place for what each has to say, and a meeting.
#[derive(Debug)]
struct Meeting {
    said: Vec<Mutex<Vec<u8>>>,
    barrier: Barrier,
}

/// One of several threads.
#[derive(Clone, Debug)]
struct Member {
    rank: usize,
    meeting: Arc<Meeting>,
}

/// Calls `job` on `size` threads at the same time, each a rank of its own, and returns what they return, in their order. For tests of what
/// is to run on many machines; on one machine, threads of a [pool](crate::Workers) are faster.
///
/// A panic of one of them leaves the others waiting.
///
/// ```
/// use fokker::collective::in_threads;
/// let sums = in_threads(3, |ranks| {
///     let mut values = [ranks.rank() as f32, 1.0];
///     ranks.all_reduce(&mut values);
///     values
/// });
/// assert_eq!(sums, [[3.0, 3.0]; 3]);
/// ```
pub fn in_threads<T: Send>(size: usize, job: impl Fn(&Arc<dyn Collective>) -> T + Sync) -> Vec<T> {
    let meeting =
        Arc::new(Meeting { said: (0..size).map(|_| Mutex::default()).collect(), barrier: Barrier::new(size) });
    let member = |rank: usize| -> Arc<dyn Collective> { Arc::new(Member { rank, meeting: Arc::clone(&meeting) }) };
    let mut results: Vec<Option<T>> = (0..size).map(|_| None).collect();
    std::thread::scope(|scope| {
        for (rank, result) in results.iter_mut().enumerate() {
            let (ranks, job) = (member(rank), &job);
            scope.spawn(move || *result = Some(job(&ranks)));
        }
    });
    results.into_iter().flatten().collect()
}

impl Member {
    /// Says something and looks at what each has said, in order.
    fn meet(&self, mine: &[u8], mut look: impl FnMut(usize, &[u8])) {
        let lock = |rank: usize| self.meeting.said[rank].lock().unwrap_or_else(PoisonError::into_inner);
        *lock(self.rank) = mine.to_vec();
        self.meeting.barrier.wait();
        (0..self.meeting.said.len()).for_each(|rank| look(rank, &lock(rank)));
        // Nobody speaks again before all have looked.
        self.meeting.barrier.wait();
    }
}

impl Collective for Member {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.meeting.said.len()
    }

    fn all_reduce(&self, values: &mut [f32]) {
        let mine = values.to_vec();
        values.fill(0.0);
        self.meet(bytemuck::cast_slice(&mine), |_, said| {
            let said = said.chunks_exact(4).map(bytemuck::pod_read_unaligned::<f32>);
            values.iter_mut().zip(said).for_each(|(sum, value)| *sum += value);
        });
    }

    fn all_reduce_f64(&self, values: &mut [f64]) {
        let mine = values.to_vec();
        values.fill(0.0);
        self.meet(bytemuck::cast_slice(&mine), |_, said| {
            let said = said.chunks_exact(8).map(bytemuck::pod_read_unaligned::<f64>);
            values.iter_mut().zip(said).for_each(|(sum, value)| *sum += value);
        });
    }

    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        let mine = bytes.to_vec();
        self.meet(&mine, |rank, said| {
            if rank == root {
                bytes.copy_from_slice(said);
            }
        });
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        self.meet(mine, |rank, said| all[rank * mine.len()..][..mine.len()].copy_from_slice(said));
    }

    fn all_to_all(&self, send: &[u8], sent: &[usize], receive: &mut [u8], received: &[usize]) {
        // Before the bytes, how many go to whom.
        let mut message: Vec<u8> = sent.iter().flat_map(|&count| (count as u64).to_le_bytes()).collect();
        message.extend_from_slice(send);
        let mut end = 0;
        self.meet(&message, |rank, said| {
            let (counts, bytes) = said.split_at(8 * self.size());
            let counts: Vec<usize> =
                counts.chunks_exact(8).map(|count| bytemuck::pod_read_unaligned::<u64>(count) as usize).collect();
            let start: usize = counts[..self.rank].iter().sum();
            assert_eq!(counts[self.rank], received[rank], "bytes from rank {rank}");
            receive[end..][..received[rank]].copy_from_slice(&bytes[start..][..received[rank]]);
            end += received[rank];
        });
    }

    fn barrier(&self) {
        self.meeting.barrier.wait();
    }
}
