//! A pool of threads that meet for a job.
//!
//! A training step meets several times a millisecond. A sleeping thread needs some 80 microseconds to wake (measured on a
//! virtual machine), as long as a whole pass over a small network, so threads that have just finished a job stay awake for a
//! moment, waiting for the next.
//!
//! On a busy machine a thread may lose its processor for milliseconds at any time. So nobody waits for a thread that holds
//! nothing: each has a run of tasks of its own, which keeps data in its cache from job to job, and whoever has finished their
//! own takes what is left of the others'. And nobody waits awake for long: a thread that gives its processor back while it has
//! nothing to do is let in at once when it has, where one that waited awake has used its share up.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long a thread without a task waits awake for the next job.
const AWAKE: Duration = Duration::from_micros(200);

/// How long the caller waits awake for the last tasks: as long as it takes to wake.
const PATIENCE: Duration = Duration::from_micros(100);

/// A job: called once for each task, with the task's number.
type Job<'a> = &'a (dyn Fn(usize) + Sync);

/// The job that is being done. It lies on the stack of whoever asked for it.
struct Call<'a> {
    job: Job<'a>,
    tasks: usize,
}

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
    announced: AtomicU64,
    /// The present job. Whoever has taken a task may read it until they have reported the task's end.
    call: AtomicPtr<Call<'static>>,
    /// Tasks of it whose end has not been reported; before the first job, threads that have not started.
    unfinished: AtomicUsize,
    /// By member, what is left of its own tasks.
    shares: Vec<Share>,
    /// By thread: is it, or will it soon be, asleep?
    asleep: Vec<AtomicBool>,
    /// Is, or will soon be, the caller asleep, and who is it?
    waiting: AtomicBool,
    caller: Mutex<Option<Thread>>,
    dismissed: AtomicBool,
    /// What a task's panic carried.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// A member's own tasks: the job's number, and in the last [`LEFT_BITS`] bits how many nobody has taken yet. In a cache line of
/// its own, since others look at it only when they have nothing else to do.
#[repr(align(128))]
struct Share(AtomicU64);

const LEFT_BITS: u32 = 16;

/// The most tasks of a job for each member.
const MOST_TASKS: usize = (1 << LEFT_BITS) - 1;

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("announced", &self.announced).finish_non_exhaustive()
    }
}

