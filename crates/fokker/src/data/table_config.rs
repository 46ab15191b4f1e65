//! The `[data]` table of a file of rows.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ScalingConfig;

/// A table of numbers, one row per point: `.npy` (2-D), `.npz`, `.csv` or `.tsv` (header optional; also `.gz`) or `.parquet`.
///
/// Text is separated by commas in `.csv` files, or by semicolons or tabs where its first line is; of those between semicolons a decimal
/// comma is one.
///
/// ```
/// use fokker::data::{DataConfig, Missing, TableConfig};
/// let config: DataConfig = toml::from_str("kind = \"file\"\npath = \"x.csv\"\ndrop = [\"id\"]\nmissing = \"drop-row\"")?;
/// let expected = TableConfig { drop: vec!["id".into()], missing: Missing::DropRow, ..TableConfig::new("x.csv") };
/// assert_eq!(config, DataConfig::File(expected));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// The file, relative to the config that names it, else to the working folder.
    pub path: PathBuf,
    /// The array's name in an `.npz` archive in which several have rows and columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<String>,
    /// Columns that are left out, by name or by number from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Columns of whole numbers, or of multiples of another step, that are spread evenly over a step around each value whenever a row is
    /// drawn, by name or by number from 1: numbers that are counted have a density then. Samples are rounded to the steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dequantise: Vec<String>,
    /// What is done with a row in which a value is missing.
    #[serde(default, skip_serializing_if = "Missing::is_default")]
    pub missing: Missing,
    /// The part of the rows that is held out, between 0 and 1; the same rows each time, at least one.
    #[serde(default = "held_out")]
    pub held_out: f64,
    /// How columns are scaled, from the training rows alone.
    #[serde(default)]
    pub scaling: ScalingConfig,
}

impl TableConfig {
    /// The rows of a file, all else by default.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            array: None,
            drop: Vec::new(),
            dequantise: Vec::new(),
            missing: Missing::default(),
            held_out: held_out(),
            scaling: ScalingConfig::default(),
        }
    }
}

fn held_out() -> f64 {
    0.1
}

/// What is done with a row in which a value is missing: an empty cell, `NA`, `N/A`, `NaN`, `null`, `none` or `?` of a text, a null of a
/// `.parquet` file, NaN elsewhere.
///
/// ```
/// assert_eq!(fokker::data::Missing::default(), fokker::data::Missing::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The table is refused, naming the cell.
    #[default]
    Refuse,
    /// The row is left out, and how many are is said.
    DropRow,
}

impl Missing {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
