//! How far a job is: bars on a terminal, lines elsewhere; and what is worth a word.

mod bar;
mod lines;
mod part;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fokker::collective::Collective;
use fokker::jobs::{Observer, Unit, Work};
use fokker::objective::TermName;
use fokker::train::Metrics;
use indicatif::ProgressBar;

use self::lines::{Lines, phase};
use self::part::Part;
use crate::global::{self, Shown};
use crate::numbers::duration;
use crate::print::{self, detail, say};
use crate::{ranks, signals};

/// Steps a second over the stretch of training that ends at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRate {
    pub step: u64,
    pub per_second: f64,
}

/// Shows what a job does: how far it is, and what is worth a word as a line.
#[derive(Default)]
pub struct Progress {
    work: Mutex<Option<Current>>,
    /// Kept where a page shows them.
    rates: Option<Arc<Mutex<Vec<StepRate>>>>,
}

/// The most speeds that are kept: a chart shows no more.
const RATES: usize = 2000;

/// Adds a speed. Of too many, every second goes.
fn add(rates: &mut Vec<StepRate>, step: u64, per_second: f64) {
    // Training may have gone back.
    rates.truncate(rates.partition_point(|rate| rate.step < step));
    rates.push(StepRate { step, per_second });
    if rates.len() > RATES {
        let mut keep = false;
        rates.retain(|_| {
            keep = !keep;
            keep
        });
    }
}

/// The piece of work that is being done.
struct Current {
    name: String,
    unit: Unit,
    begun: Instant,
    look: Look,
    /// What was said last that is being done.
    doing: String,
    /// The step of the last line of the metrics, and when it came.
    metrics: (u64, Instant),
}

enum Look {
    /// A bar, and how far the present part of an audit is.
    Bar(ProgressBar, Option<Part>),
    Lines(Lines),
    Nothing,
}

impl Progress {
    /// The same, which keeps how fast training went so far, too: it is added to.
    pub fn with_rates(self) -> (Self, Arc<Mutex<Vec<StepRate>>>) {
        let rates = Arc::default();
        (Self { rates: Some(Arc::clone(&rates)), ..self }, rates)
    }

    fn work(&self) -> MutexGuard<'_, Option<Current>> {
        // What another thread's panic leaves is a bar all the same.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is shown, and prints a line if it is time for one.
    fn show(&self, on_bar: impl FnOnce(&ProgressBar, &mut Option<Part>), in_lines: impl FnOnce(&mut Lines)) {
        if let Some(work) = &mut *self.work() {
            match &mut work.look {
                Look::Bar(bar, part) => on_bar(bar, part),
                Look::Lines(lines) => {
                    in_lines(lines);
                    lines.due(Instant::now()).iter().for_each(|line| print::error_line(line));
                }
                Look::Nothing => {}
            }
        }
    }
}

impl Observer for Progress {
    fn begin(&self, work: &Work<'_>) {
        let begun = Instant::now();
        let look = match global::progress() {
            Shown::Bars => Look::Bar(bar::of(work), None),
            Shown::Lines => Look::Lines(Lines::new(work, begun)),
            Shown::Not => Look::Nothing,
        };
        let (name, metrics) = (work.name.to_owned(), (work.done, begun));
        *self.work() = Some(Current { name, unit: work.unit, begun, look, doing: String::new(), metrics });
    }

    fn done(&self, done: u64) {
        let on_bar = |bar: &ProgressBar, part: &mut Option<Part>| {
            if part.take().is_some() {
                bar::within(bar, None, Instant::now());
            }
            bar.set_position(done);
        };
        self.show(on_bar, |lines| lines.done(done));
    }

    fn within(&self, done: u64, of: u64) {
        let now = Instant::now();
        let on_bar = |bar: &ProgressBar, part: &mut Option<Part>| {
            *part = Part::heard(part.take(), done, of, now);
            bar::within(bar, part.as_ref(), now);
        };
        self.show(on_bar, |lines| lines.within(done, of, now));
    }

    fn doing(&self, what: &str) {
        if let Some(work) = &mut *self.work() {
            what.clone_into(&mut work.doing);
        }
        self.show(|bar, _| bar.set_message(what.to_owned()), |lines| lines.doing(what));
    }

    fn metrics(&self, metrics: &Metrics) {
        let term = |(name, value): (&TermName, f64)| match name.weight {
            None => format!("{} {value:.4}", name.key),
            Some(_) => format!("{} {value:.3e}", name.key),
        };
        let terms = metrics.terms.values().map(term).collect::<Vec<_>>().join(" ");
        if let Some(work) = &mut *self.work() {
            let (now, (step, then)) = (Instant::now(), work.metrics);
            #[allow(clippy::cast_precision_loss)]
            let per_second = metrics.step.saturating_sub(step) as f64 / (now - then).as_secs_f64().max(1e-9);
            work.metrics = (metrics.step, now);
            if let Some(rates) = &self.rates {
                add(&mut rates.lock().unwrap_or_else(PoisonError::into_inner), metrics.step, per_second);
            }
        }
        let on_bar = |bar: &ProgressBar, _: &mut Option<Part>| {
            bar.set_position(metrics.step);
            bar.set_message(terms.clone());
        };
        self.show(on_bar, |lines| {
            lines.done(metrics.step);
            lines.doing(&terms);
        });
    }

    fn end(&self) {
        let Some(Current { name, unit, begun, look, doing, .. }) = self.work().take() else { return };
        match look {
            // Training's stays as it stands.
            Look::Bar(bar, _) if unit == Unit::Steps => bar.abandon(),
            Look::Bar(bar, _) => bar.finish_and_clear(),
            Look::Lines(lines) => lines.last(Instant::now()).iter().for_each(|line| print::error_line(line)),
            Look::Nothing => {}
        }
        let what = match unit {
            Unit::Steps => phase(&name, "training"),
            Unit::Parts => phase(&name, "audit"),
            Unit::Nothing => doing,
            _ => name,
        };
        detail!("{what} took {}", duration(begun.elapsed().as_secs_f64()));
    }

    fn stops(&self) -> bool {
        signals::caught().is_some()
    }

    fn note(&self, text: &str) {
        print::note(text);
    }

    fn ranks(&self) -> &Arc<dyn Collective> {
        ranks::all()
    }

    fn kept(&self, name: &str, step: Option<u64>, folder: &Path) {
        match step {
            Some(step) => say!("{name}: goes on from step {step}, kept in {}", folder.display()),
            None => say!("{name}: trained before, kept in {}", folder.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_in_order_and_never_too_many() {
        let mut rates = Vec::new();
        (1..=100_000).for_each(|step| add(&mut rates, step, 1.0));
        assert!(rates.len() <= RATES && rates.len() > RATES / 4, "{}", rates.len());
        assert!(rates.is_sorted_by(|a, b| a.step < b.step) && rates.last().is_some_and(|last| last.step > 99_000));
        add(&mut rates, 50_000, 2.0);
        assert!(rates.last().is_some_and(|last| (last.step, last.per_second) == (50_000, 2.0)));
    }
}
