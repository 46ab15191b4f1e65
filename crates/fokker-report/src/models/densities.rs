//! Maps of log-densities on one colour scale.

use fokker::audit::LogDensity;

use super::model::Group;
use super::rows::Rows;
use crate::page::{Illustration, Page};
use crate::picture::{colour_bar, heatmap_within};
use crate::raster::RasterChart;

/// Nats that a map of a log-density is deep.
const DEPTH: f64 = 12.0;

/// The maps of the truth and of the models of two-dimensional data.
pub(super) fn densities(page: Page, group: &Group<'_>, rows: &Rows) -> Page {
    let [x, y] = &rows.columns[..] else { return page };
    let truth = group.data.log_density.iter().map(|map| ("the truth", map));
    let others = group.models.iter().filter_map(|(model, _)| Some((model.name, model.pictures.log_density.as_ref()?)));
    let maps: Vec<(&str, &LogDensity)> = truth.chain(others).collect();
    // Densities are over the units of the data, as the axes are.
    let shift = group.data.scaling.log_det();
    let values = maps.iter().flat_map(|(_, map)| &map.values).map(|value| value + shift);
    let top = values.filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return page;
    }
    let range = [top - DEPTH, top];
    let figures = maps.iter().filter_map(|(name, map)| {
        let clipped: Vec<f64> = map.values.iter().map(|value| (value + shift).max(range[0])).collect();
        let chart = RasterChart {
            title: format!("Log-density: {name}"),
            x_label: x.name.clone(),
            y_label: y.name.clone(),
            window: [x.window, y.window],
            layers: vec![heatmap_within(&clipped, map.side, map.side, range).ok()?],
        };
        Some(Illustration::svg(chart.svg(), ""))
    });
    page.row(figures.collect::<Vec<_>>()).html(&colour_bar(range, "log-density (nats)"))
}
