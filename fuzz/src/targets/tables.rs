//! Tables of numbers.

use std::path::Path;

use fokker::data::{
    Data, DataConfig, Missing, ScalingConfig, TableConfig, TableReader, parse_table, read_table_with_gaps,
};

use super::place::{check, folder, put};

pub fn npy(bytes: &[u8]) {
    table("npy", bytes, &[None]);
}

pub fn npz(bytes: &[u8]) {
    table("npz", bytes, &[None, Some("x")]);
}

/// Of each ending in turn, by the first byte: the separator alone differs.
pub fn csv(bytes: &[u8]) {
    let ending = if bytes.first().is_some_and(|byte| byte % 2 == 0) { "tsv" } else { "csv" };
    table(ending, bytes, &[None]);
}

pub fn parquet(bytes: &[u8]) {
    table("parquet", bytes, &[None]);
}

/// Reads a table from memory; one in eight, by its length, from a file, too, which must be the same, whole and in pieces, and as data.
fn table(ending: &str, bytes: &[u8], arrays: &[Option<&str>]) {
    let name = format!("x.{ending}");
    let parse = |array| check(parse_table(Path::new(&name), bytes.to_vec(), array));
    if !bytes.len().is_multiple_of(8) {
        arrays.iter().for_each(|&array| drop(parse(array)));
        return;
    }
    let path = put(&folder(ending), &name, bytes);
    for &array in arrays {
        assert_eq!(parse(array).map(|table| table.values), in_pieces(&path, array));
        check(read_table_with_gaps(&path, array));
    }
    let config = TableConfig { scaling: ScalingConfig::Standardise, ..TableConfig::new(path) };
    check(Data::load(&DataConfig::File(TableConfig { missing: Missing::DropRow, ..config.clone() })));
    check(Data::load(&DataConfig::File(TableConfig { dequantise: vec!["1".into()], ..config.clone() })));
    check(Data::load(&DataConfig::File(config)));
}

/// All values, read two rows at a time.
fn in_pieces(path: &Path, array: Option<&str>) -> Option<Vec<f64>> {
    let mut reader = check(TableReader::open(path, array))?;
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    while check(reader.read(2, &mut rows))? > 0 {
        all.extend_from_slice(&rows);
    }
    Some(all).filter(|all| !all.is_empty())
}
