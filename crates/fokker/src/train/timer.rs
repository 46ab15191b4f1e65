//! When the next checkpoint is due by the clock.

use std::time::{Duration, Instant};

/// The first checkpoint of a run comes no later: what is lost before it is all there is.
const FIRST: Duration = Duration::from_secs(60);

/// A clock that says when a checkpoint is due.
pub(super) struct Timer {
    every: Option<Duration>,
    due: Option<Instant>,
}

impl Timer {
    /// Due after so many minutes, the first time after one at most; 0: never.
    pub fn new(minutes: f64) -> Self {
        let every = Duration::try_from_secs_f64(60.0 * minutes).ok().filter(|every| !every.is_zero());
        Self { every, due: every.and_then(|every| Instant::now().checked_add(every.min(FIRST))) }
    }

    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|due| Instant::now() >= due)
    }

    pub fn restart(&mut self) {
        self.due = self.every.and_then(|every| Instant::now().checked_add(every));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_comes_soon_and_none_if_there_is_none() {
        let soon = |minutes: f64| Timer::new(minutes).due.map(|due| due <= Instant::now() + FIRST);
        assert_eq!((soon(1000.0), soon(0.1), soon(0.0), soon(1e300)), (Some(true), Some(true), None, None));
        let mut timer = Timer::new(1000.0);
        timer.restart();
        assert!(!timer.is_due() && timer.due.is_some_and(|due| due > Instant::now() + 2 * FIRST));
        let timer = Timer::new(1e-6);
        std::thread::sleep(Duration::from_millis(1));
        assert!(timer.is_due());
    }
}
