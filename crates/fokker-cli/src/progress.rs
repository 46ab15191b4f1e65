//! Progress on the terminal.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fokker::jobs::{Observer, Unit, Work};
use fokker::objective::TermName;
use fokker::train::Metrics;
use indicatif::{ProgressBar, ProgressStyle};

use crate::print::out;
use crate::signals;

/// Shows what a job does: on a bar, and what is worth a word as a line.
#[derive(Default)]
pub struct Progress {
    bar: Mutex<Option<(Unit, ProgressBar)>>,
}

impl Progress {
    fn bar(&self) -> MutexGuard<'_, Option<(Unit, ProgressBar)>> {
        // What another thread's panic leaves is a bar all the same.
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Progress {
    fn begin(&self, work: &Work<'_>) {
        let bar = match work.unit {
            Unit::Steps | Unit::TimeSteps => steps(work.total, work.name),
            Unit::Rows | Unit::Models => rows(usize::try_from(work.total).unwrap_or(usize::MAX), work.name),
            _ => spinner(),
        };
        if work.unit != Unit::Nothing {
            bar.set_position(work.done);
            bar.reset_eta();
        }
        *self.bar() = Some((work.unit, bar));
    }

    fn done(&self, done: u64) {
        match &*self.bar() {
            Some((Unit::Steps, _)) if !done.is_multiple_of(16) => {}
            Some((_, bar)) => bar.set_position(done),
            None => {}
        }
    }

    fn doing(&self, what: &str) {
        if let Some((_, bar)) = &*self.bar() {
            bar.set_message(what.to_owned());
        }
    }

    fn metrics(&self, metrics: &Metrics) {
        let term = |(name, value): (&TermName, f64)| match name.weight {
            None => format!("{} {value:.4}", name.key),
            Some(_) => format!("{} {value:.3e}", name.key),
        };
        if let Some((_, bar)) = &*self.bar() {
            bar.set_position(metrics.step);
            bar.set_message(metrics.terms.values().map(term).collect::<Vec<_>>().join(" "));
        }
    }

    fn end(&self) {
        match self.bar().take() {
            // Training's stays as it stands.
            Some((Unit::Steps, bar)) => bar.abandon(),
            Some((_, bar)) => bar.finish_and_clear(),
            None => {}
        }
    }

    fn stops(&self) -> bool {
        signals::caught().is_some()
    }

    fn note(&self, text: &str) {
        out!("note: {text}");
    }

    fn kept(&self, name: &str, step: Option<u64>, folder: &Path) {
        match step {
            Some(step) => out!("{name}: goes on from step {step}, kept in {}", folder.display()),
            None => out!("{name}: trained before, kept in {}", folder.display()),
        }
    }
}

/// A bar over steps.
fn steps(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{prefix:>5} {wide_bar} {pos}/{len} {per_sec} eta {eta} {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}

/// A spinner with a message.
pub fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    // The ticks have a thread of their own, which nobody needs where nobody sees them.
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}

/// A bar over rows.
pub fn rows(total: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {per_sec} eta {eta}") {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}

/// A bar over bytes.
pub fn bytes(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} eta {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}
