//! Columns in messages.

use std::fmt;
use std::path::Path;

use super::one_line::{one_line, shown};
use super::{DataError, nearest};

/// Characters of a name, and of a list of names, that are shown.
const NAME: usize = 40;
const LIST: usize = 200;

/// A column of a table, as messages call it: its number, and its name where it has one.
///
/// ```
/// use fokker::data::ColumnName;
/// assert_eq!(ColumnName::from(3).to_string(), "3");
/// assert_eq!(ColumnName::new(3, Some("length")).to_string(), "3 (length)");
/// assert_eq!(ColumnName::new(3, Some("length")).key(), "length");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// From 1.
    pub number: usize,
    /// What the file calls it.
    pub name: Option<String>,
}

impl ColumnName {
    /// A column by its number from 1, and its name.
    #[must_use]
    pub fn new(number: usize, name: Option<&str>) -> Self {
        Self { number, name: name.map(str::to_owned) }
    }

    /// What a config calls it.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.number.to_string())
    }

    /// A column by its place from 0 among names.
    pub(crate) fn at(place: usize, names: Option<&[String]>) -> Self {
        Self::new(place + 1, names.and_then(|names| names.get(place)).map(String::as_str))
    }
}

impl From<usize> for ColumnName {
    fn from(number: usize) -> Self {
        Self { number, name: None }
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({})", self.number, one_line(name, NAME)),
            None => write!(f, "{}", self.number),
        }
    }
}

/// The place, from 0, of the column that is called by a name, or by a number from 1; a name comes before a number.
///
/// ```
/// use fokker::data::column_place;
/// let names = ["length", "weight"].map(String::from);
/// assert_eq!((column_place("weight", Some(&names), 2), column_place("1", Some(&names), 2)), (Ok(1), Ok(0)));
/// assert_eq!(column_place("lenght", Some(&names), 2), Err("is `length` meant?".into()));
/// ```
///
/// # Errors
/// What may have been meant, or what columns there are.
pub fn column_place(column: &str, names: Option<&[String]>, dim: usize) -> Result<usize, String> {
    let column = column.trim();
    let by_name = names.and_then(|names| names.iter().position(|name| name.trim() == column));
    let by_number =
        || column.parse::<usize>().ok().filter(|number| (1..=dim).contains(number)).map(|number| number - 1);
    by_name.or_else(by_number).ok_or_else(|| match names {
        Some(names) => match nearest(column, names.iter().map(String::as_str)) {
            Some(meant) => format!("is `{meant}` meant?"),
            None => format!("there are {}", listed(names)),
        },
        None => format!("the {dim} columns have no names, but numbers from 1"),
    })
}

/// The same in a file, where it must be.
pub(super) fn place_in(path: &Path, column: &str, names: Option<&[String]>, dim: usize) -> Result<usize, DataError> {
    let missing = |reason| DataError::NoColumn { path: path.into(), column: one_line(column, NAME), reason };
    column_place(column, names, dim).map_err(missing)
}

/// What is said of a file's columns that a model has not; nothing if there is none.
pub(crate) fn unknown_columns(path: &Path, names: &[String]) -> Option<String> {
    let said = || format!("{}: left out, since the model has no such columns: {}", shown(path), listed(names));
    (!names.is_empty()).then(said)
}

/// Names in a row.
pub(super) fn listed(names: &[String]) -> String {
    one_line(&names.join(", "), LIST)
}
