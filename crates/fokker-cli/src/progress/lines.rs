//! Lines where there is no terminal: the first after some seconds, then one from time to time, and a last one. Of work that is short,
//! none.

use std::time::{Duration, Instant};

use fokker::jobs::{Unit, Work};
use fokker::memory::shown;

use super::part::Part;
use crate::numbers::{duration, grouped, rate};

/// Work that takes less has no line; the first line of other work comes so late.
const FIRST: Duration = Duration::from_secs(5);

/// From one line to the next.
const NEXT: Duration = Duration::from_secs(30);

/// A piece of work as lines tell of it.
pub struct Lines {
    name: String,
    unit: Unit,
    total: u64,
    done: u64,
    /// How much was done when it was begun, and when that was.
    first: u64,
    begun: Instant,
    /// What is being done, or what training has come to.
    what: String,
    part: Option<Part>,
    said: Option<Instant>,
}

impl Lines {
    /// Work that begins now.
    pub fn new(work: &Work<'_>, now: Instant) -> Self {
        Self {
            name: work.name.into(),
            unit: work.unit,
            total: work.total,
            done: work.done,
            first: work.done,
            begun: now,
            what: String::new(),
            part: None,
            said: None,
        }
    }

    /// So much is done.
    pub fn done(&mut self, done: u64) {
        self.done = done;
        self.part = None;
    }

    /// So much of the present part is done.
    pub fn within(&mut self, done: u64, of: u64, now: Instant) {
        self.part = Part::heard(self.part.take(), done, of, now);
    }

    /// What is being done, or what training has come to.
    pub fn doing(&mut self, what: &str) {
        self.what = what.into();
    }

    /// The line that it is time for.
    pub fn due(&mut self, now: Instant) -> Option<String> {
        let due = self.said.map_or(self.begun + FIRST, |said| said + NEXT);
        (now >= due).then(|| {
            self.said = Some(now);
            self.line(now, false)
        })
    }

    /// The last line, if there are any.
    pub fn last(&self, now: Instant) -> Option<String> {
        (self.said.is_some() || now >= self.begun + FIRST).then(|| self.line(now, true))
    }

