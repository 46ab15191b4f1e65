//! Columns in messages.

use std::fmt;

use super::one_line::one_line;

/// Characters of a name, and of a list of names, that are shown.
const NAME: usize = 40;
const LIST: usize = 200;

/// A column of a table, as messages call it: its number, and its name where it has one.
///
/// ```
/// use fokker::data::ColumnName;
/// assert_eq!(ColumnName::from(3).to_string(), "3");
/// assert_eq!(ColumnName::new(3, Some("length")).to_string(), "3 (length)");
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

/// Names in a row.
pub(super) fn listed(names: &[String]) -> String {
    one_line(&names.join(", "), LIST)
}
