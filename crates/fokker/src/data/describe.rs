//! What the data at a path are.

use std::path::Path;

use serde::Serialize;

use super::column_profile::{ColumnProfile, remarks};
use super::images::{Images, Preparation, holds_images};
use super::input::require;
use super::{ColumnName, DataError, TableReader};

/// Images that are taken into the statistics where they stay on disk, evenly spaced.
const ON_DISK: usize = 10_000;
/// Rows of a table read at a time.
const PIECE: usize = 4096;

/// What [`describe`] found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Description {
    /// Images, for [`DataConfig::Images`](super::DataConfig::Images).
    Images(ImageSummary),
    /// A table, for [`DataConfig::File`](super::DataConfig::File).
    Table(TableSummary),
}

/// What images are; values are in the units of the data, grey levels 0 to 255 or those of the array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageSummary {
    /// The format that was recognised.
    pub recognised: String,
    /// The number of training images.
    pub train: usize,
    /// The number of held-out images.
    pub held_out: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Values of a pixel: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Grey levels; `None` for continuous values.
    pub levels: Option<u32>,
    /// The lowest and the highest value: those that grey levels may have, or those in the array.
    pub range: [f64; 2],
    /// How many labels (of folders of image files: folders) there are among the training images; `None` without labels.
    pub classes: Option<usize>,
    /// The mean of each channel over the training images.
    pub mean: Vec<f64>,
    /// The standard deviation of each channel over the training images.
    pub std: Vec<f64>,
    /// The number of images that mean and std are of: all, or 10,000 evenly spaced ones of images that stay on disk.
    pub sampled: usize,
}

/// What a table is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableSummary {
    /// The number of rows.
    pub rows: usize,
    /// One for each column.
    pub columns: Vec<ColumnSummary>,
    /// What is worth a word about them, and what can be done.
    pub remarks: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// What it is called; `None` if it has no name.
    pub name: Option<String>,
    /// The least value.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The (population) standard deviation.
    pub std: f64,
    /// The greatest value.
    pub max: f64,
    /// How many values are missing.
    pub missing: u64,
    /// How many are text.
    pub text: u64,
    /// How many different values there are; `None` for more than a thousand.
    pub different: Option<usize>,
}

/// Recognises the data at a path: a folder or a file of images, or a table.
///
/// `array` names the array of an `.npz` archive, which is read as a table then; `size` and `held_out` are those of
/// [`DataConfig::Images`](super::DataConfig::Images). Tables are read piece by piece and may be longer than memory.
///
/// # Errors
/// [`DataError`]: nothing is recognised, or a file is missing or damaged.
///
/// ```
/// use fokker::data::{Description, describe, write_csv};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["a"], &[1.0, 3.0])?;
/// let Description::Table(table) = describe(&path, None, None, 0.1)? else { panic!() };
/// assert_eq!((table.rows, table.columns[0].mean, table.columns[0].std), (2, 2.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn describe(
    path: &Path, array: Option<&str>, size: Option<usize>, held_out: f64,
) -> Result<Description, DataError> {
    if array.is_none() && holds_images(path) {
        return images(path, size, held_out).map(Description::Images);
    }
    table(path, array).map(Description::Table)
}

fn images(path: &Path, size: Option<usize>, held_out: f64) -> Result<ImageSummary, DataError> {
    let (images, scaling) = Images::load(path, size, Preparation { flip: false, held_out, given: None })?;
    let shape = images.shape();
    let train = images.train_len();
    let sampled = if images.on_disk() { train.min(ON_DISK) } else { train };
    let mut values = vec![0.0; shape.dim()];
    let mut channels = vec![Moments::default(); shape.channels];
    for at in 0..sampled {
        // The product stays below 2^64 for fewer than 2^50 images.
        images.train_values((at as u64 * train as u64 / sampled as u64) as usize, &scaling, &mut values);
        for pixel in values.chunks_exact(shape.channels) {
            channels.iter_mut().zip(pixel).for_each(|(channel, &value)| channel.add(value));
        }
    }
    Ok(ImageSummary {
        recognised: images.format().into(),
        train,
        held_out: images.held_out_len(),
        height: shape.height,
        width: shape.width,
        channels: shape.channels,
        levels: images.levels(),
        range: images.range(),
        classes: images.classes(),
        mean: channels.iter().map(Moments::mean).collect(),
        std: channels.iter().map(Moments::std).collect(),
        sampled,
    })
}

fn table(path: &Path, array: Option<&str>) -> Result<TableSummary, DataError> {
    let mut reader = TableReader::open_any(path, array)?;
    let dim = reader.dim();
    require(path, &[dim, size_of::<Moments>() + size_of::<ColumnSummary>()])?;
    let mut columns = vec![(Moments::default(), ColumnProfile::default()); dim];
    let (mut rows, mut piece) = (0, Vec::new());
    loop {
        let read = reader.read((PIECE * 16 / dim).clamp(1, PIECE), &mut piece)?;
        if read == 0 {
            break;
        }
        rows += read;
        for row in piece.chunks_exact(dim) {
            for ((moments, profile), &value) in columns.iter_mut().zip(row).filter(|(_, value)| !value.is_nan()) {
                moments.add(value);
                profile.add(value);
            }
        }
    }
    let (names, texts) = (reader.names(), reader.texts());
    let summary = |(at, (m, profile)): (usize, &(Moments, ColumnProfile))| {
        let text = texts.get(at).copied().unwrap_or(0);
        ColumnSummary {
            name: names.and_then(|names| names.get(at)).cloned(),
            min: m.min,
            mean: m.mean(),
            std: m.std(),
            max: m.max,
            missing: rows as u64 - m.count as u64 - text,
            text,
            different: profile.different(),
        }
    };
    let summaries: Vec<ColumnSummary> = columns.iter().enumerate().map(summary).collect();
    let profiles: Vec<ColumnProfile> = columns.into_iter().map(|(_, profile)| profile).collect();
    let remarks = of_cells(&summaries).into_iter().chain(remarks(&profiles, names, &[])).collect();
    Ok(TableSummary { rows, columns: summaries, remarks })
}

/// What is said of columns with values that are no numbers.
fn of_cells(columns: &[ColumnSummary]) -> Vec<String> {
    let mut said = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let name = ColumnName::new(at + 1, column.name.as_deref());
        let key = name.key();
        let ColumnSummary { text, missing, .. } = column;
        if *text > 0 {
            said.push(format!("column {name} has {text} values that are text: data.drop = [{key:?}]"));
        } else if *missing > 0 {
            said.push(format!(
                "column {name} has {missing} missing values: data.missing = \"drop-row\" leaves their rows out"
            ));
        }
    }
    said
}

/// Running count, extremes and central moments, by Welford's recurrence: no cancellation where the mean is large.
#[derive(Clone, Debug)]
struct Moments {
    count: f64,
    min: f64,
    max: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, mean: 0.0, squares: 0.0 }
    }
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn std(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }
}
