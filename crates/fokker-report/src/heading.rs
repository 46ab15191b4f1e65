//! What stands above the area of a chart: title, legend, the label of the vertical axis.

use std::fmt::Write as _;

use crate::layout::{FONT, WIDTH};
use crate::marks;
use crate::text::{escape, shorten, width, wrap};

/// The size of a title, whose letters are wider than others.
const TITLE: f64 = 15.0;

/// Draws it; returns where the area may begin.
pub(crate) fn draw(out: &mut String, title: &str, keys: &[(&str, usize)], y_label: &str) -> f64 {
    let mut y = 2.0;
    for line in wrap(title, WIDTH / TITLE, 2) {
        y += 18.0;
        let _ = write!(out, "<text class=\"title\" x=\"0\" y=\"{y}\">{}</text>", escape(&line));
    }
    // A single curve that is called what the chart is needs no second name.
    let named = matches!(keys, [(name, _)] if name.eq_ignore_ascii_case(title));
    y = legend(out, y + 6.0, if named { &[] } else { keys });
    if !y_label.is_empty() {
        y += 16.0;
        let label = shorten(y_label, WIDTH / FONT);
        let _ = write!(out, "<text class=\"label\" x=\"0\" y=\"{y}\">{}</text>", escape(&label));
    }
    y + 9.0
}

/// Draws names with their looks in as many lines as they need, starting below `top`.
fn legend(out: &mut String, top: f64, keys: &[(&str, usize)]) -> f64 {
    let (mut x, mut y) = (0.0, top);
    for (i, (name, style)) in keys.iter().enumerate() {
        let name = shorten(name, (WIDTH - 40.0) / FONT);
        let room = 34.0 + width(&name) * FONT;
        if i == 0 {
            y += 13.0;
        } else if x + room > WIDTH {
            (x, y) = (0.0, y + 18.0);
        }
        marks::key(out, x, y - 4.2, *style);
        let _ = write!(out, "<text class=\"key\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>", x + 34.0, escape(&name));
        x += room + 14.0;
    }
    if keys.is_empty() { y } else { y + 5.0 }
}

/// Draws the label of the horizontal axis below `y`; returns where it ends.
pub(crate) fn below(out: &mut String, y: f64, middle: f64, x_label: &str) -> f64 {
    if x_label.is_empty() {
        return y;
    }
    let label = escape(&shorten(x_label, 0.85 * WIDTH / FONT));
    let _ = write!(out, "<text class=\"label mid\" x=\"{middle:.1}\" y=\"{:.1}\">{label}</text>", y + 15.0);
    y + 15.0
}

/// The chart as an element, coloured by the style sheet of the page.
pub(crate) fn chart(body: &str, height: f64, about: &str) -> String {
    format!(
        "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"{}\">{body}</svg>",
        escape(about)
    )
}
