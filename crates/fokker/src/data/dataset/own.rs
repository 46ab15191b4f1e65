//! Data that the caller has in memory.

use std::path::Path;

use super::data::{Data, Known};
use super::source::Source;
use crate::data::finite::require_finite;
use crate::data::images::{Images, Loaded, Pixels, Preparation};
use crate::data::input::require;
use crate::data::table_rows::{Fit, Rows};
use crate::data::{DataConfig, DataError, Fingerprint, ImageShape, Scaling, ScalingConfig, Table};
use crate::density::mixture::Mixture;

/// What messages call the data.
const ROWS: &str = "rows";
const HELD_OUT_ROWS: &str = "held-out rows";
const IMAGES: &str = "images";
const HELD_OUT_IMAGES: &str = "held-out images";

/// Which rows are held out.
///
/// ```
/// use fokker::data::HeldOutRows;
/// assert_eq!(HeldOutRows::<Vec<f64>>::default(), HeldOutRows::Part(0.1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeldOutRows<T> {
    /// This part of them, between 0 and 1: at least one, and the same ones each time.
    Part(f64),
    /// These, beside the others, all of which are trained on.
    Given(T),
}

impl<T> Default for HeldOutRows<T> {
    /// A tenth.
    fn default() -> Self {
        Self::Part(0.1)
    }
}

/// What [`Data::from_rows`] makes of rows; the default is that of [`DataConfig::File`].
///
/// ```
/// use fokker::data::{RowsOptions, ScalingConfig};
/// let options = RowsOptions { scaling: ScalingConfig::None, ..RowsOptions::default() };
/// assert!(options.truth.is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct RowsOptions {
    /// The rows that are held out, those that are given being row after row, in the units of the others.
    pub held_out: HeldOutRows<Vec<f64>>,
    /// How columns are scaled, from the training rows alone.
    pub scaling: ScalingConfig,
    /// A scaling in place of one that is fitted: that of a model which is measured on the rows.
    pub given_scaling: Option<Scaling>,
    /// What the columns are called.
    pub columns: Option<Vec<String>>,
    /// The density that the rows were drawn from, if it is known; only with [`ScalingConfig::None`], as its coordinates are the model's.
    pub truth: Option<Mixture>,
    /// The differential entropy of that density, in nats, in the units of the rows.
    pub entropy: Option<f64>,
}

/// Pixels of images, one image after another, each row after row, the channels of a pixel together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PixelValues<'a> {
    /// 8-bit grey levels, to which noise is added as they are drawn.
    Levels(&'a [u8]),
    /// Continuous values, whose range, one for all pixels, becomes \[−1, 1\].
    Continuous(&'a [f32]),
}

impl<'a> From<&'a [u8]> for PixelValues<'a> {
    fn from(levels: &'a [u8]) -> Self {
        Self::Levels(levels)
    }
}

impl<'a> From<&'a [f32]> for PixelValues<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Continuous(values)
    }
}

/// What [`Data::from_images`] makes of images; the default is that of [`DataConfig::Images`].
#[derive(Clone, Debug, Default)]
pub struct ImagesOptions<'a> {
    /// The images that are held out.
    pub held_out: HeldOutRows<PixelValues<'a>>,
    /// Whether each training row that is drawn is mirrored, left to right, with probability 1/2.
    pub flip: bool,
    /// A scaling in place of the fitted one: that of a model which is measured on the images.
    pub given_scaling: Option<Scaling>,
}

