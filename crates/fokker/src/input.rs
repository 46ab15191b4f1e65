//! Rows of a user's file as rows of a model: what fits, what does not, and what is worth a word.

use std::path::{Path, PathBuf};

use crate::data::{
    Data, DataConfig, DataError, DataInfo, DataKind, ImageShape, RowReader, Table, TableConfig, TableReader,
    read_table_with_gaps, require_columns, unknown_columns,
};
use crate::model_file::ModelInfo;

/// What the values of a file are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Grey levels, to which noise will be added: anything else is refused.
    Levels,
    /// Numbers in the units of the data. Grey levels are refused for a model of continuous images, and the other way round values that
    /// all lie in \[0, 1\] for a model of grey levels.
    Continuous,
    /// Numbers in the units of the data, on the user's word.
    Unchecked,
    /// Numbers in model coordinates.
    Model,
}

/// A column is far off if all its rows are by so many times the range of the training rows.
const FAR: f64 = 10.0;

/// Points this many half-ranges (times m) and this many σ from the middle are not the model's.
const FAR_RANGES: f64 = 10.0;
const FAR_SIGMAS: f64 = 20.0;

/// Columns that a note names.
const NAMED: usize = 3;

/// The rows of a file, checked against what a model was trained on.
///
/// Opening refuses columns of other names or in another order, images of another size, and rows of another dimension; reading refuses
/// values that are not [`Values`] of the kind asked for.
///
/// ```
/// use fokker::config::Config;
/// use fokker::data::{Data, write_csv};
/// use fokker::input::{ModelRows, Values};
/// use fokker::model_file::{ModelInfo, read_model};
/// use fokker::jobs::Run;
/// use fokker::train::Trainer;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("x.csv");
/// write_csv(&path, &["length", "weight"], &[1.0, 2.0, 3.0, 5.0, 4.0, 4.0])?;
/// let data = format!("data={{kind=\"file\",path={path:?}}}");
/// let config = Config::preset("ring8", &[data, "network.width=4".into()])?;
/// let data = std::sync::Arc::new(Data::load(&config.data)?);
/// let run = Run::create(&folder.path().join("run"), &config, &data)?;
/// run.write_model(&config, &data, &Trainer::new(&config, &data)?.score(), 0)?;
/// let (info, _) = read_model(&run.model())?;
///
/// let (mut rows, mut values) = (ModelRows::open(&path, &info, Values::Continuous)?, Vec::new());
/// assert_eq!(rows.read(9, &mut values)?, 3);
/// assert!(rows.notes()?.is_empty());
///
/// write_csv(&path, &["weight", "length"], &[2.0, 1.0])?;
/// let error = ModelRows::open(&path, &info, Values::Continuous).err().ok_or("accepted")?;
/// assert!(error.to_string().ends_with("the same in another order"));
/// # Ok(()) }
/// ```
pub struct ModelRows<'a> {
    info: &'a ModelInfo,
    path: PathBuf,
    reader: RowReader,
    values: Values,
    /// A note on the names of the columns.
    note: Option<String>,
    seen: Seen,
}

impl<'a> ModelRows<'a> {
    /// Opens a table, or images for a model of images.
    ///
    /// # Errors
    /// [`DataError`]: as [`RowReader::open`]; [`DataError::Columns`], [`DataError::Dimension`], [`DataError::Kind`].
    pub fn open(path: &Path, info: &'a ModelInfo, values: Values) -> Result<Self, DataError> {
        let reader = RowReader::open(path, info.image, info.columns())?;
        let note = if reader.is_images() { None } else { columns(path, reader.names(), info)? };
        let note = note.or_else(|| unknown_columns(path, &reader.left_out()));
        if reader.dim() != info.dim {
            return Err(DataError::Dimension { path: path.into(), expected: info.dim, actual: reader.dim() });
        }
        if reader.is_levels() && info.levels.is_none() {
            return Err(kind(path, LEVELS, info));
        }
        Ok(Self { info, path: path.into(), reader, values, note, seen: Seen::new(info) })
    }

