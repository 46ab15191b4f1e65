//! Free energies along each coordinate, from the maps of log-densities: −ln ∫q over the other coordinate, its least value being 0.

use fokker::audit::LogDensity;

use super::model::Group;
use super::rows::Rows;
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::page::Illustration;
use crate::series::{Point, STYLE_DATA, Series};

/// Beyond so many kT nothing is drawn: there are no data.
const HIGHEST: f64 = 12.0;

/// A chart for each of the two coordinates; none unless the truth is known.
pub(super) fn profiles(group: &Group<'_>, rows: &Rows) -> Vec<Illustration> {
    let Some(truth) = &group.data.log_density else { return Vec::new() };
    let maps = group.models.iter().filter_map(|(model, style)| {
        let map = model.pictures.log_density.as_ref()?;
        Some((model.name, map, *style))
    });
    let maps: Vec<(&str, &LogDensity, usize)> = std::iter::once(("the truth", truth, STYLE_DATA)).chain(maps).collect();
    let chart = |(axis, column): (usize, &crate::pairs::Column)| {
        let series = maps.iter().map(|(name, map, style)| Series {
            name: (*name).into(),
            points: profile(map, axis, column.window),
            style: *style,
        });
        let chart = LineChart {
            title: format!("Free energy along {}", column.name),
            x_label: column.name.clone(),
            y_label: "F, kT".into(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            series: series.collect(),
        };
        Illustration::svg(chart.svg(), "−ln of the density's integral over the other coordinate; 0 at its least.")
    };
    rows.columns.iter().enumerate().take(2).map(chart).collect()
}

/// −ln Σ exp(map) over the other axis, at the middles of the cells along this one.
fn profile(map: &LogDensity, axis: usize, [low, high]: [f64; 2]) -> Vec<Point> {
    let side = map.side;
    let of_cell = |i: usize| {
        // Rows are from the top, which is the end of the second coordinate.
        let at = |k: usize| if axis == 0 { k * side + i } else { (side - 1 - i) * side + k };
        let density: f64 = (0..side).map(|k| map.values[at(k)].exp()).filter(|q| q.is_finite()).sum();
        -density.ln()
    };
    let values: Vec<f64> = (0..side).map(of_cell).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let place = |i: usize| low + (high - low) * (i as f64 + 0.5) / side as f64;
    let points = values.iter().enumerate().map(|(i, value)| Point { x: place(i), y: value - least, se: 0.0 });
    points.filter(|point| point.y < HIGHEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_coordinate_is_integrated_over() {
        // q(x, y) ∝ e^{−x} over x ∈ {0, 1}, and twice as much above as below.
        let two = 2.0_f64.ln();
        let map = LogDensity { side: 2, values: vec![two, two - 1.0, 0.0, -1.0] };
        let [first, second] = [0, 1].map(|axis| profile(&map, axis, [0.0, 2.0]));
        let place = |points: &[Point]| points.iter().map(|p| (p.x, (p.y * 1e9).round() / 1e9)).collect::<Vec<_>>();
        assert_eq!(place(&first), [(0.5, 0.0), (1.5, 1.0)]);
        assert_eq!(place(&second), [(0.5, (two * 1e9).round() / 1e9), (1.5, 0.0)]);
    }
}
