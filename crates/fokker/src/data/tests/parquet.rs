//! `.parquet` files: those that others wrote (`parquet/make.py`), and what others would find in ours.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{file, put};
use crate::data::{
    Column, ColumnKind, Data, DataConfig, DataError, ScalingConfig, TableConfig, TableReader, read_table,
    read_table_with_gaps, write_columns, write_rows,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/data/tests/parquet/{name}.parquet"))
}

/// What `make.py` put into its files of numbers.
fn numbers() -> Vec<f64> {
    let row = |i: i32| {
        let i = f64::from(i);
        let (i64, u64) = (-(2_f64.powi(40)) * i, 2_f64.powi(63) + 4096.0 * i);
        [i - 3.0, 2_f64.powi(32) - 1.0 - i, i64, u64, i / 4.0, i / 10.0]
    };
    (0..7).flat_map(row).collect()
}

#[test]
fn files_written_by_others() {
    for name in ["none", "snappy", "zstd", "gzip", "lz4", "v2", "polars"] {
        let table = read_table(&fixture(name), None).unwrap();
        assert_eq!((table.rows, table.dim), (7, 6), "{name}");
        assert_eq!(table.values, numbers(), "{name}");
    }
}

#[test]
fn a_compression_that_is_not_read_is_named() {
    let error = read_table(&fixture("brotli"), None).unwrap_err();
    assert!(error.is_request() && error.to_string().ends_with("compressed by Brotli, which is not read"), "{error}");
}

#[test]
fn numbers_of_every_kind() {
    let decimals = [-1.25, 0.01, 99.5];
    let table = read_table(&fixture("kinds"), None).unwrap();
    assert_eq!(table.names.as_deref().unwrap(), ["half", "flag", "d6", "d16", "d30", "d38"]);
    let halves = [-0.5, 2.0, 65504.0].into_iter().zip([1.0, 0.0, 1.0]);
    let expected = halves.zip(decimals).flat_map(|((half, flag), d)| [half, flag, d, d, d, d]);
    assert_eq!(table.values, expected.collect::<Vec<_>>());
    let table = read_table(&fixture("integers"), None).unwrap();
    assert_eq!(table.values, decimals.iter().flat_map(|&d| [d, d]).collect::<Vec<_>>());
}

#[test]
fn an_index_without_a_name_is_no_column() {
    let table = read_table(&fixture("index"), None).unwrap();
    assert_eq!((table.names.unwrap(), table.values), (vec!["x".into(), "y".into()], vec![1.0, 4.0, 3.0, 6.0]));
    let table = read_table(&fixture("named-index"), None).unwrap();
    assert_eq!((table.names.unwrap(), table.values[..2].to_vec()), (vec!["y".into(), "x".into()], vec![4.0, 1.0]));
}

#[test]
fn nulls_are_gaps_where_there_may_be_some() {
    let table = read_table_with_gaps(&fixture("null"), None).unwrap();
    assert_eq!(table.values[..5], [1.0, 1.0, 2.0, 2.0, 3.0]);
    assert!(table.values[5].is_nan() && table.values[6] == 4.0 && table.values[7].is_nan());
}

#[test]
fn a_table_of_contents_larger_than_memory() {
    // Eight bytes from the end stands its length; before it is nothing but a hole.
    let (_folder, path) = file("x.parquet", b"PAR1");
    let out = std::fs::File::options().write(true).open(&path).unwrap();
    out.set_len((1 << 33) - 8).unwrap();
    let end = [&(u32::MAX - 100).to_le_bytes()[..], b"PAR1"].concat();
    std::fs::File::options().append(true).open(&path).unwrap().write_all(&end).unwrap();
    let error = read_table(&path, None).unwrap_err();
    assert!(matches!(&error, DataError::Memory(error) if error.what.ends_with("x.parquet")), "{error}");
}

#[test]
fn what_is_wrong_is_said() {
    let message = |name: &str| {
        let message = read_table(&fixture(name), None).unwrap_err().to_string();
        assert!(!message.chars().any(char::is_control));
        message.split_once(".parquet: ").unwrap().1.to_string()
    };
    assert_eq!(
        message("null"),
        "row 3, column 2 (y): null is a missing value (data.missing = \"drop-row\" leaves such rows out)"
    );
    assert_eq!(message("nan"), "row 3, column 1 (x): NaN is not a finite number");
    assert_eq!(message("empty"), "0 rows, at least 1 needed");
    for (name, start) in [
        ("text", "element type String in column 2 (\"name\"); booleans, decimals, "),
        ("time", "element type Timestamp"),
        ("list", "element type nested in column 1 (\"x.list.element\")"),
        ("struct", "element type nested in column 1 (\"s.x\")"),
        ("wide", "element type Decimal in column 2 (\"d\")"),
    ] {
        assert!(message(name).starts_with(start), "{name}: {}", message(name));
    }
    let named = read_table(&fixture("none"), Some("x")).unwrap_err();
    assert!(matches!(named, DataError::Parameter { key: "array", .. }), "{named}");
}

#[test]
fn files_that_are_none() {
    let good = std::fs::read(fixture("snappy")).unwrap();
    for bytes in [&b""[..], b"1,2\n", &[0; 64]] {
        let (_folder, path) = file("x.parquet", bytes);
        assert!(matches!(read_table(&path, None), Err(DataError::Magic { .. })));
    }
    for end in 4..good.len() {
        let (_folder, path) = file("x.parquet", &good[..end]);
        let error = read_table(&path, None).unwrap_err();
        assert!(matches!(error, DataError::Damaged { .. }), "{end}: {error}");
    }
}

