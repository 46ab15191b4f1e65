//! The rows that are drawn, in the units of the data.

use fokker::audit::DataPictures;

use super::model::Group;
use crate::pairs::Column;
use crate::series::STYLE_DATA;
use crate::text::subscript;

/// Chosen columns of held-out data and of samples.
pub(super) struct Rows {
    pub columns: Vec<Column>,
    pub sets: Vec<Set>,
}

/// Rows of one kind, each with a value for every chosen column.
pub(super) struct Set {
    pub name: String,
    pub rows: Vec<Vec<f64>>,
    pub style: usize,
}

impl Rows {
    /// The data come first.
    pub(super) fn of(group: &Group<'_>, chosen: &[usize]) -> Self {
        let data = group.data;
        let column = |&column: &usize| Column { name: name(data, column), window: window(data, column) };
        let held_out: Vec<f64> = data.held_out.iter().map(|&value| f64::from(value)).collect();
        let set = |name: String, values: &[f64], style: usize| Set { name, rows: rows(data, values, chosen), style };
        let samples = group.models.iter().map(|(model, style)| {
            let name = format!("samples of {}", model.name);
            set(name, &model.pictures.samples, *style)
        });
        let first = set("held-out data".into(), &held_out, STYLE_DATA);
        Self { columns: chosen.iter().map(column).collect(), sets: std::iter::once(first).chain(samples).collect() }
    }
}

/// What a column is called.
fn name(data: &DataPictures, column: usize) -> String {
    let named = data.columns.as_ref().and_then(|names| names.get(column)).filter(|name| !name.trim().is_empty());
    named.cloned().unwrap_or_else(|| format!("x{}", subscript(column + 1)))
}

/// The ends that are shown of a column.
fn window(data: &DataPictures, column: usize) -> [f64; 2] {
    let of_model = data.windows.get(column).copied().unwrap_or([f64::NAN; 2]);
    of_model.map(|end| in_units(data, column, end))
}

/// From model coordinates to the units of the data.
fn in_units(data: &DataPictures, column: usize, value: f64) -> f64 {
    match (data.scaling.shift.get(column), data.scaling.scale.get(column)) {
        (Some(shift), Some(scale)) => value * scale + shift,
        _ => value,
    }
}

fn rows(data: &DataPictures, values: &[f64], chosen: &[usize]) -> Vec<Vec<f64>> {
    let of = |row: &[f64]| chosen.iter().map(|&column| in_units(data, column, row[column])).collect();
    values.chunks_exact(data.dim.max(1)).map(of).collect()
}
