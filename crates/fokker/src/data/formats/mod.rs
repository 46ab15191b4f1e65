//! The formats of tables. A new one is a file beside this one, its module and its place in [`FORMATS`] here, and nothing else: all
//! that reads or writes a table asks for the format of the file's name.

pub(super) mod csv;
mod fields;
pub(super) mod format;
mod npy;
pub(super) mod npz;
mod parquet;
pub(super) mod picked;
pub(super) mod selection;

use std::path::Path;

use self::format::TableFormat;
use super::DataError;

/// All formats, in the order in which they are listed.
const FORMATS: &[&dyn TableFormat] =
    &[&npy::Npy, &npz::Npz, &csv::CSV, &csv::TSV, &parquet::Parquet, &csv::CSV_GZ, &csv::TSV_GZ];

/// A format of tables, as the programs that offer it have to know it.
///
/// ```
/// use fokker::data::table_formats;
/// let endings: Vec<_> = table_formats().map(|format| format.ending).collect();
/// assert_eq!(endings, ["npy", "npz", "csv", "tsv", "parquet", "csv.gz", "tsv.gz"]);
/// // An archive of arrays may be compressed, and is read whole.
/// assert!(table_formats().all(|format| format.in_pieces == (format.ending != "npz")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFormatInfo {
    /// What the names of its files end in, without the dot.
    pub ending: &'static str,
    /// Whether a file may be longer than memory: its rows are read as they are asked for.
    pub in_pieces: bool,
}

/// The formats that tables are read and written in, in the order in which they are usually listed; see [`TableFormatInfo`].
pub fn table_formats() -> impl Iterator<Item = TableFormatInfo> {
    FORMATS.iter().map(|format| TableFormatInfo { ending: format.endings()[0], in_pieces: format.is_read_in_pieces() })
}

/// The endings of all formats in one phrase, as messages list them, with more of them after.
///
/// ```
/// assert_eq!(fokker::data::table_endings(&["png"]), ".csv, .csv.gz, .npy, .npz, .parquet, .tsv, .tsv.gz or .png");
/// ```
#[must_use]
pub fn table_endings(more: &[&str]) -> String {
    let mut endings: Vec<&str> = table_formats().map(|format| format.ending).collect();
    endings.sort_unstable();
    endings.extend(more);
    let last = endings.pop().unwrap_or_default();
    format!(".{} or .{last}", endings.join(", ."))
}

/// Whether the name of a file is that of a table.
///
/// ```
/// use fokker::data::is_table;
/// assert!(is_table("x.CSV".as_ref()) && !is_table("x.png".as_ref()) && !is_table(".csv".as_ref()));
/// ```
#[must_use]
pub fn is_table(path: &Path) -> bool {
    find(path).is_some()
}

/// The format that a file's name says.
pub(super) fn format_of(path: &Path) -> Result<&'static dyn TableFormat, DataError> {
    find(path).ok_or_else(|| {
        let found = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let mut known: Vec<String> = table_formats().map(|format| format!(".{}", format.ending)).collect();
        let last = known.pop().unwrap_or_default();
        DataError::Extension { path: path.to_path_buf(), found, known: format!("{} and {last}", known.join(", ")) }
    })
}

fn find(path: &Path) -> Option<&'static dyn TableFormat> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let ends = |ending: &&str| {
        let stem = name.strip_suffix(ending).and_then(|name| name.strip_suffix('.'));
        stem.is_some_and(|stem| !stem.is_empty())
    };
    FORMATS.iter().find(|format| format.endings().iter().any(ends)).copied()
}
