//! One column or two: clouds of points, and the columns' histograms.

use super::rows::{Rows, Set};
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::histogram::{bins, histogram};
use crate::page::Illustration;
use crate::picture::scatter;
use crate::raster::RasterChart;
use crate::series::Series;
use crate::text::capitalised;

/// Side of a cloud, in pixels.
const SIDE: usize = 480;

/// A chart of the points of each set.
pub(super) fn clouds(rows: &Rows) -> Vec<Illustration> {
    let [x, y] = &rows.columns[..] else { return Vec::new() };
    let window = [x.window, y.window];
    let cloud = |set: &Set| {
        let points: Vec<[f64; 2]> =
            set.rows.iter().filter_map(|row| <[f64; 2]>::try_from(row.as_slice()).ok()).collect();
        let chart = RasterChart {
            title: capitalised(&set.name),
            x_label: x.name.clone(),
            y_label: y.name.clone(),
            window,
            layers: scatter(&points, window, SIDE, set.style).into_iter().collect(),
        };
        Illustration::svg(chart.svg(), "")
    };
    rows.sets.iter().map(cloud).collect()
}

/// A chart of the histograms of each column.
pub(super) fn marginals(rows: &Rows) -> Vec<Illustration> {
    let least = rows.sets.iter().map(|set| set.rows.len()).filter(|&count| count > 0).min().unwrap_or_default();
    let chart = |(place, column): (usize, &crate::pairs::Column)| {
        let series = rows.sets.iter().map(|set| {
            let values = set.rows.iter().filter_map(|row| row.get(place).copied());
            let points = histogram(values, column.window, bins(least));
            Series { name: set.name.clone(), points, style: set.style }
        });
        let chart = LineChart {
            title: format!("Distribution of {}", column.name),
            x_label: column.name.clone(),
            y_label: "density".into(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            series: series.collect(),
        };
        Illustration::svg(chart.svg(), "Histograms, with standard errors.")
    };
    rows.columns.iter().enumerate().map(chart).collect()
}
