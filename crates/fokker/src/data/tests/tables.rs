use super::{file, npy, rng};
use crate::data::formats::npz::write_archive;
use crate::data::{
    Data, DataConfig, DataError, Scaling, ScalingConfig, TableConfig, bits_per_dim, read_table, write_csv, write_npy,
    write_npz,
};

fn load(path: &std::path::Path, held_out: f64, scaling: ScalingConfig) -> Result<Data, DataError> {
    Data::load(&DataConfig::File(TableConfig { held_out, scaling, ..TableConfig::new(path) }))
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn message(name: &str, bytes: &[u8]) -> String {
    let (_folder, path) = file(name, bytes);
    let message = read_table(&path, None).unwrap_err().to_string();
    assert!(!message.contains('\n') && message.contains(name), "{message}");
    message.split_once(": ").unwrap().1.to_string()
}

#[test]
fn numpy_files_in_both_memory_orders() {
    let values: Vec<f64> = (0..6).map(f64::from).collect();
    let (_folder, path) = file("a.npy", &npy("'<f8'", "True", "(2, 3)", &doubles(&values)));
    assert_eq!(read_table(&path, None).unwrap().values, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    let (_folder, path) = file("a.NPY", &npy("'|i1'", "False", "(3, 1)", &[1, 0xff, 0x80]));
    assert_eq!(read_table(&path, None).unwrap().values, [1.0, -1.0, -128.0]);
}

#[test]
fn tabs_separate_the_values_of_tsv_files() {
    let (_folder, path) = file("a.tsv", b"mass\tspeed, m/s\n1.5\t-2\n 3\t4e3 \n");
    let table = read_table(&path, None).unwrap();
    assert_eq!((table.dim, &table.values[..]), (2, &[1.5, -2.0, 3.0, 4000.0][..]));
    assert_eq!(table.names.unwrap(), ["mass", "speed, m/s"]);
    assert_eq!(
        message("a.tsv", b"1\t2\n3\t\n"),
        "row 2, column 2: \"\" is a missing value (data.missing = \"drop-row\" leaves such rows out)"
    );
    assert_eq!(message("a.tsv", b"1\t2\n1,2\n"), "row 2: 1 columns, but 2 in the first row");
}

#[test]
fn what_is_wrong_with_a_numpy_file_is_said() {
    let good = npy("'<f8'", "False", "(2, 1)", &doubles(&[1.0, 2.0]));
    let size = good.len();
    assert_eq!(message("a.npy", &good[..size - 3]), format!("truncated: {size} bytes expected, {} found", size - 3));
    assert_eq!(
        message("a.npy", &[&good[..], b"x"].concat()),
        format!("too long: {size} bytes expected, {} or more found", size + 1)
    );
    assert_eq!(message("a.npy", b"PK\x03\x04"), "not a NumPy array: it starts with 50 4b 03 04");
    assert_eq!(message("a.npy", b""), "not a NumPy array: it starts with nothing");
    assert_eq!(message("a.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff"), "damaged: a header of 4294967295 bytes");
    assert!(message("a.npy", b"\x93NUMPY\x09\x00\x10\x00").starts_with("damaged: version 9"));
    let nan = npy("'<f8'", "False", "(2, 2)", &doubles(&[1.0, 2.0, 3.0, f64::NAN]));
    assert_eq!(message("a.npy", &nan), "row 2, column 2: NaN is not a finite number");
    assert!(message("a.npy", &npy("'|O'", "False", "(2, 2)", b"")).starts_with("element type |O; b1, f2 to f8"));
    assert!(
        message("a.npy", &npy("[('a', '<f8')]", "False", "(2, 2)", b""))
            .starts_with("element type [('a', '<f8')] (a structured array")
    );
    assert!(message("a.npy", &npy("'<f8'", "False", "(2,)", &[0; 16])).starts_with("shape (2); two dimensions"));
    assert!(message("a.npy", &npy("'<f8'", "False", "(2, 0)", b"")).starts_with("shape (2, 0)"));
    assert_eq!(message("a.npy", &npy("'<f8'", "False", "(0, 2)", b"")), "0 rows, at least 1 needed");
    for shape in
        ["(1000000000, 1000000000)", "(18446744073709551615, 18446744073709551615)", "(2305843009213693952, 1)"]
    {
        assert!(message("a.npy", &npy("'<f8'", "False", shape, &[0; 16])).starts_with("truncated"), "{shape}");
    }
    assert!(message("a.feather", b"").starts_with("unknown extension \"feather\""));
    assert!(message("a", b"").starts_with("unknown extension \"\""));
}

#[test]
fn csv_files_with_and_without_header() {
    for text in ["1,2\n3,4\n", "x,y\r\n1, 2\r\n3,4", "\u{feff}\"x, 1\",y\n\n1,\"2\"\n\n3.0,4e0\n"] {
        let (_folder, path) = file("a.csv", text.as_bytes());
        let table = read_table(&path, None).unwrap();
        assert_eq!((table.rows, table.dim, &table.values[..]), (2, 2, &[1.0, 2.0, 3.0, 4.0][..]), "{text:?}");
    }
    assert_eq!(message("a.csv", b"x,y\n1,2\n3\n"), "row 3: 1 columns, but 2 in the first row");
    assert_eq!(
        message("a.csv", b"x,y\n1,2\n3,a\nb\n"),
        "row 3, column 2 (y): \"a\" is not a number (data.drop = [\"y\"] leaves the column out)"
    );
    assert_eq!(
        message("a.csv", b"1,2x\n"),
        "row 1, column 2: \"2x\" is not a number (data.drop = [\"2\"] leaves the column out)"
    );
    assert_eq!(
        message("a.csv", b"1,\"a\nb\"\n"),
        "row 1, column 2: \"a\\nb\" is not a number (data.drop = [\"2\"] leaves the column out)"
    );
    assert_eq!(message("a.csv", b"x\n1\nnan\n"), "row 3, column 1 (x): NaN is not a finite number");
    assert_eq!(message("a.csv", b"1e999\n"), "row 1, column 1: inf is not a finite number");
    assert_eq!(message("a.csv", b"x,y\n"), "0 rows, at least 1 needed");
    assert_eq!(message("a.csv", b""), "0 rows, at least 1 needed");
}

#[test]
fn archives_and_the_choice_of_an_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write_npz(&path, &[("x", &[1, 2], &[1.0, 2.0]), ("naïve/y", &[2, 1], &[3.0, 4.0])]).unwrap();
    assert_eq!(read_table(&path, Some("naïve/y")).unwrap().values, [3.0, 4.0]);
    let said = |array| read_table(&path, array).unwrap_err().to_string().split_once(": ").unwrap().1.to_string();
    assert_eq!(said(None), "several arrays: name one with the key `array`; it holds x, naïve/y");
    // One that alone has rows and columns need not be named; of none the names are told.
    let labelled = folder.path().join("labelled.npz");
    write_npz(&labelled, &[("y", &[2], &[7.0, 8.0]), ("x", &[2, 1], &[3.0, 4.0]), ("none", &[0, 3], &[])]).unwrap();
    assert_eq!(read_table(&labelled, None).unwrap().values, [3.0, 4.0]);
    write_npz(&labelled, &[("y", &[2], &[7.0, 8.0]), ("n", &[], &[3.0])]).unwrap();
    let message = read_table(&labelled, None).unwrap_err().to_string();
    assert!(
        message.contains("none of them numbers in rows and columns") && message.ends_with("it holds y, n"),
        "{message}"
    );
    assert_eq!(said(Some("z")), "no array \"z\"; it holds x, naïve/y");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|window| window == 2.0_f64.to_le_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let message = read_table(&path, Some("x")).unwrap_err().to_string();
    assert!(message.ends_with("x.npy: damaged: the checksum does not match"), "{message}");
    write_npz(&path, &[]).unwrap();
    assert!(read_table(&path, None).unwrap_err().to_string().ends_with("it holds no array"));
    assert!(write_npz(&path, &[("x", &[1], &[1.0]), ("x", &[1], &[1.0])]).is_err());
    let parameter = read_table("a.npy".as_ref(), Some("x")).unwrap_err();
    assert_eq!(parameter.to_string(), "array = x: only an .npz archive has named arrays");
}

#[test]
fn archives_beyond_four_gigabytes_have_another_layout() {
    let mut bytes = Vec::new();
    write_archive(&mut bytes, &[("x", &[1, 2], &[1.0, 2.0]), ("y", &[1, 1], &[3.0])], true).unwrap();
    let (_folder, path) = file("a.npz", &bytes);
    assert_eq!(read_table(&path, Some("y")).unwrap().values, [3.0]);
}

#[test]
fn entries_beyond_the_archive_are_damage() {
    let mut bytes = Vec::new();
    write_archive(&mut bytes, &[("x", &[1, 2], &[1.0, 2.0])], true).unwrap();
    let central = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    // Past its fixed part, the name, and in the zip64 field two sizes.
    let at = central + 46 + "x.npy".len() + 4 + 16;
    assert_eq!(bytes[at..at + 8], [0; 8]);
    for offset in [1_u64, 1000, 1 << 43, (1 << 63) - 100, u64::MAX] {
        bytes[at..at + 8].copy_from_slice(&offset.to_le_bytes());
        let (_folder, path) = file("a.npz", &bytes);
        let message = read_table(&path, None).unwrap_err().to_string();
        assert!(message.ends_with("damaged: the table of contents does not lead to the entry"), "{offset}: {message}");
    }
}

#[test]
fn written_numbers_read_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let values = [0.1, -1e-300, 1e300, 3.0, f64::MIN_POSITIVE, 1.0 / 3.0];
    let [npy, csv] = ["a.npy", "a.csv"].map(|name| folder.path().join(name));
    write_npy(&npy, &[3, 2], &values).unwrap();
    write_csv(&csv, &["a \"b\"", "c,d"], &values).unwrap();
    for path in [npy, csv] {
        assert_eq!(read_table(&path, None).unwrap().values, values);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    let nowhere = folder.path().join("no/such/folder/a.npy");
    assert!(matches!(write_npy(&nowhere, &[1], &[1.0]), Err(DataError::Write { .. })));
    assert!(matches!(write_npy(folder.path(), &[1], &[1.0]), Err(DataError::Write { .. })));
    assert!(matches!(write_csv(&nowhere, &["a", "b"], &[1.0]), Err(DataError::Shape { .. })));
}

#[test]
fn files_are_split_and_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let values: Vec<f64> = (0..200).flat_map(|at| [f64::from(at), 1000.0 + 5.0 * f64::from(at), 7.0]).collect();
    write_csv(&path, &["a", "b", "constant"], &values).unwrap();
    let data = load(&path, 0.1, ScalingConfig::Standardise).unwrap();
    assert_eq!((data.dim(), data.len(), data.held_out_len()), (3, Some(180), Some(20)));
    let mut rng = rng(0);
    let mut row = [0.0; 3];
    let mut held_out = Vec::new();
    for index in 0..20 {
        data.held_out_row(index, &mut rng, &mut row);
        data.scaling().invert(&mut row);
        assert!((row[1] - 1000.0 - 5.0 * row[0]).abs() < 1e-2 && row[2] == 7.0, "{row:?}");
        held_out.push(row[0].round() as usize);
    }
    assert!(held_out.is_sorted_by(|a, b| a < b), "in the file's order: {held_out:?}");
    let (mut seen, mut moments) = (std::collections::HashSet::new(), [0.0; 2]);
    for _ in 0..5000 {
        data.draw(&mut rng, &mut row);
        moments = [moments[0] + f64::from(row[1]) / 5000.0, moments[1] + f64::from(row[1]).powi(2) / 5000.0];
        data.scaling().invert(&mut row);
        seen.insert(row[0].round() as usize);
    }
    assert_eq!(seen.len(), 180);
    assert!(held_out.iter().all(|at| !seen.contains(at)), "held-out rows are not trained on");
    assert!(moments[0].abs() < 0.05 && (moments[1] - 1.0).abs() < 0.05, "{moments:?}");
    let data = load(&path, 0.5, ScalingConfig::MinMax).unwrap();
    assert_eq!(data.bounds(), (&[-1.0, -1.0, 0.0][..], &[1.0, 1.0, 0.0][..]));
    assert_eq!(load(&path, 0.5, ScalingConfig::None).unwrap().scaling(), &Scaling::identity(3));
}

