//! Uncompressed columns without nulls, a row group at a time in memory.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::data::column::{Column, ColumnKind, Replay};

/// Values and rows of a row group, at most.
const GROUP_VALUES: usize = 1 << 22;
const GROUP_ROWS: usize = 1 << 17;

/// Writes the rows that `replay` hands out.
pub(super) fn write_columns(
    out: &mut (dyn Write + Send), columns: &[Column<'_>], replay: Replay<'_>,
) -> io::Result<()> {
    let mut properties = WriterProperties::builder().set_dictionary_enabled(false);
    for column in columns.iter().filter(|column| matches!(column.kind, ColumnKind::Label(_))) {
        properties = properties.set_column_dictionary_enabled(column.name.into(), true);
    }
    let schema = schema(columns).map_err(io::Error::other)?;
    let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()));
    let mut file = file.map_err(io::Error::other)?;
    let most = (GROUP_VALUES / columns.len().max(1)).clamp(1, GROUP_ROWS);
    let mut group = vec![Vec::new(); columns.len()];
    replay(&mut |row| {
        group.iter_mut().zip(row).for_each(|(column, &value)| column.push(value));
        if group.first().is_some_and(|column| column.len() == most) {
            write_group(&mut file, columns, &group).map_err(io::Error::other)?;
            group.iter_mut().for_each(Vec::clear);
        }
        Ok(())
    })?;
    if group.first().is_some_and(|column| !column.is_empty()) {
        write_group(&mut file, columns, &group).map_err(io::Error::other)?;
    }
    file.close().map(drop).map_err(io::Error::other)
}

fn schema(columns: &[Column<'_>]) -> Result<Type, ParquetError> {
    let field = |column: &Column<'_>| {
        let (physical, logical) = match column.kind {
            ColumnKind::Real => (Physical::DOUBLE, None),
            ColumnKind::Count => (Physical::INT64, None),
            ColumnKind::Label(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::REQUIRED);
        field.with_logical_type(logical).build().map(Arc::new)
    };
    let fields: Result<Vec<_>, _> = columns.iter().map(field).collect();
    Type::group_type_builder("schema").with_fields(fields?).build()
}

fn write_group<W: Write + Send>(
    file: &mut SerializedFileWriter<W>, columns: &[Column<'_>], values: &[Vec<f64>],
) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for (column, values) in columns.iter().zip(values) {
        let Some(mut writer) = group.next_column()? else {
            return Err(ParquetError::General("fewer columns than the schema has".into()));
        };
        match column.kind {
            ColumnKind::Real => writer.typed::<DoubleType>().write_batch(values, None, None)?,
            ColumnKind::Count => {
                #[allow(clippy::cast_possible_truncation)]
                let counts: Vec<i64> = values.iter().map(|&value| value as i64).collect();
                writer.typed::<Int64Type>().write_batch(&counts, None, None)?
            }
            ColumnKind::Label(_) => {
                let labels: Vec<ByteArray> = values.iter().map(|&value| column.label(value).into()).collect();
                writer.typed::<ByteArrayType>().write_batch(&labels, None, None)?
            }
        };
        writer.close()?;
    }
    group.close().map(drop)
}
