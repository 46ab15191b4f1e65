//! Threads that meet for a job.
//!
//! A training step meets several times a millisecond. A sleeping thread needs some 80 microseconds to wake (measured on a
//! virtual machine), as long as a whole pass over a small network, so members who have just finished a job stay awake for a
//! moment, waiting for the next.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a member waits awake.
const AWAKE: Duration = Duration::from_micros(200);

/// A job: called once for each member, with its number.
type Job<'a> = &'a (dyn Fn(usize) + Sync);

/// Threads with numbers 1, 2, …; number 0 is whoever calls [`run`](ThreadPool::run).
#[derive(Debug)]
pub(super) struct ThreadPool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Held by the caller whose job is being done.
    turn: Mutex<()>,
}

struct Shared {
    /// Jobs announced so far.
    announced: AtomicUsize,
    /// The present job; written only while no member is at work.
    job: UnsafeCell<Option<Job<'static>>>,
    /// Members still at work.
    working: AtomicUsize,
    /// For each thread: is it, or will it soon be, asleep?
    asleep: Vec<AtomicBool>,
    dismissed: AtomicBool,
    /// What a member's panic carried.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the caller that holds the turn, while `working` is 0, and read by members between the announcement
// of the job and their own decrement of `working`; both are sequentially consistent.
unsafe impl Sync for Shared {}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("announced", &self.announced).finish_non_exhaustive()
    }
}

thread_local! {
    /// Is this thread inside a job?
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

impl ThreadPool {
    /// A pool of `members`, the caller among them.
    pub fn new(members: usize) -> std::io::Result<Self> {
        let others = members.saturating_sub(1);
        let shared = Arc::new(Shared {
            announced: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            working: AtomicUsize::new(0),
            asleep: (0..others).map(|_| AtomicBool::new(false)).collect(),
            dismissed: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let mut pool = Self { shared, threads: Vec::with_capacity(others), turn: Mutex::new(()) };
        for number in 1..=others {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().name(format!("chunk-{number}"));
            pool.threads.push(thread.spawn(move || shared.serve(number))?);
        }
        Ok(pool)
    }

    /// Number of members.
    pub fn members(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `job(number)` once for each member, at the same time, and returns when all are done. A job that itself asks for a
    /// pool does all members' parts on its own thread. A member's panic goes on here.
    pub fn run(&self, job: Job<'_>) {
        if self.threads.is_empty() || AT_WORK.get() {
            (0..self.members()).for_each(job);
            return;
        }
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: only the lifetime changes. No member holds on to the job past its decrement of `working`, and this function does
        // not end, by return or by panic, before `working` is 0.
        let erased = unsafe { std::mem::transmute::<Job<'_>, Job<'static>>(job) };
        // SAFETY: the turn is ours and no member is at work.
        unsafe { *self.shared.job.get() = Some(erased) };
        self.shared.working.store(self.threads.len(), SeqCst);
        self.shared.announced.fetch_add(1, SeqCst);
        for (asleep, thread) in self.shared.asleep.iter().zip(&self.threads) {
            if asleep.load(SeqCst) {
                thread.thread().unpark();
            }
        }
        let own = work(job, 0);
        wait(|| self.shared.working.load(SeqCst) == 0);
        drop(turn);
        let of_members = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = own.err().or(of_members) {
            resume_unwind(panic);
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.dismissed.store(true, SeqCst);
        self.shared.announced.fetch_add(1, SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A member's panics are caught and handed on by `run`: there is nothing left to report.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A member's life.
    fn serve(&self, number: usize) {
        let mut seen = 0;
        loop {
            seen = self.next(number, seen);
            if self.dismissed.load(SeqCst) {
                return;
            }
            // SAFETY: a job has been announced and this member has not yet reported its end.
            if let Some(job) = unsafe { *self.job.get() }
                && let Err(panic) = work(job, number)
            {
                *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            self.working.fetch_sub(1, SeqCst);
        }
    }

    /// Waits until more than `seen` jobs have been announced: awake at first, then asleep.
    fn next(&self, number: usize, seen: usize) -> usize {
        let start = Instant::now();
        let mut looks = 0_u32;
        while start.elapsed() < AWAKE {
            for _ in 0..32 {
                let announced = self.announced.load(SeqCst);
                if announced != seen {
                    return announced;
                }
                std::hint::spin_loop();
            }
            looks += 1;
            if looks.is_multiple_of(8) {
                std::thread::yield_now();
            }
        }
        let asleep = &self.asleep[number - 1];
        asleep.store(true, SeqCst);
        loop {
            let announced = self.announced.load(SeqCst);
            if announced != seen {
                asleep.store(false, SeqCst);
                return announced;
            }
            std::thread::park();
        }
    }
}

/// Does a member's part of a job.
fn work(job: Job<'_>, number: usize) -> Result<(), Box<dyn Any + Send>> {
    AT_WORK.set(true);
    let done = catch_unwind(AssertUnwindSafe(|| job(number)));
    AT_WORK.set(false);
    done
}

/// Waits for members that are at work: awake, but giving way to them if there are fewer cores than members.
fn wait(done: impl Fn() -> bool) {
    let mut looks = 0_u32;
    while !done() {
        std::hint::spin_loop();
        looks += 1;
        if looks.is_multiple_of(256) {
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_does_its_part_of_every_job() {
        for members in [1, 2, 5] {
            let pool = ThreadPool::new(members).unwrap();
            let counts: Vec<AtomicUsize> = (0..members).map(|_| AtomicUsize::new(0)).collect();
            for pause in [0, 0, 1, 0] {
                // The longer pause outlasts the time that members stay awake.
                std::thread::sleep(Duration::from_millis(pause));
                for _ in 0..100 {
                    pool.run(&|number| {
                        counts[number].fetch_add(1, SeqCst);
                    });
                }
            }
            assert!(counts.iter().all(|c| c.load(SeqCst) == 400), "{counts:?}");
        }
    }

    #[test]
    fn a_panic_goes_on_in_the_caller_and_the_crew_lives_on() {
        let pool = ThreadPool::new(3).unwrap();
        for culprit in [0, 2] {
            let caught = catch_unwind(AssertUnwindSafe(|| pool.run(&|number| assert_ne!(number, culprit, "here"))));
            assert!(caught.is_err());
        }
        let done = AtomicUsize::new(0);
        pool.run(&|_| {
            done.fetch_add(1, SeqCst);
        });
        assert_eq!(done.load(SeqCst), 3);
    }

    #[test]
    fn a_job_within_a_job_is_done_on_the_spot() {
        let (pool, done) = (ThreadPool::new(2).unwrap(), AtomicUsize::new(0));
        pool.run(&|_| {
            pool.run(&|_| {
                done.fetch_add(1, SeqCst);
            });
        });
        assert_eq!(done.load(SeqCst), 4);
    }

    #[test]
    fn callers_on_several_threads_take_turns() {
        let (pool, done) = (ThreadPool::new(2).unwrap(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        pool.run(&|_| {
                            done.fetch_add(1, SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!(done.load(SeqCst), 400);
    }
}