#[test]
fn files_that_cannot_be_split_or_held_in_single_precision() {
    let (_folder, path) = file("a.csv", b"1\n");
    assert!(load(&path, 0.5, ScalingConfig::None).unwrap_err().to_string().ends_with("1 rows, at least 2 needed"));
    let (_folder, path) = file("a.csv", b"1\n2\n1e300\n");
    let message = load(&path, 0.1, ScalingConfig::None).unwrap_err().to_string();
    assert!(message.contains("row 3, column 1") && message.ends_with("single precision after scaling"), "{message}");
    let (_folder, path) = file("a.csv", b"-1e300\n1e300\n-1e300\n1e300\n");
    assert!(matches!(load(&path, 0.3, ScalingConfig::Standardise), Err(DataError::Scaling { .. })));
    assert!(load(&path, 0.3, ScalingConfig::MinMax).is_ok());
}

#[test]
fn scalings_are_checked_when_read_and_invert_themselves() {
    let scaling = Scaling::standardise(&[1.0, -5.0, 2.0, 7.5, 4.0, 1e3], 2);
    let text = toml::to_string(&scaling).unwrap();
    assert_eq!(toml::from_str::<Scaling>(&text).unwrap(), scaling);
    for broken in [
        "shift = [0]\nscale = [0]",
        "shift = [0]\nscale = [1, 1]",
        "shift = [nan]\nscale = [1]",
        "shift = []\nscale = []",
    ] {
        assert!(toml::from_str::<Scaling>(broken).is_err(), "{broken}");
    }
    assert!(toml::from_str::<Scaling>("shift = [0]\nscale = [1]\nmore = 1").is_err());
    let mut rows = [1.5, 2.5, -3.5, 4.5];
    scaling.apply_f64(&mut rows);
    scaling.invert_f64(&mut rows);
    assert!(rows.iter().zip([1.5, 2.5, -3.5, 4.5]).all(|(a, b)| (a - b).abs() < 1e-12));
    // A density of a standard normal, changed by hand to the data's units.
    let (log_p, sigma) = (-1.7, 3.0_f64);
    let by_hand = -(log_p - sigma.ln()) / 2.0_f64.ln();
    let scaling = Scaling::new(vec![5.0], vec![sigma]).unwrap();
    assert!((bits_per_dim(log_p, &scaling, 1) - by_hand).abs() < 1e-12);
}
