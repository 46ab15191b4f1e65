//! The rows of a user's file for a model.

use std::path::Path;

use anyhow::Result;
use fokker::input::ModelRows;
use fokker::memory::{product, require};

use crate::print::out;

/// Values read at a time.
const PIECE: usize = 1 << 16;

/// A look at a piece of the rows as they are read.
pub type Look<'a> = &'a dyn Fn(&ModelRows<'_>, &[f64]) -> Result<()>;

/// All rows of the file at `path`, in memory, after a look at each piece. What is worth a word is printed.
pub fn all(mut rows: ModelRows<'_>, path: &Path, look: Look<'_>) -> Result<Vec<f64>> {
    let (name, dim) = (path.display().to_string(), rows.dim());
    let known = rows.rows().map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
    require(&name, product(&[known, dim, 8]))?;
    let (mut all, mut piece) = (Vec::new(), Vec::new());
    while rows.read((PIECE / dim).max(1), &mut piece)? > 0 {
        look(&rows, &piece)?;
        require(&name, product(&[all.len() + piece.len(), 8]))?;
        all.extend_from_slice(&piece);
    }
    print_notes(rows.notes()?);
    Ok(all)
}

/// Says what is worth a word.
pub fn print_notes(notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|note| out!("note: {note}"));
}
