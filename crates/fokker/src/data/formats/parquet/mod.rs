//! Tables in `.parquet` files: flat columns of numbers.

mod read;
mod source;
mod thrift;
mod write;

use std::io::{self, Write};

use self::read::ParquetRows;
use super::format::{Options, RowSource, TableFormat};
use crate::data::DataError;
use crate::data::column::{Column, Replay};
use crate::data::input::Input;

/// Apache Parquet.
pub(super) struct Parquet;

impl TableFormat for Parquet {
    fn endings(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn selects(&self) -> bool {
        true
    }

    fn open(&self, input: Input, options: Options<'_>) -> Result<Box<dyn RowSource>, DataError> {
        Ok(Box::new(ParquetRows::open(input, options)?))
    }

    fn write_columns(
        &self, out: &mut (dyn Write + Send), columns: &[Column<'_>], _: u64, replay: Replay<'_>,
    ) -> io::Result<()> {
        write::write_columns(out, columns, replay)
    }
}
