//! All rows of a user's file for a model, in memory.

use std::path::Path;

use super::error::JobError;
use super::observer::{Observer, notes};
use crate::input::ModelRows;
use crate::memory::{product, require};

/// Values read at a time.
const PIECE: usize = 1 << 16;

/// A look at a piece of the rows as they are read.
pub(super) type Look<'a> = &'a dyn Fn(&ModelRows<'_>, &[f64]) -> Result<(), JobError>;

/// All rows of the file at `path`, after a look at each piece.
pub(super) fn all(
    mut rows: ModelRows<'_>, path: &Path, look: Look<'_>, observer: &dyn Observer,
) -> Result<Vec<f64>, JobError> {
    let (name, dim) = (path.display().to_string(), rows.dim());
    let known = rows.rows().map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
    require(&name, product(&[known, dim, 8]))?;
    let (mut all, mut piece) = (Vec::new(), Vec::new());
    while rows.read((PIECE / dim).max(1), &mut piece)? > 0 {
        look(&rows, &piece)?;
        require(&name, product(&[all.len() + piece.len(), 8]))?;
        all.extend_from_slice(&piece);
    }
    notes(observer, rows.notes()?);
    Ok(all)
}
