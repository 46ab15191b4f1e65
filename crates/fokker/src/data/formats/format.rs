//! What a format of tables does: hand out rows, and write them.

use std::io::{self, Write};
use std::path::Path;

use crate::data::DataError;
use crate::data::column::{Column, ColumnKind, Replay};
use crate::data::input::{Input, require};

use super::selection::Selection;

/// Rows that are read at a time where all are wanted.
const BATCH: usize = 1 << 13;

/// A format of tables: a file in this folder, and a line in its `mod.rs`.
pub(in crate::data) trait TableFormat: Sync {
    /// What the names of its files end in, in lower case and without the dot; the first is used in messages.
    fn endings(&self) -> &'static [&'static str];

    /// Whether a file may be longer than memory: its rows are read as they are asked for.
    fn is_read_in_pieces(&self) -> bool {
        true
    }

    /// Whether a file may hold several arrays, one of which is chosen by its name.
    fn has_named_arrays(&self) -> bool {
        false
    }

    /// Whether the format reads the columns that are asked for and no others; of one that does not, they are picked from all.
    fn selects(&self) -> bool {
        false
    }

    /// Begins to read: whatever is wrong with a file, and can be told without reading all rows, is refused.
    fn open(&self, input: Input, options: Options<'_>) -> Result<Box<dyn RowSource>, DataError>;

    /// Writes `rows` rows of columns of any kind, which `replay` hands out as often as it is called.
    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], rows: u64, replay: Replay<'_>,
    ) -> io::Result<()>;

    /// Writes rows that belong together.
    fn write_matrix(&self, out: &mut (dyn Write + Send), matrix: &Matrix<'_>) -> io::Result<()> {
        let columns: Vec<_> = matrix.columns.iter().map(|&name| Column { name, kind: ColumnKind::Real }).collect();
        let rows = matrix.values.chunks_exact(matrix.columns.len().max(1));
        self.write_columns(out, &columns, rows.len() as u64, &|each| rows.clone().try_for_each(&mut *each))
    }
}

/// How a table is read.
#[derive(Clone, Copy, Default)]
pub(in crate::data) struct Options<'a> {
    /// The array, where there are several.
    pub(in crate::data) array: Option<&'a str>,
    /// Is NaN a value: one that is not known?
    pub(in crate::data) gaps: bool,
    /// Is text such a value, too, to be counted?
    pub(in crate::data) texts: bool,
    /// The columns.
    pub(in crate::data) selection: Selection<'a>,
}

/// Rows of as many values as there are columns.
pub(in crate::data) struct Matrix<'a> {
    /// What it is called where arrays have names.
    pub(in crate::data) name: &'a str,
    /// What its columns are called where columns have names, one at least.
    pub(in crate::data) columns: &'a [&'a str],
    /// The rows, one after another.
    pub(in crate::data) values: &'a [f64],
}

/// An open table, whose rows come in order.
pub(in crate::data) trait RowSource: Send {
    /// The number of columns, at least 1.
    fn dim(&self) -> usize;

    /// What the columns are called, if they have names.
    fn names(&self) -> Option<Vec<String>> {
        None
    }

    /// The names of the file's columns that are not read.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many values of each column were text up to now; shorter, where there was none.
    fn texts(&self) -> Vec<u64> {
        Vec::new()
    }

    /// The number of rows, where it is known before all are read.
    fn rows(&self) -> Option<u64>;

    /// Appends the next rows, up to `most`, to `values`, none at the end. What messages call each of them goes into `numbers`, which
    /// stay as they are if that is its number from 1.
    fn read(&mut self, most: usize, values: &mut Vec<f64>, numbers: &mut Vec<u64>) -> Result<(), DataError>;

    /// All rows of a table that has just been opened; `what` is the file.
    fn read_all(&mut self, what: &Path) -> Result<Vec<f64>, DataError> {
        let (dim, mut values, mut numbers) = (self.dim(), Vec::new(), Vec::new());
        // Rows at a time, and values that room is made for as they come.
        let (most, room) = match self.rows() {
            Some(rows) => {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                require(what, &[rows, dim, size_of::<f64>()])?;
                values.reserve_exact(rows * dim);
                (BATCH, 0)
            }
            None => (1, dim),
        };
        loop {
            let before = values.len();
            make_room(what, &mut values, room)?;
            self.read(most, &mut values, &mut numbers)?;
            numbers.clear();
            if values.len() == before {
                return Ok(values);
            }
        }
    }
}

/// Makes room for so many values more, as long as there may be memory for them: a stream may have no end.
fn make_room(what: &Path, values: &mut Vec<f64>, wanted: usize) -> Result<(), DataError> {
    let (length, capacity) = (values.len(), values.capacity());
    if capacity - length < wanted {
        let more = wanted.max(length / 2);
        // Growing may need both the old and the new.
        require(what, &[capacity + length + more, size_of::<f64>()])?;
        values.reserve_exact(more);
    }
    Ok(())
}