    /// The number of values in a row: the model's dimension.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.info.dim
    }

    /// The number of rows, where it is known before all are read.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.reader.rows()
    }

    /// Whether the rows are images of 8-bit grey levels.
    #[must_use]
    pub fn is_levels(&self) -> bool {
        self.reader.is_levels()
    }

    /// Puts the next rows, up to `most`, into `values` (row after row, in place of what was there); returns how many, 0 at the end.
    ///
    /// # Errors
    /// [`DataError`]: as [`RowReader::read`]; [`DataError::NotALevel`].
    pub fn read(&mut self, most: usize, values: &mut Vec<f64>) -> Result<usize, DataError> {
        let rows = self.reader.read(most, values)?;
        if self.values == Values::Levels && !self.reader.is_levels() {
            let is_level = |value: f64| value.fract() == 0.0 && (0.0..=255.0).contains(&value);
            if let Some(at) = values.iter().position(|&value| !is_level(value)) {
                let (path, row) = (self.path.clone(), self.reader.number(at / self.dim()));
                let column = (at % self.dim() + 1).into();
                return Err(DataError::NotALevel { path, row, column, value: values[at] });
            }
        }
        self.seen.add(values);
        Ok(rows)
    }

    /// Refuses points that no draw of q_t comes near: of the rows read last, those with |xᵢ − m midᵢ| > 10 m halfᵢ + 20 σ in a
    /// coordinate i whose training rows reach from midᵢ − halfᵢ to midᵢ + halfᵢ. A model that does not know its ranges refuses none.
    ///
    /// # Errors
    /// [`DataError::FarOff`].
    pub fn require_near(&self, values: &[f64], t: f64) -> Result<(), DataError> {
        let Some(data) = &self.info.data else {
            return Ok(());
        };
        let (c, dim) = (self.info.sde.at(t), self.dim());
        for (at, &value) in values.iter().enumerate() {
            let column = at % dim;
            let (shift, scale) = (self.info.scaling.shift[column], self.info.scaling.scale[column]);
            let x = if self.values == Values::Model { value } else { (value - shift) / scale };
            let (low, high) = data.range(column);
            let (low, high) = ((low - shift) / scale, (high - shift) / scale);
            let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
            if (x - c.m * middle).abs() <= FAR_RANGES * c.m * half + FAR_SIGMAS * c.sigma {
                continue;
            }
            let usual = [c.m * low - 3.0 * c.sigma, c.m * high + 3.0 * c.sigma];
            let [low, high] = usual.map(|x| rounded(if self.values == Values::Model { x } else { x * scale + shift }));
            let (row, column) = (self.reader.number(at / dim), data.column(column));
            return Err(DataError::FarOff { path: self.path.clone(), row, column, value, t, low, high });
        }
        Ok(())
    }

    /// What is worth a word, once all rows have been read.
    ///
    /// # Errors
    /// [`DataError::Kind`] if the values as a whole are in other units.
    pub fn notes(&self) -> Result<Vec<String>, DataError> {
        notes(&self.path, self.info, self.values, self.note.as_ref(), &self.seen)
    }
}

/// Reads a table of rows some of whose values are not known (NaN), and what is worth a word about it.
///
/// # Errors
/// As for [`ModelRows`].
pub fn read_with_gaps(path: &Path, info: &ModelInfo) -> Result<(Table, Vec<String>), DataError> {
    let table = read_table_with_gaps(path, None)?;
    let note = columns(path, table.names.as_deref(), info)?;
    table.require_dim(path, info.dim)?;
    let mut seen = Seen::new(info);
    seen.add(&table.values);
    let notes = notes(path, info, Values::Continuous, note.as_ref(), &seen)?;
    Ok((table, notes))
}

/// Refuses data of another kind than the model was trained on: images of another size, grey levels and continuous values for each other,
/// columns of other names or in another order. The result is what is worth a word: columns without names, or in other units.
///
/// # Errors
/// [`DataError::Kind`], [`DataError::ImageSize`], [`DataError::Dimension`], [`DataError::Columns`].
///
/// ```
/// # use fokker::{config::Config, data::{Data, DataConfig}, input::require_data, model_file::{ModelInfo, FORMAT_VERSION}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::preset("ring8", &[])?;
/// let data = Data::load(&config.data)?;
/// let info = ModelInfo {
///     version: FORMAT_VERSION, dim: 2, sde: config.sde.clone(), network: config.network.clone(), score: config.score,
///     scaling: data.scaling().clone(), levels: None, image: None, data: Some(data.info()), steps: 0, log_z: None,
/// };
/// assert!(require_data(&info, &data, "config.toml".as_ref())?.is_empty());
/// let other = Data::load(&DataConfig::Normal { dim: 3 })?;
/// assert!(require_data(&info, &other, "config.toml".as_ref()).is_err());
/// # Ok(()) }
/// ```
pub fn require_data(info: &ModelInfo, data: &Data, path: &Path) -> Result<Vec<String>, DataError> {
    let trained_on = info.data.as_ref().map(|data| data.kind);
    let is_generator = data.fingerprint().is_none();
    if is_generator && trained_on.is_some_and(|kind| kind != DataKind::Generator) {
        return Err(kind(path, "a built-in generator", info));
    }
    match (data.image_shape(), info.image) {
        (Some(actual), Some(expected)) if actual != expected => {
            let [expected, actual] = [expected, actual].map(|shape: ImageShape| shape.to_string());
            return Err(DataError::ImageSize { path: path.into(), expected, actual });
        }
        (actual, expected) if actual.is_some() != expected.is_some() || data.levels() != info.levels => {
            return Err(kind(path, described(None, actual.is_some(), data.levels().is_some()), info));
        }
        _ => {}
    }
    let note = if is_generator { None } else { columns(path, data.columns(), info)? };
    if data.dim() != info.dim {
        return Err(DataError::Dimension { path: path.into(), expected: info.dim, actual: data.dim() });
    }
    let (mut notes, mut far) = (Vec::from_iter(note), Vec::new());
    let (found, near) = (data.info(), near(info));
    if found.kind == DataKind::Table {
        let is_far = |column: usize| found.high[column] < near[column].0 || found.low[column] > near[column].1;
        far.extend((0..near.len()).filter(|&column| is_far(column)));
    }
    notes.extend(far_columns(path, info, &far));
    Ok(notes)
}

