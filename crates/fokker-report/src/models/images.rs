//! Images: samples beside held-out ones, and what they came from.

use fokker::data::{ImageShape, contact_sheet};

use super::model::Group;
use super::{memorisation, trajectories};
use crate::page::{Illustration, Page};
use crate::picture::png_uri;
use crate::text::capitalised;

/// Images in a row of a contact sheet.
const COLUMNS: usize = 8;

pub(super) fn images(page: Page, group: &Group<'_>, shape: ImageShape) -> Page {
    let samples = group.models.iter().map(|(model, _)| {
        let rows: Vec<f32> = model.pictures.samples.iter().map(|&value| to_f32(value)).collect();
        (format!("samples of {}", model.name), rows)
    });
    let all = std::iter::once(("held-out data".to_owned(), group.data.held_out.clone())).chain(samples);
    let sheets = all.filter_map(|(name, rows)| {
        let png = contact_sheet(&rows, shape, COLUMNS).ok()?;
        Some(Illustration::image(png_uri(&png), &name, capitalised(&name)))
    });
    let models = || group.models.iter().map(|(model, _)| model);
    let nearest = models().filter_map(|m| memorisation::sheet(m.name, m.pictures.memorisation.as_ref()?));
    let ways = models().filter_map(|m| trajectories::sheet(m.name, m.pictures.trajectories.as_ref()?, shape));
    ways.chain(nearest).fold(page.sheets(sheets), Page::wide)
}

#[allow(clippy::cast_possible_truncation)]
fn to_f32(value: f64) -> f32 {
    value as f32
}
