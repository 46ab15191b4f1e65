//! Curves, before they are drawn.

/// The look of the model trained by denoising score matching alone.
pub const STYLE_DSM: usize = 0;
/// The look of the model trained with the score Fokker–Planck residual.
pub const STYLE_FP: usize = 1;

/// The look of data, and of the truth behind them.
pub const STYLE_DATA: usize = 3;

/// One point of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// Standard error of `y`; 0 shows none.
    pub se: f64,
}

/// A named curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points in any order; they are joined by increasing x.
    pub points: Vec<Point>,
    /// Which of the six looks (colour, marker, dash), counted round: [`STYLE_DSM`], [`STYLE_FP`], 2, 3, ...
    pub style: usize,
}
