//! Whether data is what it was.

use std::path::Path;

use super::{file, idx, npy, put, rng};
use crate::data::{
    Data, DataConfig, DataError, DataInfo, DataKind, Scaling, ScalingConfig, TableConfig, require_columns,
};

fn table(path: &Path) -> DataConfig {
    DataConfig::File(TableConfig { held_out: 0.3, scaling: ScalingConfig::Standardise, ..TableConfig::new(path) })
}

fn images(path: &Path) -> DataConfig {
    DataConfig::Images { path: path.into(), flip: false, size: None, held_out: 0.3 }
}

fn print(config: &DataConfig) -> u64 {
    Data::load(config).unwrap().fingerprint().unwrap()
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn npy_print(shape: &str, values: &[f64]) -> u64 {
    let (_folder, path) = file("x.npy", &npy("'<f8'", "False", shape, &doubles(values)));
    print(&table(&path))
}

fn csv_print(text: &str) -> u64 {
    let (_folder, path) = file("x.csv", text.as_bytes());
    print(&table(&path))
}

#[test]
fn a_table_is_its_values_in_order_and_their_shape() {
    let values = [1.0, 2.5, -3.0, 4.0, 5.0, 6.0];
    let expected = npy_print("(3, 2)", &values);
    for text in ["1,2.5\n-3,4\n5,6\n", "a,b\n1,2.5\n-3,4\n5,6\n", "b,a\r\n1.0,25e-1\n-3,4\n5,6"] {
        assert_eq!(csv_print(text), expected, "{text:?}: neither the format nor the names count");
    }
    let (_folder, path) = file("x.npy", &npy("'<f8'", "True", "(3, 2)", &doubles(&[1.0, -3.0, 5.0, 2.5, 4.0, 6.0])));
    assert_eq!(print(&table(&path)), expected);
    // Twins: a value, the order of rows, of columns, another shape, a row more or less.
    for text in [
        "1,2.5\n-3,4\n5,6.0000000000000009\n",
        "-3,4\n1,2.5\n5,6\n",
        "2.5,1\n4,-3\n6,5\n",
        "1,2.5,-3\n4,5,6\n",
        "1,2.5\n-3,4\n",
        "1,2.5\n-3,4\n5,6\n5,6\n",
    ] {
        assert_ne!(csv_print(text), expected, "{text:?}");
    }
    let whatever_is_held_out =
        DataConfig::File(TableConfig { held_out: 0.6, scaling: ScalingConfig::None, ..TableConfig::new(path) });
    assert_eq!(print(&whatever_is_held_out), expected);
    assert_eq!(Data::load(&DataConfig::default()).unwrap().fingerprint(), None);
}

#[test]
fn images_are_their_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let (train, test) = (idx(5, 3, 4), idx(2, 3, 4));
    put(folder.path(), "train-images-idx3-ubyte", &train);
    put(folder.path(), "t10k-images-idx3-ubyte", &test);
    let expected = print(&images(folder.path()));
    put(folder.path(), "train-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x05\x07\x07\x01\x02\x03");
    assert_eq!(print(&images(folder.path())), expected, "labels are not trained on");
    for (name, good) in [("train-images-idx3-ubyte", &train), ("t10k-images-idx3-ubyte", &test)] {
        let mut changed = good.clone();
        *changed.last_mut().unwrap() ^= 1;
        put(folder.path(), name, &changed);
        assert_ne!(print(&images(folder.path())), expected, "{name}");
        put(folder.path(), name, good);
    }
    assert_eq!(print(&images(folder.path())), expected);
    // The same bytes in another shape; and floating-point images.
    let array = |descr: &str, shape: &str, values: &[u8]| {
        let (_folder, path) = file("x.npy", &npy(descr, "False", shape, values));
        print(&images(&path))
    };
    let bytes: Vec<u8> = (0..60).collect();
    assert_ne!(array("'|u1'", "(5, 2, 6)", &bytes), array("'|u1'", "(5, 6, 2)", &bytes));
    let floats = |value: f32| {
        let values: Vec<u8> =
            (0..12).flat_map(|at| if at == 7 { value } else { at as f32 / 12.0 }.to_le_bytes()).collect();
        array("'<f4'", "(3, 2, 2)", &values)
    };
    assert_eq!(floats(0.25), floats(0.25));
    assert_ne!(floats(0.25), floats(0.250_000_03));
}