impl Data {
    /// Data of the caller's own: rows of `dim` numbers each (`f64`, `f32`, or whatever becomes `f64` without loss), row after row.
    ///
    /// It is trained on and audited as that of a file, by which it is also told from other data ([`fingerprint`](Data::fingerprint)). A
    /// run's config says that its data was the caller's own ([`saved_as`](Data::saved_as)): to go on with the run, hand over the same again.
    ///
    /// # Errors
    /// [`DataError`]: numbers that are not finite or no whole number of rows, too few rows, a scaling that cannot be fitted, options that
    /// do not belong to rows of `dim` columns.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use fokker::config::Config;
    /// use fokker::data::{Data, HeldOutRows, RowsOptions};
    /// use fokker::train::{Silent, Trainer};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // A parabola, 200 points of it.
    /// let rows: Vec<f32> = (0..200).flat_map(|i| [i as f32 / 100.0 - 1.0, (i as f32 / 100.0 - 1.0).powi(2)]).collect();
    /// let columns = Some(["x", "x squared"].map(String::from).to_vec());
    /// let options = RowsOptions { held_out: HeldOutRows::Part(0.2), columns, ..RowsOptions::default() };
    /// let data = Arc::new(Data::from_rows(&rows, 2, &options)?);
    /// assert_eq!((data.len(), data.held_out_len()), (Some(160), Some(40)));
    ///
    /// let config = Config::preset("ring8", &["train.steps=20".into(), "network.width=8".into()])?;
    /// let mut trainer = Trainer::new(&config, &data)?;
    /// trainer.run(&mut Silent)?;
    /// assert_eq!(trainer.steps_done(), 20);
    /// # Ok(()) }
    /// ```
    pub fn from_rows<R: Copy + Into<f64>>(rows: &[R], dim: usize, options: &RowsOptions) -> Result<Self, DataError> {
        let RowsOptions { held_out, scaling, given_scaling, columns, truth, entropy } = options;
        if dim == 0 {
            return Err(DataError::parameter("dim", dim, "must be at least 1"));
        }
        if let Some(found) = columns.as_ref().map(Vec::len).filter(|&found| found != dim) {
            return Err(DataError::parameter("columns", format!("{found} names"), format!("{dim} are needed")));
        }
        if let Some(found) = truth.as_ref().map(Mixture::dim).filter(|&found| found != dim) {
            return Err(DataError::parameter("truth", format!("of dimension {found}"), format!("must be of {dim}")));
        }
        let given = if let HeldOutRows::Given(given) = held_out { &given[..] } else { &[] };
        let own = count(ROWS, rows.len(), dim)?;
        let held_out_count = count(HELD_OUT_ROWS, given.len(), dim)?;
        // The rows, here and where they are scaled.
        require(Path::new(ROWS), &[rows.len() + given.len(), 2 * size_of::<f64>()])?;
        let values: Vec<f64> = rows.iter().map(|&x| x.into()).chain(given.iter().copied()).collect();
        require_finite(Path::new(ROWS), &values[..rows.len()], dim, 0, false, columns.as_deref())?;
        require_finite(Path::new(HELD_OUT_ROWS), given, dim, 0, false, columns.as_deref())?;
        let table = Table { rows: own + held_out_count, dim, values, names: columns.clone() };
        let fit = given_scaling.as_ref().map_or(Fit::To(*scaling), Fit::Given);
        let (rows, scaling) = match held_out {
            HeldOutRows::Part(part) => Rows::split(table, *part, fit, Path::new(ROWS))?,
            HeldOutRows::Given(_) => {
                at_least_one(ROWS, own)?;
                at_least_one(HELD_OUT_ROWS, held_out_count)?;
                let marks: Vec<bool> = (0..table.rows).map(|row| row >= own).collect();
                let fingerprint = fingerprint(&table, own);
                Rows::of(table, &marks, fingerprint, fit, Path::new(ROWS))?
            }
        };
        if truth.is_some() && scaling != Scaling::identity(dim) {
            let reason = "must change nothing where the truth is given, whose coordinates are the model's";
            return Err(DataError::parameter("scaling", "not none", reason));
        }
        let (low, high) = rows.bounds();
        let known = Known { truth: truth.clone().map(Box::new), entropy: *entropy };
        Ok(Self { source: Source::Rows(rows), scaling, low, high, own: Some(known), potential: None })
    }

