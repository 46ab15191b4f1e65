//! Samples beside data, and densities.

use fokker::audit::{DataPictures, LogDensity};
use fokker::data::{ImageShape, contact_sheet};

use super::model::{Model, style};
use super::{free_energy, memorisation, trajectories};
use crate::page::{Illustration, Page};
use crate::picture::{colour_bar, heatmap_within, png_uri, scatter};

/// Images in a row of a contact sheet.
const COLUMNS: usize = 8;

/// Side of a scatter plot, in pixels.
const SIDE: usize = 480;

/// The look of data.
const STYLE_DATA: usize = 3;

/// Nats that a map of a log-density is deep.
const DEPTH: f64 = 12.0;

pub(super) fn pictures(page: Page, data: &DataPictures, models: &[Model<'_>]) -> Page {
    match (data.image, data.window) {
        (Some(shape), _) => images(page, data, shape, models),
        (None, Some(window)) => {
            densities(clouds(page, data, window, models), data, models).row(free_energy::profiles(data, models))
        }
        (None, None) => page,
    }
}

fn images(page: Page, data: &DataPictures, shape: ImageShape, models: &[Model<'_>]) -> Page {
    let mut sheets = Vec::new();
    let samples = |model: &Model<'_>| -> Vec<f32> { model.pictures.samples.iter().map(|&v| to_f32(v)).collect() };
    for (name, rows) in std::iter::once(("held-out data".to_owned(), data.held_out.clone()))
        .chain(models.iter().map(|model| (format!("samples of {}", model.name), samples(model))))
    {
        if let Ok(png) = contact_sheet(&rows, shape, COLUMNS) {
            sheets.push(Illustration::image(png_uri(&png), &name, name.clone()));
        }
    }
    let nearest = models.iter().filter_map(|m| memorisation::sheet(m.name, m.pictures.memorisation.as_ref()?));
    let ways = models.iter().filter_map(|m| trajectories::sheet(m.name, m.pictures.trajectories.as_ref()?, shape));
    let page = page.row(sheets);
    if models.len() == 1 { page.row(ways.chain(nearest)) } else { page.row(ways).row(nearest) }
}

/// The first two dimensions of data and samples.
fn clouds(page: Page, data: &DataPictures, window: [[f64; 2]; 2], models: &[Model<'_>]) -> Page {
    let mut figures = Vec::new();
    let real: Vec<f64> = data.held_out.iter().map(|&x| f64::from(x)).collect();
    let clouds = std::iter::once(("held-out data".to_owned(), &real, STYLE_DATA)).chain(
        models
            .iter()
            .enumerate()
            .map(|(i, m)| (format!("samples of {}", m.name), &m.pictures.samples, style(i, models))),
    );
    for (name, rows, style) in clouds {
        let points: Vec<[f64; 2]> = rows.chunks_exact(data.dim).map(|r| [r[0], r[1]]).collect();
        if let Ok(uri) = scatter(&points, window, SIDE, style) {
            figures.push(Illustration::image(uri, &name, name.clone()));
        }
    }
    page.row(figures)
}

/// log-densities on one colour scale.
fn densities(page: Page, data: &DataPictures, models: &[Model<'_>]) -> Page {
    let truth = data.log_density.iter().map(|map| ("the truth", map));
    let others = models.iter().filter_map(|model| Some((model.name, model.pictures.log_density.as_ref()?)));
    let maps: Vec<(&str, &LogDensity)> = truth.chain(others).collect();
    let values = maps.iter().flat_map(|(_, map)| &map.values).copied();
    let top = values.filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return page;
    }
    let range = [top - DEPTH, top];
    let figures = maps.iter().filter_map(|(name, map)| {
        let clipped: Vec<f64> = map.values.iter().map(|v| v.max(range[0])).collect();
        let uri = heatmap_within(&clipped, map.side, map.side, range).ok()?;
        Some(Illustration::image(uri, format!("log-density of {name}"), format!("log-density: {name}")))
    });
    page.row(figures.collect::<Vec<_>>()).html(&colour_bar(range, "log-density (nats)"))
}

#[allow(clippy::cast_possible_truncation)]
fn to_f32(value: f64) -> f32 {
    value as f32
}
