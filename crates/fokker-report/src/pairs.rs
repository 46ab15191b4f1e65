//! Pair plots: points of two sets for each pair of columns, and each column's histograms on the diagonal.

use std::fmt::Write as _;

use crate::axis::{Axis, Scale};
use crate::axis_lines::spaced;
use crate::histogram::{bins, histogram};
use crate::layout::{FONT, Frame};
use crate::marks;
use crate::picture::scatter;
use crate::series::Point;
use crate::text::{escape, shorten, width};

/// The plot's width, the room at its left and below, and that between panels.
const WIDE: f64 = 760.0;
const LEFT: f64 = 66.0;
const BELOW: f64 = 44.0;
const GAP: f64 = 10.0;
/// Pixels of a cloud.
const SIDE: usize = 240;

/// A column: its name, and the ends that are shown of it.
pub(crate) struct Column {
    pub name: String,
    pub window: [f64; 2],
}

/// A set of rows, each with a value for every column.
pub(crate) struct Set<'a> {
    pub name: &'a str,
    pub rows: &'a [Vec<f64>],
    pub style: usize,
}

/// The plot as inline SVG, the set with fewest rows on top.
pub(crate) fn pairs(columns: &[Column], sets: &[Set<'_>], about: &str) -> String {
    let count = columns.len().max(1) as f64;
    let side = (WIDE - LEFT - 2.0 - GAP * (count - 1.0)) / count;
    let at = |place: usize| place as f64 * (side + GAP);
    let mut body = String::new();
    for (row, y) in columns.iter().enumerate() {
        for (column, x) in columns.iter().enumerate().take(row + 1) {
            let (left, top) = (LEFT + at(column), 2.0 + at(row));
            let [x_axis, y_axis] = [x, y].map(|c| Axis::between(Scale::Linear, c.window[0], c.window[1]));
            let frame = Frame { x: x_axis, y: y_axis, left, right: left + side, top, bottom: top + side };
            if row == column {
                diagonal(&mut body, &frame, x, column, sets);
            } else {
                cloud(&mut body, &frame, [x.window, y.window], [column, row], sets);
            }
            edges(&mut body, &frame, [column == 0 && row > 0, row + 1 == columns.len()], [&x.name, &y.name]);
        }
    }
    legend(&mut body, LEFT + at(1) + 8.0, sets);
    format!(
        "<svg class=\"pairs\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE} {:.0}\" role=\"img\" \
         aria-label=\"{}\">{body}</svg>",
        2.0 + at(columns.len()) - GAP + BELOW,
        escape(about)
    )
}

/// The points of two columns.
fn cloud(out: &mut String, frame: &Frame, window: [[f64; 2]; 2], [x, y]: [usize; 2], sets: &[Set<'_>]) {
    // The set of fewer points would not be seen below the other.
    let mut ordered: Vec<&Set<'_>> = sets.iter().collect();
    ordered.sort_by_key(|set| std::cmp::Reverse(set.rows.len()));
    for set in ordered {
        let points: Vec<[f64; 2]> = set.rows.iter().filter_map(|row| Some([*row.get(x)?, *row.get(y)?])).collect();
        let Ok(uri) = scatter(&points, window, SIDE, set.style) else { continue };
        let (left, top, side) = (frame.left, frame.top, frame.right - frame.left);
        let _ = write!(
            out,
            "<image x=\"{left:.1}\" y=\"{top:.1}\" width=\"{side:.1}\" height=\"{side:.1}\" href=\"{uri}\"/>"
        );
    }
}

/// The histograms of a column.
fn diagonal(out: &mut String, frame: &Frame, column: &Column, place: usize, sets: &[Set<'_>]) {
    let of = |set: &Set<'_>| -> Vec<Point> {
        let values = set.rows.iter().filter_map(|row| row.get(place).copied());
        histogram(values, column.window, bins(set.rows.len()).min(40))
    };
    let curves: Vec<(Vec<Point>, usize)> = sets.iter().map(|set| (of(set), set.style)).collect();
    let highest = curves.iter().flat_map(|(points, _)| points).map(|point| point.y).fold(0.0, f64::max);
    let y = Axis::between(Scale::Linear, 0.0, 1.25 * highest);
    let frame = Frame { y, ..*frame };
    curves.iter().for_each(|(points, style)| marks::steps(out, &frame, points, *style));
    let name = escape(&shorten(&column.name, (frame.right - frame.left - 14.0) / FONT));
    let _ =
        write!(out, "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>", frame.left + 8.0, frame.top + 18.0);
}

/// The frame of a panel; ticks and names where it is at the left or the lower edge.
fn edges(out: &mut String, frame: &Frame, [at_left, at_bottom]: [bool; 2], [x_name, y_name]: [&str; 2]) {
    let Frame { left, right, top, bottom, .. } = *frame;
    let side = right - left;
    let _ = write!(out, "<path class=\"axis\" d=\"M{left:.1} {top:.1}h{side:.1}v{side:.1}h-{side:.1}Z\"/>");
    if at_bottom {
        for tick in spaced(&frame.x.ticks(4), frame) {
            let Some(x) = frame.at_x(tick.value) else { continue };
            let half = width(&tick.label) * FONT / 2.0;
            let (at, y) = (x.clamp(left + half, right - half), bottom + 16.0);
            let _ = write!(out, "<path class=\"axis\" d=\"M{x:.1} {bottom:.1}v-4\"/>");
            let _ = write!(out, "<text class=\"tick mid\" x=\"{at:.1}\" y=\"{y:.1}\">{}</text>", tick.label);
        }
        let (name, x, y) = (escape(&shorten(x_name, side / FONT)), f64::midpoint(left, right), bottom + 36.0);
        let _ = write!(out, "<text class=\"label mid\" x=\"{x:.1}\" y=\"{y:.1}\">{name}</text>");
    }
    if at_left {
        for tick in frame.y.ticks(4) {
            let Some(y) = frame.at_y(tick.value) else { continue };
            let (x, low) = (left - 6.0, y.clamp(top + 8.0, bottom - 4.0) + 4.0);
            let _ = write!(out, "<path class=\"axis\" d=\"M{left:.1} {y:.1}h4\"/>");
            let _ = write!(out, "<text class=\"tick end\" x=\"{x:.1}\" y=\"{low:.1}\">{}</text>", tick.label);
        }
        let (name, y) = (escape(&shorten(y_name, side / FONT)), f64::midpoint(top, bottom));
        let _ = write!(out, "<text class=\"label mid\" transform=\"translate(12 {y:.1}) rotate(-90)\">{name}</text>");
    }
}

/// The sets' names, in the corner that no panel is in.
fn legend(out: &mut String, x: f64, sets: &[Set<'_>]) {
    for (i, set) in sets.iter().enumerate() {
        let y = 20.0 + 22.0 * i as f64;
        let _ = write!(
            out,
            "<rect class=\"steps s{}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"22\" height=\"10\"/>",
            set.style % marks::STYLES,
            y - 9.5
        );
        let name = escape(&shorten(set.name, (WIDE - x - 34.0) / FONT));
        let _ = write!(out, "<text class=\"key\" x=\"{:.1}\" y=\"{y}\">{name}</text>", x + 30.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_below_the_diagonal_and_on_it() {
        let column = |name: &str| Column { name: name.into(), window: [0.0, 1.0] };
        let columns = [column("a & b"), column("c"), column("d")];
        let rows = vec![vec![0.1, 0.2, 0.3], vec![0.5, f64::NAN, 0.9]];
        let sets = [Set { name: "held out", rows: &rows, style: 5 }, Set { name: "samples", rows: &rows, style: 1 }];
        let svg = pairs(&columns, &sets, "About");
        assert_eq!((svg.matches("<image").count(), svg.matches("class=\"steps").count()), (6, 8));
        assert_eq!((svg.matches(">a &amp; b<").count(), svg.matches(">d<").count()), (2, 3));
        assert!(!svg.contains("NaN") && svg.contains(">held out<"));
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        let constant = Column { name: "x".into(), window: [2.0, 2.0] };
        let svg = pairs(&[constant], &[Set { name: "s", rows: &[], style: 9 }], "");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