#[test]
fn training_takes_them() {
    let config = DataConfig::File(TableConfig {
        held_out: 0.2,
        scaling: ScalingConfig::Standardise,
        ..TableConfig::new(fixture("zstd"))
    });
    let data = Data::load(&config).unwrap();
    assert_eq!((data.dim(), data.len()), (6, Some(6)));
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    // Three row groups.
    let rows = (1 << 18) + 5;
    let values: Vec<f64> = (0..rows).map(|i| f64::from(i).sqrt()).collect();
    write_rows(&path, "", &["x"], &values).unwrap();
    let table = read_table(&path, None).unwrap();
    assert!(table.dim == 1 && table.values == values);
    assert!(write_rows(&path, "", &["x", "y"], &[1.0]).is_err());
    let columns =
        [Column { name: "n", kind: ColumnKind::Count }, Column { name: "o", kind: ColumnKind::Label(&["a", "b"]) }];
    write_columns(&path, &columns, 2, &|row| {
        row(&[7.0, 1.0])?;
        row(&[9.0, 0.0])
    })
    .unwrap();
    let error = read_table(&path, None).unwrap_err().to_string();
    assert!(error.contains("element type String in column 2"), "{error}");
    write_columns(&path, &columns[..1], 2, &|row| {
        row(&[7.0])?;
        row(&[9.0])
    })
    .unwrap();
    assert_eq!(read_table(&path, None).unwrap().values, [7.0, 9.0]);
}

#[test]
fn rows_that_do_not_come_leave_the_file_alone() {
    let columns = [Column { name: "x", kind: ColumnKind::Real }];
    for name in ["x.csv", "x.tsv", "x.npy", "x.npz", "x.parquet"] {
        let (folder, path) = file(name, b"old");
        assert!(write_columns(&path, &columns, 2, &|row| row(&[1.0])).is_err());
        assert!(write_columns(&path, &columns, 1, &|row| row(&[1.0, 2.0])).is_err());
        assert!(write_columns(&path, &columns, 1, &|_| Err(std::io::Error::other("gone"))).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        write_columns(&path, &columns, 1, &|row| row(&[1.0])).unwrap();
        if name != "x.npz" && name != "x.npy" {
            assert_eq!(read_table(&path, None).unwrap().values, [1.0], "{name}");
        }
    }
}

/// Damage anywhere is refused or changes numbers; it never makes the reader panic.
#[test]
fn damage_makes_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["none", "snappy", "v2", "polars"] {
        let good = std::fs::read(fixture(name)).unwrap();
        for at in (4..good.len()).step_by(3) {
            for value in [[0xff, good[at] ^ 0x01], [good[at] ^ 0x80, good[at].wrapping_add(2)]][at % 2] {
                let mut bytes = good.clone();
                bytes[at] = value;
                let path = put(folder.path(), "x.parquet", &bytes);
                if let Err(error) = read_table(&path, None) {
                    let message = error.to_string();
                    assert!(!message.chars().any(char::is_control), "{message:?}");
                }
            }
        }
    }
}

/// All formats hand out the same rows however they are cut, in both memory orders.
#[test]
fn rows_in_pieces() {
    let (rows, dim) = (10_000, 3);
    let values: Vec<f64> = (0..rows * dim).map(|i| i as f64 / 8.0).collect();
    let bytes = |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    let turned: Vec<f64> = (0..dim).flat_map(|c| values[c..].iter().step_by(dim).copied()).collect();
    let folder = tempfile::tempdir().unwrap();
    let shape = format!("({rows}, {dim})");
    put(folder.path(), "c.npy", &super::npy("'<f8'", "False", &shape, &bytes(&values)));
    put(folder.path(), "f.npy", &super::npy("'<f8'", "True", &shape, &bytes(&turned)));
    crate::data::write_npz(&folder.path().join("x.npz"), &[("x", &[rows, dim], &values)]).unwrap();
    crate::data::write_csv(&folder.path().join("x.csv"), &["a", "b", "c"], &values).unwrap();
    for name in ["x.tsv", "x.parquet"] {
        write_rows(&folder.path().join(name), "", &["a", "b", "c"], &values).unwrap();
    }
    for name in ["c.npy", "f.npy", "x.npz", "x.csv", "x.tsv", "x.parquet"] {
        let path = folder.path().join(name);
        assert_eq!(read_table(&path, None).unwrap().values, values, "{name}");
        for most in [1, 7, 8192, 9999, 20_000] {
            let mut table = TableReader::open(&path, None).unwrap();
            assert_eq!(table.dim(), dim);
            assert_eq!(table.rows(), (!["x.csv", "x.tsv"].contains(&name)).then_some(rows as u64));
            let (mut all, mut piece) = (Vec::<f64>::new(), Vec::new());
            loop {
                let read = table.read(most, &mut piece).unwrap();
                assert_eq!((piece.len(), read), (read * dim, most.min(rows - all.len() / dim)));
                if read == 0 {
                    break;
                }
                all.extend(&piece);
            }
            assert!(all == values, "{name} {most}");
        }
    }
}
