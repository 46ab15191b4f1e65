//! `report.html`: charts, pictures and tables in one self-contained page.
//!
//! A [`LineChart`] becomes an inline SVG that takes its colours from the page, a [`heatmap`] or [`scatter`] becomes a PNG inside a
//! `data:` URI, to which a [`RasterChart`] gives axes, and a [`Page`] joins them with text and tables into one file that needs neither network nor script, in light, in dark,
//! on paper and on a phone. A [`Report`] is such a page about one model or several, made from their [figures](fokker::figure) and
//! [pictures](fokker::audit::ModelPictures); nothing is measured here.
//!
//! Two models have fixed looks everywhere: [`STYLE_DSM`] (vermilion, round, dashed) and [`STYLE_FP`] (blue, square,
//! solid), and so have data, [`STYLE_DATA`] (purple). The pairs of colours are from the colour-blind-safe palette of Okabe and Ito.
//!
//! ```
//! use fokker_report::{Illustration, LineChart, Page, Point, Row, STYLE_DSM, STYLE_FP, Scale, Series, Table, mean_se};
//!
//! let curve = |c: f64| (1..=20).map(|i| f64::from(i) / 20.0).map(move |t| Point { x: t, y: c / t, se: 0.02 / t });
//! let chart = LineChart {
//!     title: "Residual of the score equation".into(),
//!     x_label: "t".into(),
//!     y_label: "r(t)".into(),
//!     x_scale: Scale::Log,
//!     y_scale: Scale::Log,
//!     series: vec![
//!         Series { name: "DSM".into(), points: curve(1.0).collect(), style: STYLE_DSM },
//!         Series { name: "FP".into(), points: curve(0.1).collect(), style: STYLE_FP },
//!     ],
//! };
//! let table = Table {
//!     caption: "Likelihood".into(),
//!     header: ["", "DSM", "FP"].map(String::from).to_vec(),
//!     rows: vec![Row::new(["nats".into(), mean_se(-2.31, 0.02), mean_se(-2.12, 0.02)]).best(2)],
//!     notes: vec!["Mean ± standard error.".into()],
//! };
//! let page = Page::new("DSM and FP").section("Audit", "").table(table).illustration(Illustration::svg(chart.svg(), "r(t)."));
//! assert!(page.render().starts_with("<!doctype html>"));
//! ```

mod answer;
mod axis;
mod axis_lines;
mod cell;
mod chart;
mod colour;
mod heading;
mod histogram;
mod layout;
mod made;
mod marks;
mod models;
mod page;
mod pairs;
mod picture;
mod raster;
mod rows;
mod series;
mod sheet;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod thin;
mod verdict;

pub use axis::{Axis, Scale, Tick};
pub use cell::{cell, narrow_cell, percent};
pub use chart::LineChart;
pub use made::Made;
pub use models::{Model, Report, training_charts};
pub use page::{Fact, Illustration, Listing, Page, is_page};
pub use picture::{PictureError, colour_bar, heatmap, heatmap_within, png_uri, scatter};
pub use raster::RasterChart;
pub use rows::rows_in_words;
pub use series::{Point, STYLE_DATA, STYLE_DSM, STYLE_FP, Series};
pub use sweep::{SweepReport, recommendation};
pub use table::{Row, Table};
pub use text::{escape, mean_se, number};
pub use verdict::sentences;
