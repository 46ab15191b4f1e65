//! What can be wrong with data.

use std::io;
use std::path::PathBuf;

use super::ColumnName;
use super::one_line::{one_line, shown};
use crate::memory::MemoryError;

/// What is wrong with a data file, a generator's parameter or an array to be written.
///
/// Each message is one line that names the file (or the key), the place in it and the reason. Rows and columns count
/// from 1; in a `.csv` file the row is the line of the file, its header included.
///
/// ```
/// use fokker::data::{DataError, read_table};
/// let error = read_table("missing.npy".as_ref(), None).unwrap_err();
/// assert!(matches!(error, DataError::Missing { .. }));
/// assert_eq!(error.to_string(), "missing.npy: no such file");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file or folder is not there.
    #[error("{}: no such file", shown(.path))]
    Missing {
        /// The file looked for.
        path: PathBuf,
    },
    /// The operating system or a decompressor failed while reading.
    #[error("{}: cannot be read: {source}", shown(.path))]
    Read {
        /// The file being read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system failed while writing; nothing is left behind under the file's name.
    #[error("{}: cannot be written: {source}", shown(.path))]
    Write {
        /// The file being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends before the values its header announces.
    #[error("{}: truncated: {expected} bytes expected, {actual} found", shown(.path))]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes the header announces, the header included.
        expected: u64,
        /// Bytes there are.
        actual: u64,
    },
    /// The file goes on after the values its header announces.
    #[error("{}: too long: {expected} bytes expected, {actual} or more found", shown(.path))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes the header announces, the header included.
        expected: u64,
        /// Bytes seen.
        actual: u64,
    },
    /// The first bytes are not those of the format.
    #[error("{}: not {format}: it starts with {found}", shown(.path))]
    Magic {
        /// The file.
        path: PathBuf,
        /// The format its name promises.
        format: &'static str,
        /// Its first bytes, in hexadecimal.
        found: String,
    },
    /// The structure of the file is broken.
    #[error("{}: damaged: {reason}", shown(.path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is broken.
        reason: String,
    },
    /// Two files that belong together disagree.
    #[error("{}: {what} is {actual}, but {expected} in {}", shown(.path), shown(.other))]
    Disagree {
        /// The file.
        path: PathBuf,
        /// The file it belongs to.
        other: PathBuf,
        /// What they disagree on.
        what: &'static str,
        /// The value in `other`.
        expected: String,
        /// The value in `path`.
        actual: String,
    },
    /// A value is NaN or infinite.
    #[error("{}: row {row}, column {column}: {value} is not a finite number", shown(.path))]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// The column.
        column: ColumnName,
        /// The value.
        value: f64,
    },
    /// A value is finite but does not fit in single precision once scaled.
    #[error("{}: row {row}, column {column}: {value} does not fit in single precision after scaling", shown(.path))]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// The column.
        column: ColumnName,
        /// The value in the file.
        value: f64,
    },
    /// A field of a text file is not a number.
    #[error("{}: row {row}, column {column}: {text} is not a number (data.drop = [\"{}\"] leaves the column out)", shown(.path), one_line(&.column.key(), 40))]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Line of the text file, or row, from 1.
        row: u64,
        /// The column.
        column: ColumnName,
        /// The field, quoted, its control characters escaped.
        text: String,
    },
    /// A value is missing: an empty field of a text file or the like, a null of a `.parquet` file.
    #[error("{}: row {row}, column {column}: {text} is a missing value (data.missing = \"drop-row\" leaves such rows out)", shown(.path))]
    MissingCell {
        /// The file.
        path: PathBuf,
        /// Line of the text file, or row, from 1.
        row: u64,
        /// The column.
        column: ColumnName,
        /// What stands there.
        text: String,
    },
    /// A column that is to be left out, or dequantised, is not there.
    #[error("{}: no column {column:?}: {reason}", shown(.path))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What it was called.
        column: String,
        /// What may have been meant, or what there is.
        reason: String,
    },
    /// A row of a text file is longer or shorter than the first.
    #[error("{}: row {row}: {actual} columns, but {expected} in the first row", shown(.path))]
    Ragged {
        /// The file.
        path: PathBuf,
        /// Line of the file, from 1.
        row: u64,
        /// Columns of the first row.
        expected: usize,
        /// Columns of this row.
        actual: usize,
    },
    /// A line of a text file has more fields than a table has columns.
    #[error("{}: more than {most} columns", shown(.path))]
    TooWide {
        /// The file.
        path: PathBuf,
        /// The most columns that are read.
        most: usize,
    },
    /// The file holds too few rows for what is asked of it.
    #[error("{}: {actual} rows, at least {needed} needed", shown(.path))]
    TooFewRows {
        /// The file.
        path: PathBuf,
        /// Rows there are.
        actual: usize,
        /// Rows needed.
        needed: usize,
    },
    /// The file's extension is none of those that can be read (or, for a result, written).
    #[error("{}: unknown extension {found:?}; {known} can be read", shown(.path))]
    Extension {
        /// The file.
        path: PathBuf,
        /// Its extension; empty for none.
        found: String,
        /// Those that can be read.
        known: String,
    },
    /// The array's element type cannot be read as a number.
    #[error("{}: element type {found}; {known} can be read", shown(.path))]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The type as the file writes it.
        found: String,
        /// Those that can be read.
        known: &'static str,
    },
    /// The file is whole, but of a kind that is not read.
    #[error("{}: {what}, which is not read", shown(.path))]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is, or what it is made by.
        what: String,
    },
    /// The elements of an array of images are of another type than those that images can have.
    #[error("{}: element type {found}; images are u1 (grey levels), or f2, f4 or f8 in [0, 1] or [-1, 1]", shown(.path))]
    PixelType {
        /// The file.
        path: PathBuf,
        /// The type as the file writes it.
        found: String,
    },
    /// Images that belong together differ in size.
    #[error("{}: {actual} pixels, but {expected} in {}; the key `size` crops and resizes image files", shown(.path), shown(.other))]
    MixedSizes {
        /// The image.
        path: PathBuf,
        /// An image before it.
        other: PathBuf,
        /// Height × width of `other`.
        expected: String,
        /// Height × width of `path`.
        actual: String,
    },
    /// An image file cannot be decoded.
    #[error("{}: not an image that can be read: {reason}", shown(.path))]
    Picture {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// No images are recognised at the path, or those of several data sets.
    #[error("{}: {reason}", shown(.path))]
    Unrecognised {
        /// The file or folder.
        path: PathBuf,
        /// What was looked for, or found.
        reason: String,
    },
    /// The array has not the shape needed.
    #[error("{}: shape {found}; {needed} is needed", shown(.path))]
    Shape {
        /// The file.
        path: PathBuf,
        /// The shape there is.
        found: String,
        /// The shape needed.
        needed: &'static str,
    },
    /// The archive has not the array asked for, or several and none was asked for.
    #[error("{}: {reason}; it holds {names}", shown(.path))]
    Array {
        /// The archive.
        path: PathBuf,
        /// What is wrong with the choice.
        reason: String,
        /// The names of its arrays.
        names: String,
    },
    /// A key of the configuration has a value outside its range.
    #[error("{key} = {value}: {reason}")]
    Parameter {
        /// The key.
        key: &'static str,
        /// The value given.
        value: String,
        /// What the value must be.
        reason: String,
    },
    /// The rows of a file have not the model's dimension.
    #[error("{}: {actual} columns, but the model's dimension is {expected}", shown(.path))]
    Dimension {
        /// The file.
        path: PathBuf,
        /// The dimension needed.
        expected: usize,
        /// The dimension there is.
        actual: usize,
    },
    /// The file does not hold what it held when training began.
    #[error("{}: it is not what training began with: other values, or other rows ({actual:016x}, not {expected:016x})", shown(.path))]
    Changed {
        /// The file or folder.
        path: PathBuf,
        /// The fingerprint of what training began with.
        expected: u64,
        /// The fingerprint of what is there.
        actual: u64,
    },
    /// The columns of a file are called otherwise than those of the data that the model was trained on.
    #[error("{}: its columns are {found}, but the model's are {expected}: {reason}", shown(.path))]
    Columns {
        /// The file.
        path: PathBuf,
        /// The names in the file, in order.
        found: String,
        /// The names in the data that the model was trained on, in order.
        expected: String,
        /// How they differ.
        reason: String,
    },
    /// Images of another shape than the model's.
    #[error("{}: {actual} pixels, but the model's images have {expected}", shown(.path))]
    ImageSize {
        /// The file or folder.
        path: PathBuf,
        /// Height × width (× channels) of the model's images.
        expected: String,
        /// Height × width (× channels) of those there.
        actual: String,
    },
    /// Data of another kind than the model was trained on.
    #[error("{}: {found}, but the model was trained on {expected}", shown(.path))]
    Kind {
        /// The file or folder.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What the model was trained on.
        expected: String,
    },
    /// A value that is no grey level, in a row of grey levels.
    #[error("{}: row {row}, column {column}: {value} is no grey level, a whole number from 0 to 255", shown(.path))]
    NotALevel {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: u64,
        /// The column.
        column: ColumnName,
        /// The value.
        value: f64,
    },
    /// A point that is far outside of where the model has been trained at the time asked for.
    #[error("{}: row {row}, column {column}: {value} is far outside of the model's points at t = {t}, which go from about {low:.4} to {high:.4}", shown(.path))]
    FarOff {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: u64,
        /// Column, from 1, and its name if it has one.
        column: String,
        /// The value.
        value: f64,
        /// The time.
        t: f64,
        /// The least value that is usual.
        low: f64,
        /// The greatest value that is usual.
        high: f64,
    },
    /// A scaling is not usable: a length, a shift or a scale is wrong.
    #[error("scaling: {reason}")]
    Scaling {
        /// What is wrong.
        reason: String,
    },
    /// The data would take more memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A contact sheet of images cannot be drawn.
    #[error("image grid: {reason}")]
    ContactSheet {
        /// What is wrong.
        reason: String,
    },
    /// A config says that the data were the caller's own: there is no file to load them from.
    #[error(
        "data.kind = \"memory\": the data were in the memory of the program that trained on them, and no file holds them: hand \
         them over again, or name data that can be loaded"
    )]
    InMemory,
}
