//! Pictures within axes: clouds of points, maps of densities.

use std::fmt::Write as _;

use crate::axis::{Axis, Scale};
use crate::axis_lines;
use crate::heading;
use crate::layout::{FONT, Frame, WIDTH};
use crate::text::{escape, width};

/// Pictures one above the other, the ends of which are ends of the axes.
///
/// ```
/// use fokker_report::{RasterChart, STYLE_FP, scatter};
/// # fn main() -> Result<(), fokker_report::PictureError> {
/// let window = [[-1.0, 1.0], [0.0, 250.0]];
/// let cloud = scatter(&[[0.0, 100.0], [0.5, 120.0]], window, 64, STYLE_FP)?;
/// let (x_label, y_label) = ("mass, kg".into(), "height, cm".into());
/// let chart = RasterChart { title: "Samples".into(), x_label, y_label, window, layers: vec![cloud] };
/// assert!(chart.svg().contains("height, cm"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RasterChart {
    /// Title above the chart.
    pub title: String,
    /// What the horizontal axis measures, with its unit.
    pub x_label: String,
    /// What the vertical axis measures, with its unit.
    pub y_label: String,
    /// The ends of x and those of y.
    pub window: [[f64; 2]; 2],
    /// The pictures, in `data:` URIs, the last one on top.
    pub layers: Vec<String>,
}

impl RasterChart {
    /// The chart as one `<svg>` element, coloured by the style sheet of the page it stands in. The area inside the axes is a square.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut body = String::new();
        let top = heading::draw(&mut body, &self.title, &[], &self.y_label);
        let [x, y] = self.window.map(|[low, high]| Axis::between(Scale::Linear, low, high));
        let y_ticks = y.ticks(5);
        let left = 12.0 + FONT * y_ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
        let right = WIDTH - 8.0;
        let frame = Frame { x, y, left, right, top, bottom: top + right - left };
        axis_lines::draw(&mut body, &frame, &x.ticks(5), &y_ticks);
        for layer in self.layers.iter().filter(|layer| layer.starts_with("data:image/")) {
            let _ = write!(
                body,
                "<image x=\"{left:.1}\" y=\"{top:.1}\" width=\"{0:.1}\" height=\"{0:.1}\" preserveAspectRatio=\"none\" href=\"{1}\"/>",
                right - left,
                escape(layer)
            );
        }
        let end = heading::below(&mut body, frame.bottom + 22.0, f64::midpoint(left, right), &self.x_label);
        let about = format!("{}. Picture of {} against {}.", self.title, self.y_label, self.x_label);
        heading::chart(&body, end + 8.0, &about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_windows_have_axes() {
        for window in [[0.0, 0.0], [f64::NAN, 1.0], [1.0, -1.0], [-1e300, 1e300]] {
            let svg = RasterChart { window: [window; 2], ..RasterChart::default() }.svg();
            assert!(svg.contains("class=\"axis\"") && !svg.contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn only_pictures_are_layers() {
        let layers = vec!["https://evil.example/x.png".into(), "data:image/png;base64,YWJj".into()];
        let svg = RasterChart { window: [[0.0, 1.0]; 2], layers, ..RasterChart::default() }.svg();
        assert!(svg.matches("<image").count() == 1 && !svg.contains("evil"));
    }
}
