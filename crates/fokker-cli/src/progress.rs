//! Progress on the terminal.

use std::time::{Duration, Instant};

use fokker::Error;
use fokker::objective::{LossTerms, TermName};
use fokker::train::{Checkpoint, Metrics, Observer, Run};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows training on a bar and keeps its metrics and checkpoints in the run directory.
pub struct Training<'a> {
    run: &'a Run,
    bar: ProgressBar,
    /// Seconds of training before this start, when that was, and seconds in all at the newest checkpoint.
    before: f64,
    start: Instant,
    seconds: f64,
    /// The newest checkpoint written.
    pub checkpoint: Option<std::path::PathBuf>,
}

impl<'a> Training<'a> {
    /// A bar for `steps` steps of which `done` are done.
    pub fn new(run: &'a Run, name: &str, steps: u64, done: u64) -> Result<Self, Error> {
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template("{prefix:>5} {wide_bar} {pos}/{len} {per_sec} eta {eta} {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.set_position(done);
        bar.reset_eta();
        let before = if done > 0 { run.manifest()?.train_seconds } else { 0.0 };
        Ok(Self { run, bar, before, start: Instant::now(), seconds: before, checkpoint: None })
    }

    /// Seconds of training up to the newest checkpoint, those of the run's earlier starts included.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Leaves the bar as it stands.
    pub fn finish(&self) {
        self.bar.abandon();
    }
}

impl Observer for Training<'_> {
    fn step(&mut self, done: u64, _: &LossTerms) {
        if done.is_multiple_of(16) {
            self.bar.set_position(done);
        }
    }

    fn metrics(&mut self, metrics: &Metrics) -> Result<(), Error> {
        let term = |(name, value): (&TermName, f64)| match name.weight {
            None => format!("{} {value:.4}", name.key),
            Some(_) => format!("{} {value:.3e}", name.key),
        };
        self.bar.set_position(metrics.step);
        self.bar.set_message(metrics.terms.values().map(term).collect::<Vec<_>>().join(" "));
        self.run.append_metrics(metrics)
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        self.checkpoint = Some(self.run.write_checkpoint(checkpoint)?);
        self.seconds = self.before + self.start.elapsed().as_secs_f64();
        self.run.record_seconds(self.seconds)
    }
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