/// Refuses a table whose columns are not called what the model's are, before it is read for the model.
///
/// # Errors
/// [`DataError::Columns`]; as for opening the file.
pub fn require_names(info: &ModelInfo, config: &DataConfig) -> Result<(), DataError> {
    match config {
        // An archive's columns have no names.
        DataConfig::File(TableConfig { path, array: None, .. }) => match info.columns() {
            Some(names) => columns(path, TableReader::open_only(path, names)?.names(), info).map(drop),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

const LEVELS: &str = "images of 8-bit grey levels";

/// A kind of data in words.
fn described(kind: Option<DataKind>, images: bool, levels: bool) -> &'static str {
    match (kind, images, levels) {
        (Some(DataKind::Generator), ..) => "a built-in generator",
        (_, true, true) => LEVELS,
        (_, false, true) => "a table of grey levels",
        (_, true, false) => "images of continuous values",
        _ => "a table",
    }
}

fn kind(path: &Path, found: &str, info: &ModelInfo) -> DataError {
    let trained_on = info.data.as_ref().map(|data| data.kind);
    let expected = described(trained_on, info.image.is_some(), info.levels.is_some()).into();
    DataError::Kind { path: path.into(), found: found.into(), expected }
}

/// Checks the names of columns against the model's.
fn columns(path: &Path, names: Option<&[String]>, info: &ModelInfo) -> Result<Option<String>, DataError> {
    require_columns(path, names, info.columns())
}

/// What has been seen of all values.
struct Seen {
    low: f64,
    high: f64,
    whole: bool,
    /// For each column, the values that lie near the training rows' range, where that is known.
    near: Vec<(f64, f64)>,
    /// Is every row so far beyond?
    far: Vec<bool>,
}

impl Seen {
    fn new(info: &ModelInfo) -> Self {
        let near = near(info);
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, whole: true, far: vec![true; near.len()], near }
    }

    /// Takes in rows; NaN is not known.
    fn add(&mut self, values: &[f64]) {
        for &value in values.iter().filter(|value| !value.is_nan()) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            self.whole &= value.fract() == 0.0;
        }
        for row in values.chunks_exact(self.near.len().max(1)) {
            for ((far, (low, high)), value) in self.far.iter_mut().zip(&self.near).zip(row) {
                *far &= value < low || value > high;
            }
        }
    }
}

/// What is worth a word about the values as a whole, or what is wrong with them.
fn notes(
    path: &Path, info: &ModelInfo, values: Values, columns: Option<&String>, seen: &Seen,
) -> Result<Vec<String>, DataError> {
    let mut notes: Vec<String> = columns.cloned().into_iter().collect();
    let (checked, in_units) = (values == Values::Continuous, matches!(values, Values::Continuous | Values::Unchecked));
    let is_unit = info.levels.is_some() && seen.low >= 0.0 && seen.high <= 1.0 && !seen.whole;
    if in_units && is_unit {
        let found = "values that all lie in [0, 1]";
        if checked {
            return Err(kind(path, found, info));
        }
        notes.push(format!("{}: {found}, but the model's grey levels go from 0 to 255", path.display()));
    }
    let is_levels = info.image.is_some() && info.levels.is_none() && seen.whole && seen.low >= 0.0;
    if checked && is_levels && (2.0..=255.0).contains(&seen.high) {
        return Err(kind(path, "whole numbers from 0 to 255, as grey levels are", info));
    }
    if in_units {
        let far: Vec<usize> = (0..seen.far.len()).filter(|&column| seen.far[column]).collect();
        notes.extend(far_columns(path, info, &far));
    }
    Ok(notes)
}

/// For each column, between which values a row is near the training rows; none if they are not known.
fn near(info: &ModelInfo) -> Vec<(f64, f64)> {
    let near = |data: &DataInfo, column: usize| {
        let (low, high) = data.range(column);
        // The unit of a constant column is its scale.
        let width = if high > low { high - low } else { info.scaling.scale[column] };
        (low - FAR * width, high + FAR * width)
    };
    info.data.iter().flat_map(|data| (0..info.dim).map(|column| near(data, column))).collect()
}

/// A word about columns none of whose values is near the training rows.
fn far_columns(path: &Path, info: &ModelInfo, far: &[usize]) -> Option<String> {
    let (data, &first) = (info.data.as_ref()?, far.first()?);
    let mut named: Vec<String> = far.iter().take(NAMED).map(|&column| data.column(column)).collect();
    if far.len() > NAMED {
        named.push(format!("{} more", far.len() - NAMED));
    }
    let (low, high) = data.range(first);
    let (path, named, first) = (path.display(), named.join(", "), data.column(first));
    let (low, high) = (rounded(low), rounded(high));
    Some(format!(
        "{path}: every value of column {named} is more than ten ranges away from the training rows (column {first}: {low} to \
         {high}): is it in their units?"
    ))
}

/// Three significant digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}
