//! Line charts as inline SVG.

use std::fmt::Write as _;

use crate::axis::{Axis, Scale};
use crate::axis_lines;
use crate::heading;
use crate::layout::{FONT, Frame, WIDTH};
use crate::marks;
use crate::series::{Point, Series};
use crate::text::{escape, width};
use crate::thin::{drawable, thin};

/// The height of the area inside the axes.
const AREA: f64 = 190.0;
/// Longer series are thinned to this many points.
const MAX_POINTS: u32 = 400;

/// A line chart of several series over common axes.
///
/// ```
/// use fokker_report::{LineChart, Point, STYLE_FP, Series};
/// let points = vec![Point { x: 0.0, y: 1.0, se: 0.1 }, Point { x: 1.0, y: 2.0, se: 0.1 }];
/// let series = vec![Series { name: "FP".into(), points, style: STYLE_FP }];
/// let svg = LineChart { title: "Two points".into(), series, ..LineChart::default() }.svg();
/// assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart {
    /// Title above the chart.
    pub title: String,
    /// What the horizontal axis measures, with its unit.
    pub x_label: String,
    /// What the vertical axis measures, with its unit.
    pub y_label: String,
    /// Scale of the horizontal axis.
    pub x_scale: Scale,
    /// Scale of the vertical axis.
    pub y_scale: Scale,
    /// The curves, the last one on top.
    pub series: Vec<Series>,
}

impl LineChart {
    /// The chart as one `<svg>` element, coloured by the style sheet of the page it stands in.
    ///
    /// Points that are not finite, or not positive on a logarithmic axis, are left out and counted in a note below.
    /// Series of more than 400 points are thinned to the means of 400 stretches of the axis. Up to 24 points
    /// show their standard error as whiskers, more of them as a band.
    #[must_use]
    pub fn svg(&self) -> String {
        let clean: Vec<Vec<Point>> =
            self.series.iter().map(|s| drawable(&s.points, self.x_scale, self.y_scale)).collect();
        let left_out =
            self.series.iter().map(|s| s.points.len()).sum::<usize>() - clean.iter().map(Vec::len).sum::<usize>();
        let mut body = String::new();
        let keys: Vec<(&str, usize)> = self.series.iter().map(|s| (s.name.as_str(), s.style)).collect();
        let top = heading::draw(&mut body, &self.title, &keys, &self.y_label);
        let (bottom, middle) = match Axis::fit(self.x_scale, clean.iter().flatten().map(|p| p.x), 0.025) {
            Some(x) => self.plot(&mut body, top, &x, clean),
            None => empty(&mut body, top),
        };
        let height = self.foot(&mut body, bottom, middle, left_out);
        heading::chart(&body, height, &self.description())
    }

    /// What a screen reader says in place of the picture.
    fn description(&self) -> String {
        let names: Vec<&str> = self.series.iter().map(|s| s.name.as_str()).collect();
        let names = if names.is_empty() { "none".into() } else { names.join(", ") };
        format!("{}. Line chart of {} against {}. Series: {names}.", self.title, self.y_label, self.x_label)
    }

    /// Draws axes and curves; returns where the tick labels end, and the middle of the area.
    fn plot(&self, out: &mut String, top: f64, x: &Axis, clean: Vec<Vec<Point>>) -> (f64, f64) {
        let thinned: Vec<Vec<Point>> = clean.into_iter().map(|points| thin(points, x, MAX_POINTS)).collect();
        let ends = thinned.iter().flatten().flat_map(|p| [p.y, p.y + p.se, self.lower_end(p)]);
        let Some(y) = Axis::fit(self.y_scale, ends, 0.05) else {
            return empty(out, top);
        };
        let y_ticks = y.ticks(5);
        let left = 12.0 + FONT * y_ticks.iter().map(|t| width(&t.label)).fold(0.0, f64::max);
        let frame = Frame { x: *x, y, left, right: WIDTH - 8.0, top, bottom: top + AREA };
        axis_lines::draw(out, &frame, &x.ticks(5), &y_ticks);
        for (series, points) in self.series.iter().zip(&thinned) {
            marks::errors(out, &frame, points, series.style);
        }
        for (series, points) in self.series.iter().zip(&thinned) {
            let names = [&series.name, &self.x_label, &self.y_label].map(|name| escape(name));
            marks::curve(out, &frame, points, series.style);
            marks::points(out, &frame, points, series.style, &names);
        }
        (frame.bottom + 22.0, (left + frame.right) / 2.0)
    }

