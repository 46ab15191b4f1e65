//! Where things lie in a drawing.

use crate::axis::Axis;
use crate::series::Point;

/// The chart's width in its own units, which are pixels at the usual size in a page.
pub(crate) const WIDTH: f64 = 360.0;
/// The font size that room is reserved for.
pub(crate) const FONT: f64 = 12.5;

/// The axes and where they lie in the drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub x: Axis,
    pub y: Axis,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Frame {
    pub fn at_x(&self, value: f64) -> Option<f64> {
        self.x.place(value).map(|at| self.left + at * (self.right - self.left))
    }

    pub fn at_y(&self, value: f64) -> Option<f64> {
        self.y.place(value).map(|at| self.bottom - at * (self.bottom - self.top))
    }

    pub fn at(&self, p: &Point) -> Option<[f64; 2]> {
        Some([self.at_x(p.x)?, self.at_y(p.y)?])
    }

    /// The heights of both ends of a point's error; the lower one rests on the axis where it has no place.
    pub fn error(&self, p: &Point) -> [f64; 2] {
        [p.y - p.se, p.y + p.se].map(|end| self.at_y(end).unwrap_or(self.bottom))
    }
}
