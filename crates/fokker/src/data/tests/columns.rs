//! Columns that are left out, spread, told; missing values; separators.

use super::{file, put, rng};
use crate::data::{
    Data, DataConfig, DataError, Description, Missing, ScalingConfig, TableConfig, TableReader, describe, parse_table,
    read_table, read_table_with_gaps, write_npy, write_rows,
};

const FLOWERS: &str = "id,species,length,petals\n1,setosa,0.5,3\n2,setosa,NA,4\n3,virginica,0.75,3\n4,,1.5,5\n5,setosa,0.25,\n6,setosa,2.5,9\n";

fn load(config: TableConfig) -> Result<Data, DataError> {
    Data::load(&DataConfig::File(TableConfig { scaling: ScalingConfig::None, held_out: 0.25, ..config }))
}

fn strings(all: &[&str]) -> Vec<String> {
    all.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn columns_are_dropped_and_rows_with_gaps_left_out() {
    let (_folder, path) = file("x.csv", FLOWERS.as_bytes());
    let all = TableConfig::new(&path);
    let error = load(all.clone()).unwrap_err().to_string();
    assert!(
        error.contains("row 2, column 2 (species): \"setosa\" is not a number (data.drop = [\"species\"]"),
        "{error}"
    );
    let drop = TableConfig { drop: strings(&["species", "1"]), ..all.clone() };
    let error = load(drop.clone()).unwrap_err().to_string();
    assert!(
        error.contains("row 3, column 3 (length): \"NA\" is a missing value (data.missing = \"drop-row\""),
        "{error}"
    );
    let data = load(TableConfig { missing: Missing::DropRow, ..drop.clone() }).unwrap();
    // Six rows, two of which have a gap in a column that is read; a text that is missing matters to nobody.
    assert_eq!(data.columns().unwrap(), ["length", "petals"]);
    assert_eq!(data.len().unwrap() + data.held_out_len().unwrap(), 4);
    let said = &data.notes()[0];
    assert_eq!(
        said,
        "2 of 6 rows are left out, in which a value is missing: 1 in column 1 (length), 1 in column 2 (petals)"
    );
    let error = load(TableConfig { drop: strings(&["specie"]), ..all.clone() }).unwrap_err().to_string();
    assert!(error.contains("is `species` meant?"), "{error}");
    // A table of which no row is whole.
    let (_folder, path) = file("x.csv", b"a,b\n1,\n,2\n");
    let none = load(TableConfig { missing: Missing::DropRow, ..TableConfig::new(path) }).unwrap_err();
    assert!(matches!(none, DataError::TooFewRows { actual: 0, .. }), "{none}");
}

#[test]
fn columns_of_arrays_are_dropped_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    write_npy(&path, &[3, 3], &[1.0, f64::NAN, 2.0, 3.0, f64::INFINITY, 4.0, 5.0, 0.0, f64::NAN]).unwrap();
    let drop = TableConfig { drop: strings(&["2"]), ..TableConfig::new(&path) };
    let error = load(drop.clone()).unwrap_err().to_string();
    assert!(error.contains("row 3, column 3: NaN"), "the file's own number: {error}");
    let data = load(TableConfig { missing: Missing::DropRow, ..drop }).unwrap();
    assert_eq!((data.dim(), data.len().unwrap() + data.held_out_len().unwrap()), (2, 2));
    let beyond = load(TableConfig { drop: strings(&["4"]), ..TableConfig::new(&path) }).unwrap_err().to_string();
    assert!(beyond.contains("no column \"4\""), "{beyond}");
}

#[test]
fn dequantised_columns_are_spread_and_the_others_are_not() {
    let text: String = (0..400).map(|i| format!("{},{}\n", i % 7, f64::from(i) / 8.0)).collect();
    let (_folder, path) = file("x.csv", text.as_bytes());
    let plain = load(TableConfig::new(&path)).unwrap();
    let spread = load(TableConfig { dequantise: strings(&["1"]), ..TableConfig::new(&path) }).unwrap();
    let (mut row, mut draws) = ([0.0_f32; 2], Vec::new());
    let mut random = rng(5);
    for _ in 0..20_000 {
        spread.draw(&mut random, &mut row);
        assert_eq!((row[1] * 8.0).fract(), 0.0, "the second column stays as it is");
        draws.push(f64::from(row[0]));
    }
    // Uniform over a step around each value: on the whole, between −½ and 6½.
    let mean = draws.iter().sum::<f64>() / 2e4;
    let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2e4;
    assert!((mean - 3.0).abs() < 4.0 * (49.0_f64 / 12.0 / 2e4).sqrt() + 0.05, "{mean}");
    assert!((variance - 49.0 / 12.0).abs() < 0.15, "{variance}");
    assert!(draws.iter().all(|x| (-0.5..=6.5).contains(x)));
    assert!(draws.iter().filter(|x| x.fract() == 0.0).count() < 10);
    let (low, high) = spread.bounds();
    assert!(low[0] <= -0.49 && high[0] >= 6.49 && plain.bounds().0[0] == 0.0);
    plain.draw(&mut random, &mut row);
    assert_eq!(row[0].fract(), 0.0, "and without it nothing is spread");
    // What is told of it in the model's file, and rounding.
    let info = spread.info();
    assert_eq!(info.steps, Some(vec![1.0, 0.0]));
    let mut rows = [2.4, 0.3, -0.7, 1.1];
    info.round(&mut rows);
    assert_eq!(rows, [2.0, 0.3, -1.0, 1.1]);
    let error = load(TableConfig { dequantise: strings(&["3"]), ..TableConfig::new(&path) }).unwrap_err();
    assert!(error.to_string().contains("no column \"3\""), "{error}");
    let (_folder, real) = file("x.csv", b"0.1\n0.73\n0.3\n0.9\n");
    let error = load(TableConfig { dequantise: strings(&["1"]), ..TableConfig::new(real) }).unwrap_err();
    assert!(error.to_string().contains("not multiples of one step"), "{error}");
}