    /// Data of the caller's own: images of one shape, as `u8` grey levels or as continuous `f32` values.
    ///
    /// What is said of [`from_rows`](Data::from_rows) holds here, too.
    ///
    /// # Errors
    /// [`DataError`]: values that are not finite or no whole number of images, too few images, held-out images of another kind.
    ///
    /// ```
    /// use fokker::data::{Data, HeldOutRows, ImageShape, ImagesOptions};
    /// let shape = ImageShape { height: 2, width: 2, channels: 1 };
    /// let (train, test) = ([0_u8, 50, 100, 255, 7, 8, 9, 10], [1_u8, 2, 3, 4]);
    /// let options = ImagesOptions { held_out: HeldOutRows::Given(test[..].into()), ..ImagesOptions::default() };
    /// let data = Data::from_images(&train[..], shape, &options)?;
    /// assert_eq!((data.dim(), data.len(), data.held_out_len(), data.levels()), (4, Some(2), Some(1), Some(256)));
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    pub fn from_images<'a>(
        pixels: impl Into<PixelValues<'a>>, shape: ImageShape, options: &ImagesOptions<'_>,
    ) -> Result<Self, DataError> {
        if shape.dim() == 0 {
            let needed = "at least one pixel an image";
            return Err(DataError::Shape { path: IMAGES.into(), found: shape.to_string(), needed });
        }
        let train = kept(IMAGES, pixels.into(), shape)?;
        let (held_out, part) = match options.held_out {
            HeldOutRows::Part(part) => (None, part),
            HeldOutRows::Given(pixels) => (Some(kept(HELD_OUT_IMAGES, pixels, shape)?), 0.1),
        };
        if let Some(held_out) = &held_out {
            let kind = |pixels: &Pixels| if matches!(pixels, Pixels::Bytes(_)) { "8-bit" } else { "floating-point" };
            let (expected, actual) = (kind(&train).to_owned(), kind(held_out).to_owned());
            if expected != actual {
                let (path, other) = (HELD_OUT_IMAGES.into(), IMAGES.into());
                return Err(DataError::Disagree { path, other, what: "the type of the pixels", expected, actual });
            }
        }
        let loaded = Loaded { format: "images in memory".into(), shape, train, held_out, labels: None };
        let how = Preparation { flip: options.flip, held_out: part, given: options.given_scaling.as_ref() };
        let (images, scaling) = Images::of(loaded, Path::new(IMAGES), how)?;
        let (low, high) = images.bounds();
        let own = Some(Known::default());
        Ok(Self { source: Source::Images(images), scaling, low, high, own, potential: None })
    }

    /// Whether the caller handed the data over, so that no config can name it.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, RowsOptions};
    /// assert!(Data::from_rows(&[1.0, 2.0, 3.0], 1, &RowsOptions::default())?.is_own());
    /// assert!(!Data::load(&DataConfig::default())?.is_own());
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// What the `[data]` table of a saved config says of the data: `config`, which it was loaded from, or that it was the caller's own.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, RowsOptions};
    /// let ring = DataConfig::default();
    /// assert_eq!(Data::load(&ring)?.saved_as(&ring), ring);
    /// let own = Data::from_rows(&[1.0, 2.0, 3.0], 1, &RowsOptions::default())?;
    /// assert_eq!(own.saved_as(&ring), DataConfig::Memory {});
    /// assert!(Data::load(&DataConfig::Memory {}).is_err());
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn saved_as(&self, config: &DataConfig) -> DataConfig {
        if self.is_own() { DataConfig::Memory {} } else { config.clone() }
    }
}

/// The number of whole rows that values are.
fn count(what: &str, values: usize, dim: usize) -> Result<usize, DataError> {
    if values.is_multiple_of(dim) {
        return Ok(values / dim);
    }
    let found = format!("{values} values for {dim} columns");
    Err(DataError::Shape { path: what.into(), found, needed: "a whole number of rows" })
}

fn at_least_one(what: &str, count: usize) -> Result<(), DataError> {
    if count > 0 {
        return Ok(());
    }
    Err(DataError::TooFewRows { path: what.into(), actual: 0, needed: 1 })
}

/// Of training rows and of held-out ones that were given apart.
pub(super) fn fingerprint(table: &Table, own: usize) -> u64 {
    let mut print = Fingerprint::default();
    print.bytes(b"rows");
    print.numbers(&[own as f64, (table.rows - own) as f64, table.dim as f64]);
    print.numbers(&table.values);
    print.digest()
}

/// Images as they are kept.
fn kept(what: &str, pixels: PixelValues<'_>, shape: ImageShape) -> Result<Pixels, DataError> {
    let dim = shape.dim();
    let (values, size) = match pixels {
        PixelValues::Levels(levels) => (levels.len(), 1),
        PixelValues::Continuous(values) => (values.len(), size_of::<f32>()),
    };
    if !values.is_multiple_of(dim) {
        let found = format!("{values} values for images of {shape}");
        return Err(DataError::Shape { path: what.into(), found, needed: "a whole number of images" });
    }
    at_least_one(what, values / dim)?;
    require(Path::new(what), &[values, size])?;
    match pixels {
        PixelValues::Levels(levels) => Ok(Pixels::Bytes(levels.to_vec())),
        PixelValues::Continuous(values) => {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                let (row, column, value) = (at / dim + 1, at % dim + 1, f64::from(values[at]));
                return Err(DataError::NonFinite { path: what.into(), row, column: column.into(), value });
            }
            Ok(Pixels::Floats(values.to_vec()))
        }
    }
}