    /// How far it is, how fast, how long it takes yet, what it has come to.
    #[allow(clippy::cast_precision_loss)]
    fn line(&self, now: Instant, ended: bool) -> String {
        let seconds = (now - self.begun).as_secs_f64();
        let (what, took) = (if self.what.is_empty() { &self.name } else { &self.what }, duration(seconds));
        let counted = |word: &str| {
            let (done, total) = (grouped(self.done), grouped(self.total));
            let percent = self.done.saturating_mul(100) / self.total.max(1);
            format!("{word} {done} of {total} ({percent} %)")
        };
        let parts = || counted("parts done:");
        let speed = self.done.saturating_sub(self.first) as f64 / seconds.max(1e-9);
        let left = match self.total.saturating_sub(self.done) {
            _ if ended => format!("took {took}"),
            left if speed > 0.0 => format!("{} left", duration(left as f64 / speed)),
            _ => format!("{took} so far"),
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let per_second = speed as u64;
        let (name, speed) = (&self.name, rate(speed));
        match self.unit {
            Unit::Steps | Unit::TimeSteps => {
                let terms = if self.what.is_empty() { String::new() } else { format!(", {}", self.what) };
                format!("{name}: {}, {speed} steps/s, {left}{terms}", counted("step"))
            }
            Unit::Rows => format!("{name}: {}, {speed} rows/s, {left}", counted("row")),
            Unit::Bytes => {
                let (done, total) = (shown(self.done), shown(self.total));
                let percent = self.done.saturating_mul(100) / self.total.max(1);
                format!("{name}: {done} of {total} ({percent} %), {}/s, {left}", shown(per_second))
            }
            Unit::Models => format!("{name}: {}, {left}", counted("model")),
            Unit::Parts if ended => format!("{}; {}, took {took}", phase(name, "audit"), parts()),
            // Its parts differ, so that of its end nothing is known; of the part's end there is.
            Unit::Parts => {
                let part =
                    self.part.as_ref().map(|part| format!("; this part: {}", part.text(now))).unwrap_or_default();
                format!("{what}; {}, {took} so far{part}", parts())
            }
            _ if ended => format!("{what} (took {took})"),
            _ => format!("{what} ({took} so far)"),
        }
    }
}

/// What is done to a model of some name; a job that has the name of what it does needs no other.
pub fn phase(name: &str, what: &str) -> String {
    if name == what { what.into() } else { format!("{name}: {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    #[test]
    fn training_has_a_line_now_and_then_and_a_last_one() {
        let begun = Instant::now();
        let mut lines = Lines::new(&Work::counted("dsm", Unit::Steps, 10_000, 200), begun);
        lines.done(1000);
        assert_eq!(lines.due(after(begun, 4)), None);
        lines.done(1200);
        lines.doing("dsm 0.4312");
        let first = lines.due(after(begun, 5)).unwrap();
        assert_eq!(first, "dsm: step 1,200 of 10,000 (12 %), 200 steps/s, 44 s left, dsm 0.4312");
        assert_eq!(lines.due(after(begun, 34)), None);
        assert!(lines.due(after(begun, 35)).is_some());
        lines.done(10_000);
        let last = lines.last(after(begun, 49)).unwrap();
        assert_eq!(last, "dsm: step 10,000 of 10,000 (100 %), 200 steps/s, took 49 s, dsm 0.4312");
    }

    #[test]
    fn a_download_has_bytes() {
        let begun = Instant::now();
        let mut lines = Lines::new(&Work::counted("train.gz", Unit::Bytes, 10 << 20, 2 << 20), begun);
        lines.done(7 << 20);
        let line = lines.due(after(begun, 5)).unwrap();
        assert_eq!(line, "train.gz: 7.0 MiB of 10.0 MiB (70 %), 1.0 MiB/s, 3 s left");
    }

    #[test]
    fn short_work_has_none() {
        let begun = Instant::now();
        let mut lines = Lines::new(&Work::counted("logp", Unit::Rows, 100, 0), begun);
        lines.done(100);
        assert_eq!((lines.due(after(begun, 4)), lines.last(after(begun, 4))), (None, None));
        assert_eq!(lines.last(after(begun, 5)).as_deref(), Some("logp: row 100 of 100 (100 %), 20 rows/s, took 5 s"));
    }

    #[test]
    fn an_audit_tells_of_the_end_of_a_part() {
        let begun = Instant::now();
        let mut lines = Lines::new(&Work::counted("dsm", Unit::Parts, 16, 0), begun);
        lines.done(8);
        lines.doing("dsm: log-likelihood");
        lines.within(100, 1000, begun);
        lines.within(400, 1000, after(begun, 10));
        let line = lines.due(after(begun, 10)).unwrap();
        assert_eq!(
            line,
            "dsm: log-likelihood; parts done: 8 of 16 (50 %), 10 s so far; this part: row 400 of 1,000, 20 s left"
        );
        lines.done(16);
        assert_eq!(lines.last(after(begun, 20)).unwrap(), "dsm: audit; parts done: 16 of 16 (100 %), took 20 s");
    }

    #[test]
    fn nothing_counted_and_nothing_done_yet() {
        let begun = Instant::now();
        let mut lines = Lines::new(&Work::uncounted("dsm"), begun);
        lines.doing("dsm: timing its steps");
        assert_eq!(lines.due(after(begun, 6)).unwrap(), "dsm: timing its steps (6 s so far)");
        let mut lines = Lines::new(&Work::counted("sweep", Unit::Models, 3, 0), begun);
        assert_eq!(lines.due(after(begun, 6)).unwrap(), "sweep: model 0 of 3 (0 %), 6 s so far");
    }
}