#[test]
fn a_scaling_can_be_given() {
    let (_folder, path) = file("x.csv", b"1\n2\n3\n4\n5\n");
    let fitted = Data::load(&table(&path)).unwrap();
    let given = Scaling::new(vec![100.0], vec![4.0]).unwrap();
    let data = Data::load_for(&table(&path), &given, None).unwrap();
    assert_eq!((data.scaling(), data.len()), (&given, fitted.len()));
    let (mut row, mut other) = ([0.0], [0.0]);
    for index in 0..2 {
        data.held_out_row(index, &mut rng(0), &mut row);
        fitted.held_out_row(index, &mut rng(0), &mut other);
        fitted.scaling().invert(&mut other);
        assert!((row[0] - (other[0] - 100.0) / 4.0).abs() < 1e-5, "{row:?} {other:?}");
    }
    assert_eq!(fitted.fingerprint(), data.fingerprint());
    let wide = Scaling::identity(2);
    let error = Data::load_for(&table(&path), &wide, None).unwrap_err();
    assert!(matches!(error, DataError::Dimension { expected: 2, actual: 1, .. }));
}

#[test]
fn images_keep_to_the_scaling_of_their_kind() {
    let values: Vec<u8> = (0..24).flat_map(|at| (at as f32 / 40.0).to_le_bytes()).collect();
    let (_folder, path) = file("x.npy", &npy("'<f4'", "False", "(6, 2, 2)", &values));
    let given = Scaling::new(vec![0.5; 4], vec![0.5; 4]).unwrap();
    let data = Data::load_for(&images(&path), &given, None).unwrap();
    let mut row = [0.0; 4];
    data.train_row_exact(0, &mut row);
    assert_eq!(data.scaling(), &given);
    assert!((row[1] - row[0] - 1.0 / 20.0).abs() < 1e-6, "{row:?}");
    let (_folder, path) = file("x.npy", &npy("'|u1'", "False", "(6, 2, 2)", &[9; 24]));
    assert!(matches!(Data::load_for(&images(&path), &given, None), Err(DataError::Kind { .. })));
    let levels = Scaling::new(vec![128.0; 4], vec![128.0; 4]).unwrap();
    assert!(Data::load_for(&images(&path), &levels, None).is_ok());
    let other = Scaling::new(vec![128.0; 3], vec![128.0; 3]).unwrap();
    assert!(matches!(Data::load_for(&images(&path), &other, None), Err(DataError::Dimension { .. })));
}

#[test]
fn all_rows_can_be_held_out() {
    let (_folder, path) = file("x.csv", b"1\n2\n3\n4\n5\n6\n7\n8\n9\n90\n");
    let data = Data::load_for(&table(&path), &Scaling::identity(1), None).unwrap().hold_out_all();
    assert_eq!((data.len(), data.held_out_len()), (None, Some(10)));
    let (mut row, mut rng) = ([0.0], rng(0));
    let found: Vec<f32> = (0..10)
        .map(|index| {
            data.held_out_row(index, &mut rng, &mut row);
            row[0]
        })
        .collect();
    assert_eq!(found, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 90.0], "in the order of the file");
    assert_eq!(data.bounds(), (&[1.0][..], &[90.0][..]));
    data.draw(&mut rng, &mut row);
    assert!(found.contains(&row[0]));
}

