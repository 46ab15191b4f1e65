//! What a model file says of the data that the model was trained on.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::column_name::{ColumnName, listed};
use super::one_line::one_line;
use super::{DataError, Fingerprint, ImageShape};

/// Kinds of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// Rows of a file, or of a potential.
    Table,
    /// Images.
    Images,
    /// A built-in generator.
    Generator,
}

/// What data were: kind, columns, ranges, contents.
///
/// Stored with a trained model, so that rows which are of another kind, in another order or in other units can be told.
///
/// ```
/// use fokker::data::{Data, DataConfig, DataKind};
/// let info = Data::load(&DataConfig::Checkerboard { cells: 4, half_width: 2.0 })?.info();
/// assert_eq!((info.kind, info.columns.is_none(), info.fingerprint), (DataKind::Generator, true, None));
/// assert!(info.range(1).0 < -1.9 && info.range(1).1 > 1.9);
/// # Ok::<(), fokker::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataInfo {
    /// Their kind.
    pub kind: DataKind,
    /// What the columns are called, in order; `None` if they have no names.
    pub columns: Option<Vec<String>>,
    /// The least value of each column over the training rows, in the data's units; of images a single one for all pixels.
    pub low: Vec<f64>,
    /// The greatest value, likewise.
    pub high: Vec<f64>,
    /// The steps that columns are multiples of, where training spread them, 0 for the others; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<f64>>,
    /// [`Data::fingerprint`](super::Data::fingerprint), as 16 hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub fingerprint: Option<u64>,
}

impl DataInfo {
    /// The least and the greatest value of a column, from 0, in the data's units.
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn range(&self, column: usize) -> (f64, f64) {
        let at = if self.low.len() == 1 { 0 } else { column };
        (self.low[at], self.high[at])
    }

    /// What messages call a column, from 0: its number from 1 and its name.
    ///
    /// ```
    /// # use fokker::data::{DataInfo, DataKind};
    /// let columns = Some(vec!["length".to_owned()]);
    /// let info = DataInfo { kind: DataKind::Table, columns, low: vec![0.0], high: vec![1.0], steps: None, fingerprint: None };
    /// assert_eq!(info.column(0), "1 (length)");
    /// ```
    #[must_use]
    pub fn column(&self, column: usize) -> String {
        ColumnName::at(column, self.columns.as_deref()).to_string()
    }

    /// Rounds rows, in the units of the data, to the steps of the columns that have steps.
    ///
    /// ```
    /// # use fokker::data::{DataInfo, DataKind};
    /// let (low, high, steps) = (vec![0.0; 2], vec![9.0; 2], Some(vec![1.0, 0.0]));
    /// let info = DataInfo { kind: DataKind::Table, columns: None, low, high, steps, fingerprint: None };
    /// let mut row = [2.4, 0.3];
    /// info.round(&mut row);
    /// assert_eq!(row, [2.0, 0.3]);
    /// ```
    pub fn round(&self, rows: &mut [f64]) {
        let Some(steps) = &self.steps else { return };
        for row in rows.chunks_exact_mut(steps.len()) {
            for ((x, step), low) in row.iter_mut().zip(steps).zip(&self.low).filter(|((_, step), _)| **step > 0.0) {
                *x = low + ((*x - low) / step).round() * step;
            }
        }
    }

    /// Is it of data of this shape? The reason if not.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub(crate) fn check(&self, dim: usize, image: Option<ImageShape>) -> Result<(), String> {
        if (self.kind == DataKind::Images) != image.is_some() {
            return Err("kind: it is `images` if and only if there is an `image`".into());
        }
        let ranges = if image.is_some() { 1 } else { dim };
        if [self.low.len(), self.high.len()] != [ranges; 2] {
            return Err(format!("low, high: {ranges} of each are needed"));
        }
        let mut pairs = self.low.iter().zip(&self.high);
        if !pairs.all(|(low, high)| low.is_finite() && high.is_finite() && low <= high) {
            return Err("low, high: a range is not finite, or upside down".into());
        }
        let wrong =
            |steps: &Vec<f64>| steps.len() != dim || steps.iter().any(|step| !(*step >= 0.0 && step.is_finite()));
        if self.steps.as_ref().is_some_and(wrong) {
            return Err(format!("steps: {dim} numbers, none below 0, are needed"));
        }
        match &self.columns {
            Some(columns) if columns.len() != dim => Err(format!("columns: {dim} names are needed")),
            _ => Ok(()),
        }
    }
}

/// Refuses columns that are not called what the model's are, or in another order. Columns without names are taken as they are: then the
/// result is a note that says so.
///
/// # Errors
/// [`DataError::Columns`], naming both orders.
///
/// ```
/// use fokker::data::require_columns;
/// let [ab, ba] = [["a", "b"], ["b", "a"]].map(|names| names.map(String::from));
/// let path = "x.csv".as_ref();
/// assert_eq!(require_columns(path, Some(&ab), Some(&ab))?, None);
/// assert_eq!(require_columns(path, None, Some(&ab))?.as_deref(), Some("x.csv: no column names: taken as a, b, in this order"));
/// let error = require_columns(path, Some(&ba), Some(&ab)).unwrap_err();
/// assert_eq!(error.to_string(), "x.csv: its columns are b, a, but the model's are a, b: the same in another order");
/// # Ok::<(), fokker::data::DataError>(())
/// ```
pub fn require_columns(
    path: &Path, found: Option<&[String]>, expected: Option<&[String]>,
) -> Result<Option<String>, DataError> {
    match (found, expected) {
        (Some(found), Some(expected)) if found != expected => Err(DataError::Columns {
            path: path.to_path_buf(),
            found: listed(found),
            expected: listed(expected),
            reason: difference(found, expected),
        }),
        (None, Some(expected)) => {
            let path = one_line(&path.to_string_lossy(), usize::MAX);
            Ok(Some(format!("{path}: no column names: taken as {}, in this order", listed(expected))))
        }
        _ => Ok(None),
    }
}

/// How lists of names differ.
fn difference(found: &[String], expected: &[String]) -> String {
    let (mut one, mut other) = (found.to_vec(), expected.to_vec());
    one.sort();
    other.sort();
    if one == other {
        return "the same in another order".into();
    }
    let missing: Vec<String> = expected.iter().filter(|name| !found.contains(name)).cloned().collect();
    let unknown: Vec<String> = found.iter().filter(|name| !expected.contains(name)).cloned().collect();
    match (missing.is_empty(), unknown.is_empty()) {
        (false, false) => format!("without {}, and with {}", listed(&missing), listed(&unknown)),
        (false, true) => format!("without {}", listed(&missing)),
        (true, false) => format!("with {}", listed(&unknown)),
        (true, true) => format!("{} columns, not {}", found.len(), expected.len()),
    }
}

/// A digest as text.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::Fingerprint;

    pub(super) fn serialize<S: Serializer>(digest: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        digest.map(Fingerprint::text).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let digest = Fingerprint::parse(&text);
        digest.map(Some).ok_or_else(|| de::Error::custom("fingerprint: not 16 hexadecimal digits"))
    }
}