    /// The lower end of a point's error, on a logarithmic axis no more than half a decade below the point.
    fn lower_end(&self, p: &Point) -> f64 {
        match self.y_scale {
            Scale::Linear => p.y - p.se,
            Scale::Log => (p.y - p.se).max(0.3 * p.y),
        }
    }

    /// Draws the label of the horizontal axis and the note on points left out; returns the chart's height.
    fn foot(&self, out: &mut String, top: f64, middle: f64, left_out: usize) -> f64 {
        let mut y = heading::below(out, top, middle, &self.x_label);
        if left_out > 0 {
            y += 18.0;
            let what = if left_out == 1 { "1 point is" } else { &format!("{left_out} points are") };
            let why = "not finite, or not positive on a logarithmic axis";
            let _ = write!(out, "<text class=\"note\" x=\"0\" y=\"{y:.1}\">{what} left out: {why}.</text>");
        }
        y + 8.0
    }
}

/// Draws the area of a chart that has nothing to show; returns what [`LineChart::plot`] does.
fn empty(out: &mut String, top: f64) -> (f64, f64) {
    let (w, middle, mid) = (WIDTH - 2.0, top + AREA / 2.0, WIDTH / 2.0);
    let _ = write!(
        out,
        "<rect class=\"void\" x=\"1\" y=\"{top:.1}\" width=\"{w}\" height=\"{AREA}\" rx=\"4\"/>\
         <text class=\"label mid\" x=\"{mid}\" y=\"{middle:.1}\">No points to draw</text>"
    );
    (top + AREA + 8.0, mid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::STYLE_DSM;

    fn chart(points: Vec<Point>, scale: Scale) -> String {
        let series = vec![Series { name: "a".into(), points, style: STYLE_DSM }];
        LineChart { title: "T".into(), x_scale: scale, y_scale: scale, series, ..LineChart::default() }.svg()
    }

    #[test]
    fn empty_charts_say_so() {
        for svg in [LineChart::default().svg(), chart(vec![], Scale::Log), chart(vec![], Scale::Linear)] {
            assert!(svg.contains("No points to draw"));
            assert!(!svg.contains("NaN"));
        }
    }

    #[test]
    fn points_without_a_place_are_left_out_and_counted() {
        let ys = [0.0, -1.0, f64::NAN, f64::INFINITY, 1.0, 10.0];
        let points = ys.iter().map(|&y| Point { x: 0.5, y, se: f64::NAN }).collect();
        let svg = chart(points, Scale::Log);
        assert!(svg.contains("4 points are left out"));
        assert_eq!(svg.matches("<title>").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn one_point_is_drawn() {
        for scale in [Scale::Linear, Scale::Log] {
            let svg = chart(vec![Point { x: 1.0, y: 1.0, se: 0.0 }], scale);
            assert_eq!(svg.matches("<title>").count(), 1);
            assert!(!svg.contains("NaN") && !svg.contains("class=\"err"));
        }
    }

    #[test]
    fn errors_are_whiskers_for_few_and_a_band_for_many() {
        let points = |n: u32| (1..=n).map(|i| Point { x: f64::from(i), y: 1.0, se: 0.1 }).collect();
        assert!(chart(points(8), Scale::Log).contains("class=\"err s0\""));
        assert!(chart(points(80), Scale::Log).contains("class=\"band s0\""));
    }

    #[test]
    fn long_series_stay_small() {
        let points = (0..12_000).map(|i| Point { x: f64::from(i), y: f64::from(i % 7), se: 0.0 }).collect();
        let svg = chart(points, Scale::Linear);
        assert!(svg.len() < 12_000, "{}", svg.len());
    }
}