#[test]
fn all_images_can_be_held_out() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "train-images-idx3-ubyte", &idx(3, 1, 1));
    put(folder.path(), "t10k-images-idx3-ubyte", &idx(2, 1, 1));
    put(folder.path(), "a.npy", &npy("'|u1'", "False", "(4, 2, 2)", &(0..16).collect::<Vec<_>>()));
    let levels = |path: &Path| {
        let data = Data::load(&images(path)).unwrap().hold_out_all();
        assert_eq!(data.len(), None);
        let mut row = vec![0.0; data.dim()];
        let count = data.held_out_len().unwrap();
        let rows = (0..count).map(|index| {
            data.held_out_row(index, &mut rng(0), &mut row);
            data.scaling().invert(&mut row);
            row[0].floor() as u8
        });
        let found: Vec<u8> = rows.collect();
        data.draw(&mut rng(1), &mut row);
        (found, data.bounds().0[0])
    };
    // The training images, then the test images: bytes 0, 37, 74 and 0, 37.
    assert_eq!(levels(folder.path()), (vec![0, 37, 74, 0, 37], -1.0));
    // Images that were split stand in their order again.
    assert_eq!(levels(&folder.path().join("a.npy")).0, [0, 4, 8, 12]);
}

#[test]
fn a_model_file_says_what_data_were() {
    let (_folder, path) = file("x.csv", b"length,weight\n1,-5\n2,7\n3,1\n4,2\n5,3\n6,0\n");
    let data = Data::load(&table(&path)).unwrap();
    let info = data.info();
    assert_eq!(info.kind, DataKind::Table);
    assert_eq!(info.columns.as_deref().unwrap(), ["length", "weight"]);
    // Of the training rows, of which there are four, in the units of the file.
    let mut rows = Vec::new();
    for index in 0..4 {
        let mut row = [0.0; 2];
        data.train_row_exact(index, &mut row);
        data.scaling().invert(&mut row);
        rows.push(row.map(|x| f64::from(x.round())));
    }
    for column in 0..2 {
        let of = |pick: fn(f64, f64) -> f64| rows.iter().map(|row| row[column]).reduce(pick).unwrap();
        assert_eq!(info.range(column), (of(f64::min), of(f64::max)));
    }
    let text = serde_json::to_string(&info).unwrap();
    assert!(text.contains(&format!("\"fingerprint\":\"{:016x}\"", data.fingerprint().unwrap())), "{text}");
    assert_eq!(serde_json::from_str::<DataInfo>(&text).unwrap(), info);
    for (from, to) in
        [("\"kind\":\"table\"", "\"kind\":\"tables\""), ("fingerprint\":\"", "fingerprint\":\"x"), ("kind", "kin")]
    {
        assert!(serde_json::from_str::<DataInfo>(&text.replace(from, to)).is_err(), "{to}");
    }
    assert!(info.check(2, None).is_ok());
    assert!(info.check(3, None).is_err());
    let (_folder, path) = file("x.npy", &npy("'|u1'", "False", "(4, 2, 2)", &[3; 16]));
    let info = Data::load(&images(&path)).unwrap().info();
    assert_eq!((info.kind, info.range(3)), (DataKind::Images, (0.0, 255.0)));
}

#[test]
fn columns_of_other_names() {
    let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let said = |found: &str| {
        let error = require_columns("x.csv".as_ref(), Some(&names(found)), Some(&names("a,b,c"))).unwrap_err();
        error.to_string().split_once("are a, b, c: ").unwrap().1.to_owned()
    };
    assert_eq!(said("c,b,a"), "the same in another order");
    assert_eq!(said("a,b"), "without c");
    assert_eq!(said("a,b,c,d"), "with d");
    assert_eq!(said("a,b,d"), "without c, and with d");
    assert_eq!(said("a,b,c,c"), "4 columns, not 3");
    let many: Vec<String> = (0..1000).map(|at| format!("column {at}\n")).collect();
    let error = require_columns("x.csv".as_ref(), Some(&many), Some(&names("a"))).unwrap_err().to_string();
    assert!(error.len() < 1000 && !error.contains('\n'), "{error}");
}