thread_local! {
    /// Is this thread inside a task?
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

impl ThreadPool {
    /// A pool of `members`, the caller among them.
    pub fn new(members: usize) -> std::io::Result<Self> {
        let others = members.saturating_sub(1);
        let shared = Arc::new(Shared {
            announced: AtomicU64::new(0),
            call: AtomicPtr::default(),
            unfinished: AtomicUsize::new(others),
            shares: (0..=others).map(|_| Share(AtomicU64::new(0))).collect(),
            asleep: (0..others).map(|_| AtomicBool::new(false)).collect(),
            waiting: AtomicBool::new(false),
            caller: Mutex::new(None),
            dismissed: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let mut pool = Self { shared, threads: Vec::with_capacity(others), turn: Mutex::new(()) };
        for number in 1..=others {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().name(format!("jet-{number}"));
            pool.threads.push(thread.spawn(move || shared.serve(number))?);
        }
        // A thread takes memory when it starts, which is not to fall into a job that takes none.
        pool.shared.wait();
        Ok(pool)
    }

    /// Number of members.
    pub fn members(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `job(number)` once for each task, on whichever threads have time, and returns when all are done. A task that itself
    /// asks for a pool does all tasks on its own thread. A task's panic goes on here.
    pub fn run(&self, tasks: usize, job: Job<'_>) {
        if self.threads.is_empty() || tasks < 2 || AT_WORK.get() {
            (0..tasks).for_each(job);
            return;
        }
        assert!(tasks <= MOST_TASKS, "a job of {tasks} tasks");
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let call = Call { job, tasks };
        self.shared.announce(&call);
        let running = self.shared.asleep.iter().zip(&self.threads).take(tasks - 1);
        running.filter(|(asleep, _)| asleep.load(SeqCst)).for_each(|(_, thread)| thread.thread().unpark());
        self.shared.work(0);
        self.shared.wait();
        let panic = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(turn);
        if let Some(panic) = panic {
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
            // A task's panics are caught and handed on by `run`: there is nothing left to report.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Hands out a job's tasks. The job before must be finished.
    fn announce(&self, call: &Call<'_>) {
        let number = self.announced.load(SeqCst) + 1;
        self.call.store((&raw const *call).cast::<Call<'static>>().cast_mut(), SeqCst);
        self.unfinished.store(call.tasks, SeqCst);
        for (member, share) in self.shares.iter().enumerate() {
            let left = self.end(member, call.tasks) - self.end(member.wrapping_sub(1), call.tasks);
            share.0.store(number << LEFT_BITS | left as u64, SeqCst);
        }
        self.announced.store(number, SeqCst);
    }

    /// One past the last of a member's own tasks; 0 for the member before the first.
    fn end(&self, member: usize, tasks: usize) -> usize {
        member.wrapping_add(1) * tasks / self.shares.len()
    }

    /// A thread's life.
    fn serve(&self, member: usize) {
        self.report();
        let mut seen = 0;
        loop {
            seen = self.next(member, seen);
            if self.dismissed.load(SeqCst) {
                return;
            }
            self.work(member);
        }
    }

    /// Does a member's own tasks, and then those of others that nobody has taken.
    fn work(&self, member: usize) {
        for at in 0..self.shares.len() {
            let owner = (member + at) % self.shares.len();
            while let Some(left) = self.shares[owner].take() {
                // SAFETY: the task that has just been taken belongs to the present job, for a share has tasks left only while its job
                // is unfinished. So the caller is in `run` and `call` is its job, until the end of this task is reported.
                let Call { job, tasks } = unsafe { &*self.call.load(SeqCst) };
                let task = self.end(owner, *tasks) - left;
                AT_WORK.set(true);
                let done = catch_unwind(AssertUnwindSafe(|| job(task)));
                AT_WORK.set(false);
                if let Err(panic) = done {
                    self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
                }
                self.report();
            }
        }
    }

    /// Reports the end of a task, or a thread's start; from then on the job may be gone.
    fn report(&self) {
        if self.unfinished.fetch_sub(1, SeqCst) == 1
            && self.waiting.load(SeqCst)
            && let Some(caller) = &*self.caller.lock().unwrap_or_else(PoisonError::into_inner)
        {
            caller.unpark();
        }
    }

    /// Waits, as the caller, for the tasks that others hold.
    fn wait(&self) {
        let done = || self.unfinished.load(SeqCst) == 0;
        if awake(PATIENCE, done) {
            return;
        }
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current());
        self.waiting.store(true, SeqCst);
        while !done() {
            std::thread::park();
        }
        self.waiting.store(false, SeqCst);
    }

    /// Waits until more than `seen` jobs have been announced; how many.
    fn next(&self, member: usize, seen: u64) -> u64 {
        let fresh = || self.announced.load(SeqCst) != seen;
        if !awake(AWAKE, fresh) {
            let asleep = &self.asleep[member - 1];
            asleep.store(true, SeqCst);
            while !fresh() {
                std::thread::park();
            }
            asleep.store(false, SeqCst);
        }
        self.announced.load(SeqCst)
    }
}

impl Share {
    /// Takes a task; how many there were left.
    fn take(&self) -> Option<usize> {
        let mut share = self.0.load(SeqCst);
        loop {
            #[allow(clippy::cast_possible_truncation, reason = "at most MOST_TASKS")]
            let left = share as usize & MOST_TASKS;
            if left == 0 {
                return None;
            }
            match self.0.compare_exchange_weak(share, share - 1, SeqCst, SeqCst) {
                Ok(_) => return Some(left),
                Err(now) => share = now,
            }
        }
    }
}

/// Waits awake until something is done; whether it is.
fn awake(longest: Duration, done: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    loop {
        for _ in 0..32 {
            if done() {
                return true;
            }
            std::hint::spin_loop();
        }
        if start.elapsed() > longest {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn every_task_of_every_job_is_done_once() {
        for (members, tasks) in [(1, 3), (2, 2), (2, 7), (5, 3), (3, 64), (2, 0)] {
            let pool = ThreadPool::new(members).unwrap();
            let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            for pause in [0, 0, 1, 0] {
                // The longer pause outlasts the time that threads stay awake.
                std::thread::sleep(Duration::from_millis(pause));
                for _ in 0..100 {
                    pool.run(tasks, &|task| {
                        counts[task].fetch_add(1, SeqCst);
                    });
                }
            }
            assert!(counts.iter().all(|c| c.load(SeqCst) == 400), "{counts:?}");
        }
    }

    #[test]
    fn nobody_waits_for_a_thread_that_holds_nothing() {
        let pool = ThreadPool::new(3).unwrap();
        let (held, done) = (AtomicBool::new(false), AtomicUsize::new(0));
        // Whoever takes the first task holds it until all others are done, which the rest must manage without them.
        pool.run(30, &|_| {
            if held.swap(true, SeqCst) {
                done.fetch_add(1, SeqCst);
            } else {
                while done.load(SeqCst) < 29 {
                    std::thread::yield_now();
                }
            }
        });
        assert_eq!(done.load(SeqCst), 29);
    }

    #[test]
    fn the_caller_may_sleep_until_the_last_task_is_done() {
        let pool = ThreadPool::new(2).unwrap();
        let (caller, both, slow) = (std::thread::current().id(), Barrier::new(2), AtomicUsize::new(0));
        for _ in 0..20 {
            pool.run(2, &|_| {
                both.wait();
                if std::thread::current().id() != caller {
                    std::thread::sleep(20 * PATIENCE);
                    slow.fetch_add(1, SeqCst);
                }
            });
        }
        assert_eq!(slow.load(SeqCst), 20);
    }

    #[test]
    fn a_panic_goes_on_in_the_caller_and_the_pool_lives_on() {
        let pool = ThreadPool::new(3).unwrap();
        for culprit in [0, 2] {
            let caught = catch_unwind(AssertUnwindSafe(|| pool.run(3, &|task| assert_ne!(task, culprit, "here"))));
            assert!(caught.is_err());
        }
        let done = AtomicUsize::new(0);
        pool.run(3, &|_| {
            done.fetch_add(1, SeqCst);
        });
        assert_eq!(done.load(SeqCst), 3);
    }

    #[test]
    fn a_job_within_a_job_is_done_on_the_spot() {
        let (pool, done) = (ThreadPool::new(2).unwrap(), AtomicUsize::new(0));
        pool.run(2, &|_| {
            pool.run(2, &|_| {
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
                        pool.run(3, &|_| {
                            done.fetch_add(1, SeqCst);
                        });
                    }
                });
            }
        });
        assert_eq!(done.load(SeqCst), 600);
    }
}
