//! Arrays as they are written: row-major, little-endian.

use std::io::{self, Write};

use super::header::MAGIC;
use crate::data::column::{Column, ColumnKind, Replay};

/// Values converted to bytes at a time.
const PIECE: usize = 1 << 12;

/// Writes an array of doubles.
pub(in crate::data) fn write_array(out: &mut dyn Write, shape: &[usize], values: &[f64]) -> io::Result<()> {
    out.write_all(&header_bytes("<f8", shape))?;
    let bytes = |piece: &[f64]| piece.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    values.chunks(PIECE).try_for_each(|piece| out.write_all(&bytes(piece)))
}

/// The bytes that [`write_array`] writes.
pub(in crate::data) fn array_size(shape: &[usize], values: usize) -> u64 {
    header_bytes("<f8", shape).len() as u64 + 8 * values as u64
}

/// Writes column `at` of the rows that `replay` hands out, as an array of one dimension.
pub(in crate::data) fn write_column(
    out: &mut dyn Write, column: &Column<'_>, at: usize, rows: u64, replay: Replay<'_>,
) -> io::Result<()> {
    out.write_all(&column_header(column, rows)?)?;
    replay(&mut |row| write_element(out, column, row[at]))
}

/// Writes an array of any shape, whose values `replay` hands out in pieces, row-major.
pub(in crate::data) fn write_pieces(
    out: &mut dyn Write, column: &Column<'_>, shape: &[usize], replay: Replay<'_>,
) -> io::Result<()> {
    out.write_all(&header_bytes(dtype(column).0, shape))?;
    let (mut values, expected) = (0, shape.iter().product::<usize>());
    replay(&mut |piece| {
        values += piece.len();
        piece.iter().try_for_each(|&value| write_element(out, column, value))
    })?;
    if values == expected { Ok(()) } else { Err(io::Error::other(format!("{values} values came, not {expected}"))) }
}

/// The bytes that [`write_pieces`] writes.
pub(in crate::data) fn pieces_size(column: &Column<'_>, shape: &[usize]) -> u64 {
    let values: u64 = shape.iter().map(|&size| size as u64).product();
    header_bytes(dtype(column).0, shape).len() as u64 + values * dtype(column).1 as u64
}

/// The bytes that [`write_column`] writes.
pub(in crate::data) fn column_size(column: &Column<'_>, rows: u64) -> io::Result<u64> {
    Ok(column_header(column, rows)?.len() as u64 + rows * dtype(column).1 as u64)
}

fn column_header(column: &Column<'_>, rows: u64) -> io::Result<Vec<u8>> {
    Ok(header_bytes(dtype(column).0, &[usize::try_from(rows).map_err(io::Error::other)?]))
}

/// A column's element type, and its bytes.
fn dtype(column: &Column<'_>) -> (&'static str, usize) {
    match column.kind {
        ColumnKind::Real => ("<f8", 8),
        ColumnKind::Count => ("<i8", 8),
        ColumnKind::Label(_) => ("|u1", 1),
    }
}

fn write_element(out: &mut dyn Write, column: &Column<'_>, value: f64) -> io::Result<()> {
    match column.kind {
        ColumnKind::Real => out.write_all(&value.to_le_bytes()),
        ColumnKind::Count => out.write_all(&(value as i64).to_le_bytes()),
        ColumnKind::Label(_) => out.write_all(&[value as u8]),
    }
}

/// The bytes before the values of a row-major array of element type `descr`: they end on a multiple of 64.
fn header_bytes(descr: &str, shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let unpadded = 10 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::header::Header;
    use super::*;

    #[test]
    fn written_headers_are_aligned_and_read_back() {
        for shape in [&[][..], &[3], &[3, 4], &[1_000_000_000, 2, 3, 4, 5, 6, 7, 8]] {
            let bytes = header_bytes("<f8", shape);
            assert_eq!(bytes.len() % 64, 0);
            let header = Header::parse(std::str::from_utf8(&bytes[10..]).unwrap()).unwrap();
            assert_eq!(header.shape, shape.iter().map(|&size| size as u64).collect::<Vec<_>>());
        }
    }
}
