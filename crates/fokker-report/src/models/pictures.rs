//! Samples beside data, and densities: which pictures there are.

use super::model::{Group, groups};
use super::rows::Rows;
use super::{Model, densities, free_energy, images, matrix, plane};
use crate::page::Page;
use crate::text::escape;

/// Columns that are drawn unless others are asked for.
const COLUMNS: usize = 4;

/// The pictures of each group of models, by the chosen columns or the first ones.
pub(super) fn pictures(mut page: Page, models: &[Model<'_>], columns: &[usize]) -> Page {
    let groups = groups(models);
    for group in &groups {
        if groups.len() > 1 {
            page = page.html(&format!("<h3>{}</h3>", escape(&group.names())));
        }
        page = of_group(page, group, columns);
    }
    page
}

fn of_group(page: Page, group: &Group<'_>, columns: &[usize]) -> Page {
    if let Some(shape) = group.data.image {
        return images::images(page, group, shape);
    }
    let chosen: Vec<usize> = match columns {
        [] => (0..group.data.dim.min(COLUMNS)).collect(),
        some => some.iter().copied().filter(|&column| column < group.data.dim).collect(),
    };
    let rows = Rows::of(group, &chosen);
    match rows.columns.len() {
        0 => page,
        1 => page.row(plane::marginals(&rows)),
        2 => {
            let page = page.row(plane::clouds(&rows));
            let whole = group.data.dim == 2 && chosen == [0, 1];
            let page = if whole { densities::densities(page, group, &rows) } else { page };
            let others = if whole { free_energy::profiles(group, &rows) } else { Vec::new() };
            page.row(plane::marginals(&rows)).row(others)
        }
        _ => {
            let more = group.data.dim > COLUMNS && columns.is_empty();
            matrix::matrix(page, &rows, if more { Some(group.data.dim) } else { None })
        }
    }
}
