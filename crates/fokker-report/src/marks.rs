//! The marks of a series inside the axes: curve, error, markers, legend key.

use std::fmt::Write as _;

use crate::layout::Frame;
use crate::series::Point;
use crate::text::number;

/// How many looks the style sheet knows.
pub(crate) const STYLES: usize = 6;
/// Series with more points show their error as a band.
const MAX_WHISKERS: usize = 24;
/// Series with more points are drawn solid, with a marker here and there.
const MAX_MARKERS: usize = 60;
/// Series with more points are drawn with a finer line.
const MAX_BOLD: usize = 150;

/// Draws the standard errors: whiskers for few points, a band for many.
pub(crate) fn errors(out: &mut String, frame: &Frame, points: &[Point], style: usize) {
    let style = style % STYLES;
    let mut path = String::new();
    for run in points.split(|p| p.se == 0.0).filter(|run| !run.is_empty()) {
        if points.len() > MAX_WHISKERS {
            band(&mut path, frame, run);
        } else {
            run.iter().for_each(|p| whisker(&mut path, frame, p));
        }
    }
    if !path.is_empty() {
        let class = if points.len() > MAX_WHISKERS { "band" } else { "err" };
        let _ = write!(out, "<path class=\"{class} s{style}\" d=\"{path}\"/>");
    }
}

fn whisker(path: &mut String, frame: &Frame, p: &Point) {
    if let Some(x) = frame.at_x(p.x) {
        let [low, high] = frame.error(p);
        let _ = write!(path, "M{x:.1} {low:.1}V{high:.1}m-3 0h6M{x:.1} {low:.1}m-3 0h6");
    }
}

fn band(path: &mut String, frame: &Frame, run: &[Point]) {
    let upper = run.iter().map(|p| (p.x, frame.error(p)[1]));
    let lower = run.iter().rev().map(|p| (p.x, frame.error(p)[0]));
    let corners = upper.chain(lower).filter_map(|(x, y)| Some((frame.at_x(x)?, y)));
    for (i, (x, y)) in corners.enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
    }
    path.push('Z');
}

/// Draws the line through the points: a long one solid, a very long one fine.
pub(crate) fn curve(out: &mut String, frame: &Frame, points: &[Point], style: usize) {
    let mut path = String::new();
    for [x, y] in points.iter().filter_map(|p| frame.at(p)) {
        let step = if path.is_empty() { "M" } else { "L" };
        let _ = write!(path, "{step}{x:.1} {y:.1}");
    }
    let weight = match points.len() {
        0..=MAX_MARKERS => "",
        n if n <= MAX_BOLD => " solid",
        _ => " solid fine",
    };
    let style = style % STYLES;
    let _ = write!(out, "<path class=\"line s{style}{weight}\" d=\"{path}\"/>");
}

/// Draws the markers, each with its values as a tooltip; `names` are the series, x and y, already escaped.
pub(crate) fn points(out: &mut String, frame: &Frame, points: &[Point], style: usize, names: &[String; 3]) {
    let style = style % STYLES;
    let stride = if points.len() > MAX_MARKERS { points.len() / 8 } else { 1 };
    // Long series of different looks carry their markers at different places.
    let start = if stride > 1 { stride * (style + 1) / (STYLES + 1) } else { 0 };
    let [series, x_name, y_name] = names;
    for p in points.iter().skip(start).step_by(stride) {
        let Some([x, y]) = frame.at(p) else { continue };
        let error = if p.se > 0.0 { format!(" ± {}", number(p.se)) } else { String::new() };
        let _ = write!(
            out,
            "<path class=\"dot s{style}\" d=\"{}\"><title>{series}\n{x_name}: {}\n{y_name}: {}{error}</title></path>",
            shape(x, y, style),
            number(p.x),
            number(p.y),
        );
    }
}

/// Draws a histogram: its outline in steps, lightly filled.
pub(crate) fn steps(out: &mut String, frame: &Frame, points: &[Point], style: usize) {
    let half = if let [a, b, ..] = points { (b.x - a.x) / 2.0 } else { return };
    let mut path = format!("M{:.1} {:.1}", frame.at_x(points[0].x - half).unwrap_or(frame.left), frame.bottom);
    for point in points {
        let ends = [point.x - half, point.x + half].map(|x| frame.at_x(x));
        let ([Some(_), Some(end)], Some(y)) = (ends, frame.at_y(point.y)) else { continue };
        let _ = write!(path, "V{y:.1}H{end:.1}");
    }
    let _ = write!(out, "<path class=\"steps s{}\" d=\"{path}V{:.1}\"/>", style % STYLES, frame.bottom);
}

/// Draws the legend's sample of a style, 28 wide, centred on height `y`.
pub(crate) fn key(out: &mut String, x: f64, y: f64, style: usize) {
    let style = style % STYLES;
    let _ = write!(
        out,
        "<path class=\"line s{style}\" d=\"M{x:.1} {y:.1}h28\"/><path class=\"dot s{style}\" d=\"{}\"/>",
        shape(x + 14.0, y, style)
    );
}

/// The outline of a style's marker.
fn shape(x: f64, y: f64, style: usize) -> String {
    match style {
        0 => format!("M{:.1} {y:.1}a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0 -7.6 0Z", x - 3.8),
        1 => format!("M{:.1} {:.1}h6.8v6.8h-6.8Z", x - 3.4, y - 3.4),
        2 => format!("M{x:.1} {:.1}l4.4 7.6h-8.8Z", y - 4.8),
        3 => format!("M{x:.1} {:.1}l4.8 4.8l-4.8 4.8l-4.8 -4.8Z", y - 4.8),
        4 => format!("M{x:.1} {:.1}l4.4 -7.6h-8.8Z", y + 4.8),
        _ => format!("M{:.1} {:.1}h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8Z", x - 1.4, y - 4.2),
    }
}
