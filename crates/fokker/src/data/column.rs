//! The columns of a table that is written row by row.

use std::io;

/// What a column holds. Values are handed over as `f64` whatever it is.
///
/// ```
/// use fokker::data::{Column, ColumnKind};
/// let outcome = Column { name: "outcome", kind: ColumnKind::Label(&["converged", "failed"]) };
/// assert!(matches!(outcome.kind, ColumnKind::Label(labels) if labels.len() == 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind<'a> {
    /// Numbers, in double precision.
    Real,
    /// Whole numbers from 0 to 2⁵³: `<i8` in NumPy's formats, INT64 in `.parquet`.
    Count,
    /// One of these texts, by its index: the text in `.csv` and `.parquet`, the index as `|u1` in NumPy's formats.
    Label(&'a [&'a str]),
}

/// A column of a table to be written.
///
/// ```
/// use fokker::data::{Column, ColumnKind};
/// let column = Column { name: "log_prob", kind: ColumnKind::Real };
/// assert_eq!(column.name, "log_prob");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds.
    pub kind: ColumnKind<'a>,
}

impl Column<'_> {
    /// The text that `value` stands for; empty if there is none.
    pub(super) fn label(&self, value: f64) -> &str {
        match self.kind {
            ColumnKind::Label(labels) => labels.get(value as usize).copied().unwrap_or_default(),
            _ => "",
        }
    }
}

/// Hands each row (one value for each column) to its argument, and the same rows again when called again.
pub type Replay<'a> = &'a dyn Fn(&mut dyn FnMut(&[f64]) -> io::Result<()>) -> io::Result<()>;
