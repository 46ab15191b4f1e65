//! Bars on a terminal.

use std::fmt::Write;
use std::time::{Duration, Instant};

use fokker::jobs::{Unit, Work};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::part::Part;
use crate::numbers::{duration, rate};

/// A bar for a piece of work.
pub fn of(work: &Work<'_>) -> ProgressBar {
    let template = match work.unit {
        Unit::Steps | Unit::TimeSteps => "{prefix:>5} {wide_bar} {human_pos}/{human_len} {rate}/s {left} left {msg}",
        Unit::Rows => "{prefix} {wide_bar} {human_pos}/{human_len} {rate}/s {left} left",
        Unit::Bytes => "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {left} left",
        Unit::Models => "{prefix} {wide_bar} {human_pos}/{human_len} {left} left",
        Unit::Parts => "{spinner} {msg} {wide_bar} part {human_pos} of {human_len} {prefix} {elapsed}",
        _ => "{spinner} {msg}",
    };
    let bar = ProgressBar::new(work.total);
    bar.set_style(style(template));
    // An audit's says what it does; its prefix is how far the present part is.
    if work.unit != Unit::Parts {
        bar.set_prefix(work.name.to_owned());
    }
    if work.unit != Unit::Nothing {
        bar.set_position(work.done);
        bar.reset_eta();
    }
    if matches!(work.unit, Unit::Nothing | Unit::Parts) {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}

/// How far the present part of an audit is.
pub fn within(bar: &ProgressBar, part: Option<&Part>, now: Instant) {
    bar.set_prefix(part.map_or_else(String::new, |part| format!("({})", part.text(now))));
}

/// A style in which `{rate}` and `{left}` are numbers as people read them.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&rate(state.per_sec()));
        })
        .with_key("left", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&duration(state.eta().as_secs_f64()));
        })
}