#[test]
fn columns_that_a_density_makes_little_of_are_named() {
    let text: String = "site,index,age,mass\n".to_owned()
        + &(0..200).map(|i| format!("7,{i},{},{}\n", i * i % 61, f64::from(i * 37 % 199).sqrt())).collect::<String>();
    let (_folder, path) = file("x.csv", text.as_bytes());
    let notes = load(TableConfig::new(&path)).unwrap().notes().join("\n");
    for part in
        ["column 1 (site) has the same value", "column 2 (index) counts the rows", "column 3 (age) has whole numbers"]
    {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    assert!(!notes.contains("mass"), "{notes}");
    let quiet =
        TableConfig { drop: strings(&["site", "index"]), dequantise: strings(&["age"]), ..TableConfig::new(&path) };
    assert!(load(quiet).unwrap().notes().is_empty());
}

#[test]
fn separators_and_decimal_commas() {
    let of = |name: &str, text: &str| {
        parse_table(name.as_ref(), text.as_bytes().to_vec(), None).map(|table| (table.dim, table.values))
    };
    for (text, values) in [
        ("a;b\n1;2,5\n3;4\n", [1.0, 2.5, 3.0, 4.0]),
        ("1,5;2,5\n3;4\n", [1.5, 2.5, 3.0, 4.0]),
        ("1;2\n3;4\n", [1.0, 2.0, 3.0, 4.0]),
        ("a\tb\n1\t2\n3\t4\n", [1.0, 2.0, 3.0, 4.0]),
        ("\u{feff}a,b\r\n1,2\r\n3,4\r\n", [1.0, 2.0, 3.0, 4.0]),
        ("\"a;x\",b\n1,2\n3,4\n", [1.0, 2.0, 3.0, 4.0]),
    ] {
        assert_eq!(of("x.csv", text).unwrap(), (2, values.to_vec()), "{text:?}");
    }
    // Between commas a comma is none of a number.
    assert_eq!(of("x.csv", "1,5\n2,5\n").unwrap().0, 2);
    assert!(of("x.tsv", "a;b\n1;2\n").is_err());
}

#[test]
fn compressed_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv.gz");
    write_rows(&path, "x", &["length", "weight"], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap()[..2], [0x1f, 0x8b]);
    let table = read_table(&path, None).unwrap();
    assert_eq!((table.names.unwrap(), table.values), (strings(&["length", "weight"]), vec![1.0, 2.0, 3.0, 4.0]));
    let whole = std::fs::read(&path).unwrap();
    let cut = put(folder.path(), "cut.csv.gz", &whole[..whole.len() - 12]);
    assert!(read_table(&cut, None).is_err());
    let plain = put(folder.path(), "plain.csv.gz", b"1,2\n");
    assert!(read_table(&plain, None).is_err());
}

#[test]
fn gaps_in_text_are_unknown_values() {
    let (_folder, path) = file("x.csv", b"a,b\n1,\nNA,2\n?,null\n");
    let table = read_table_with_gaps(&path, None).unwrap();
    assert_eq!(table.values.iter().filter(|value| value.is_nan()).count(), 4);
    let (_folder, text) = file("x.csv", b"a,b\n1,many\n");
    assert!(matches!(read_table_with_gaps(&text, None), Err(DataError::NotANumber { .. })));
}

#[test]
fn a_description_takes_what_there_is() {
    let (_folder, path) = file("x.csv", FLOWERS.as_bytes());
    let Description::Table(found) = describe(&path, None, None, 0.1).unwrap() else { panic!() };
    let [id, species, length, petals] = &found.columns[..] else { panic!() };
    assert_eq!((found.rows, id.missing, species.text, species.missing), (6, 0, 5, 1));
    assert_eq!((length.missing, length.min, length.max, petals.different), (1, 0.25, 2.5, Some(4)));
    let said = found.remarks.join("\n");
    for part in
        ["column 2 (species) has 5 values that are text", "column 3 (length) has 1 missing", "column 1 (id) counts"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_model_s_columns_are_found_in_a_wider_table() {
    let (_folder, path) = file("x.csv", FLOWERS.as_bytes());
    let mut reader = TableReader::open_only(&path, &strings(&["id"])).unwrap();
    let mut values = Vec::new();
    assert_eq!(reader.read(9, &mut values).unwrap(), 6);
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(reader.left_out(), ["species", "length", "petals"]);
    // If one is not there, all are read, and the names tell.
    let error = TableReader::open_only(&path, &strings(&["id", "width"])).err().unwrap();
    assert!(matches!(error, DataError::NotANumber { .. }), "{error}");
}
