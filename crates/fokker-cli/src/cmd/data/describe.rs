//! `fokker data describe`

use std::path::PathBuf;

use anyhow::Result;
use fokker::data::{ColumnName, ColumnSummary, DataError, Description, ImageSummary, TableSummary, describe};
use serde::Serialize;

use crate::cmd::tables::help;
use crate::fail::request;
use crate::print::{json, out};

/// `fokker data describe`
#[derive(Debug, clap::Args)]
pub struct DataDescribe {
    /// A folder or a file of images, or a table
    #[arg(help = help("A folder or a file of images, or a table ({})"))]
    pub path: PathBuf,
    /// The array of an .npz archive, read as a table
    #[arg(long, value_name = "NAME")]
    pub array: Option<String>,
    /// As data.size: crop and resize image files to this many pixels a side
    #[arg(long, value_name = "PIXELS", conflicts_with = "array")]
    pub size: Option<usize>,
    /// As data.held_out: the part of the images that is held out where they have no test images
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub held_out: f64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Columns of a table that are printed.
const COLUMNS: usize = 20;

/// The JSON object.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    path: String,
    #[serde(flatten)]
    description: &'a Description,
}

/// Says what the data at a path are.
pub fn run(args: &DataDescribe) -> Result<()> {
    let found = describe(&args.path, args.array.as_deref(), args.size, args.held_out);
    let found = found.map_err(|error| match error {
        DataError::Parameter { key, value, reason } => {
            request(format!("--{}: {reason}, not {value}", key.replace('_', "-")))
        }
        other => other.into(),
    })?;
    let path = args.path.display().to_string();
    if args.json {
        let document = Document { format: "fokker-data-describe 1", path, description: &found };
        json(&document)?;
        return Ok(());
    }
    match &found {
        Description::Images(images) => print_images(&path, images),
        Description::Table(table) => print_table(&path, table),
    }
    Ok(())
}

fn print_images(path: &str, images: &ImageSummary) {
    let ImageSummary { recognised, train, held_out, height, width, channels, .. } = images;
    out!("{path}: {recognised}");
    out!("images    {train} for training, {held_out} held out");
    let colour = if *channels == 1 { "1 channel (grey)" } else { "3 channels (red, green, blue)" };
    out!("size      {height} × {width}, {colour}; {} dimensions", height * width * channels);
    match (images.levels, images.range) {
        (Some(levels), _) => out!("values    {levels} grey levels"),
        (None, [low, high]) => out!("values    continuous, from {low} to {high}"),
    }
    if let Some(classes) = images.classes {
        out!("labels    {classes} classes");
    }
    let list = |values: &[f64]| values.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", ");
    let of = if images.sampled < *train { format!(" (of {} images)", images.sampled) } else { String::new() };
    out!("mean      {}{of}", list(&images.mean));
    out!("std       {}{of}", list(&images.std));
}

fn print_table(path: &str, table: &TableSummary) {
    out!("{path}: table");
    out!("rows      {}", table.rows);
    out!("columns   {}", table.columns.len());
    let name = |at: usize, column: &ColumnSummary| ColumnName::new(at + 1, column.name.as_deref()).to_string();
    let shown = || table.columns.iter().enumerate().take(COLUMNS);
    let width = shown().map(|(at, column)| name(at, column).chars().count()).max().unwrap_or(0).max(9);
    let heads = ["min", "mean", "std", "max", "missing", "text", "different"];
    out!("{:<width$} {}", "column", heads.map(|head| format!("{head:>12}")).join(" "));
    for (at, column) in shown() {
        // Of a column without a number there are none.
        let shown = |x: f64| if column.min.is_finite() { number(x) } else { "-".into() };
        let numbers = [column.min, column.mean, column.std, column.max].map(shown);
        let different = column.different.map_or("many".into(), |count| count.to_string());
        let counts = [column.missing.to_string(), column.text.to_string(), different];
        let cells: Vec<String> = numbers.iter().chain(&counts).map(|cell| format!("{cell:>12}")).collect();
        out!("{:<width$} {}", name(at, column), cells.join(" "));
    }
    if table.columns.len() > COLUMNS {
        out!("… and {} more; --json has them all", table.columns.len() - COLUMNS);
    }
    table.remarks.iter().for_each(|remark| out!("note: {remark}"));
}

/// Five significant digits.
fn number(x: f64) -> String {
    if x == 0.0 {
        "0".into()
    } else if (1e-3..1e6).contains(&x.abs()) {
        let decimals = (4 - x.abs().log10().floor() as i32).clamp(0, 7) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.4e}")
    }
}
