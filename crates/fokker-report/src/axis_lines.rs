//! Grid lines, ticks and tick labels of a chart.

use std::fmt::Write as _;

use crate::axis::Tick;
use crate::layout::{FONT, Frame, WIDTH};
use crate::text::width;

/// The ticks of the horizontal axis, every second label dropped as long as neighbours would touch.
pub(crate) fn spaced(ticks: &[Tick], frame: &Frame) -> Vec<Tick> {
    let mut ticks = ticks.to_vec();
    let touching = |ticks: &[Tick]| {
        let named: Vec<&Tick> = ticks.iter().filter(|t| !t.label.is_empty()).collect();
        named.windows(2).any(|w| {
            let room = (width(&w[0].label) + width(&w[1].label)) / 2.0 * FONT + 8.0;
            matches!((frame.at_x(w[0].value), frame.at_x(w[1].value)), (Some(a), Some(b)) if b - a < room)
        })
    };
    while touching(&ticks) {
        ticks.iter_mut().filter(|t| !t.label.is_empty()).skip(1).step_by(2).for_each(|t| t.label.clear());
    }
    ticks
}

/// Draws grid lines, ticks and tick labels.
pub(crate) fn draw(out: &mut String, frame: &Frame, x_ticks: &[Tick], y_ticks: &[Tick]) {
    let Frame { left, right, top, bottom, .. } = frame;
    let (mut major, mut minor, mut labels) = (String::new(), String::new(), String::new());
    for tick in y_ticks {
        let Some(y) = frame.at_y(tick.value) else {
            continue;
        };
        if tick.label.is_empty() {
            let _ = write!(minor, "M{left:.1} {y:.1}h4");
            continue;
        }
        let _ = write!(major, "M{left:.1} {y:.1}H{right:.1}");
        let (x, y) = (left - 7.0, y + 4.3);
        let _ = write!(labels, "<text class=\"tick end\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", tick.label);
    }
    for tick in spaced(x_ticks, frame) {
        let Some(x) = frame.at_x(tick.value) else {
            continue;
        };
        if tick.label.is_empty() {
            let _ = write!(minor, "M{x:.1} {bottom:.1}v-4");
            continue;
        }
        let _ = write!(major, "M{x:.1} {top:.1}V{bottom:.1}");
        let half = width(&tick.label) * FONT / 2.0;
        let (at, y) = (x.clamp(half, WIDTH - half), bottom + 18.0);
        let _ = write!(labels, "<text class=\"tick mid\" x=\"{at:.1}\" y=\"{y:.1}\">{}</text>", tick.label);
    }
    let _ = write!(
        out,
        "<path class=\"grid\" d=\"{major}\"/><path class=\"axis\" d=\"M{left:.1} {top:.1}V{bottom:.1}H{right:.1}{minor}\"/>{labels}"
    );
}
