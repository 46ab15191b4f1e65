//! Running a job on every panel of a batch.

use std::ops::Range;
use std::sync::Mutex;

use super::{Panel, Plan};
use crate::{JetError, Real};

/// A pool of threads, the rows that each takes at a time, and how the panels are shared out.
///
/// Panels are dealt to *lanes* in turn: panel `i` goes to lane `i mod lanes`, and each lane has its own workspaces and
/// accumulators. What a lane computes does not depend on who runs it, so results depend on the number of lanes alone. By
/// default there is a lane for each thread; [`deterministic`](Self::deterministic) fixes their number, so that sums are the same
/// to the last bit on any number of threads.
#[derive(Debug)]
pub struct Workers {
    pool: rayon::ThreadPool,
    threads: usize,
    lanes: usize,
    rows: usize,
}

/// Which rows of the batch a panel holds.
pub type PanelRange = Range<usize>;

/// More threads than this are a slip of the pen, and starting them would take the machine down.
const MOST_THREADS: usize = 256;

/// Lanes of the deterministic mode.
const DETERMINISTIC_LANES: usize = 8;

impl Workers {
    /// A pool of `threads` threads (0: as many as the machine has), `rows` rows a panel.
    ///
    /// # Errors
    /// [`JetError::Threads`] if the system refuses the threads.
    pub fn new(threads: usize, rows: usize) -> Result<Self, JetError> {
        let available = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { available() } else { threads };
        if threads > MOST_THREADS {
            return Err(JetError::Threads { threads, reason: format!("at most {MOST_THREADS}") });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| JetError::Threads { threads, reason: error.to_string() })?;
        Ok(Self { pool, threads, lanes: threads, rows: rows.max(1) })
    }

    /// Makes sums independent of the number of threads.
    #[must_use]
    pub fn deterministic(mut self) -> Self {
        self.lanes = DETERMINISTIC_LANES;
        self
    }

    /// Number of lanes.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Rows a panel.
    #[must_use]
    pub fn panel_rows(&self) -> usize {
        self.rows
    }

    /// One workspace for each lane.
    #[must_use]
    pub fn panels<F: Real>(&self, plan: &Plan) -> Vec<Mutex<Panel<F>>> {
        (0..self.lanes).map(|_| Mutex::new(Panel::new(plan, self.rows))).collect()
    }

    /// Runs `job(lane state, panel number, rows)` for each panel of a batch of `rows` rows; results in the order of the panels.
    ///
    /// `states` has one entry a lane. A lane's panels run one after the other, in order.
    pub fn run<S: Send, R: Send>(
        &self, rows: usize, states: &[Mutex<S>], job: impl Fn(&mut S, usize, PanelRange) -> R + Sync,
    ) -> Vec<R> {
        self.run_by(self.rows, rows, states, job)
    }

    /// As [`run`](Self::run), with panels of `size` rows.
    pub fn run_by<S: Send, R: Send>(
        &self, size: usize, rows: usize, states: &[Mutex<S>], job: impl Fn(&mut S, usize, PanelRange) -> R + Sync,
    ) -> Vec<R> {
        let panels = rows.div_ceil(size);
        let lanes = self.lanes.min(states.len()).max(1);
        let lane = |lane: usize| {
            let mut state = states[lane].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            (lane..panels)
                .step_by(lanes)
                .map(|i| (i, job(&mut state, i, i * size..rows.min((i + 1) * size))))
                .collect::<Vec<_>>()
        };
        let mut results: Vec<(usize, R)> = if self.threads == 1 {
            (0..lanes).flat_map(lane).collect()
        } else {
            let by_thread = self
                .pool
                .broadcast(|context| (context.index()..lanes).step_by(self.threads).flat_map(lane).collect::<Vec<_>>());
            by_thread.into_iter().flatten().collect()
        };
        results.sort_unstable_by_key(|&(i, _)| i);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
