use super::wrong;
use crate::data::tests::{idx, npy, put};
use crate::data::{DataError, Description, describe, holds_images, write_csv, write_npz};

#[test]
fn images_in_their_units() {
    let folder = tempfile::tempdir().unwrap();
    // Two images of two pixels: red 0, 4, 8, 12; green 1, 5, 9, 13; blue 2, 6, 10, 14 less one of each, which is held out.
    let array = npy("'|u1'", "False", "(2, 2, 1, 3)", &[0, 1, 2, 4, 5, 6, 0, 1, 2, 4, 5, 6]);
    let path = put(folder.path(), "x.npy", &array);
    let Description::Images(found) = describe(&path, None, None, 0.5).unwrap() else { panic!() };
    assert_eq!((found.train, found.held_out, found.height, found.width, found.channels), (1, 1, 2, 1, 3));
    assert_eq!((found.levels, found.range, found.classes, found.sampled), (Some(256), [0.0, 255.0], None, 1));
    assert_eq!((found.mean, found.std), (vec![2.0, 3.0, 4.0], vec![2.0; 3]));
    let values: Vec<u8> = [0.0_f32, 0.25, 0.0, 0.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    put(folder.path(), "x.npy", &npy("'<f4'", "False", "(2, 1, 2)", &values));
    let Description::Images(found) = describe(&path, None, None, 0.5).unwrap() else { panic!() };
    assert_eq!((found.levels, found.range), (None, [0.0, 0.25]));
    assert_eq!((found.mean, found.std), (vec![0.125], vec![0.125]));
}

#[test]
fn tables_by_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let values: Vec<f64> = (0..20_001).flat_map(|at| [1e9 + f64::from(at % 3), -f64::from(at)]).collect();
    write_csv(&path, &["a", "b"], &values).unwrap();
    let Description::Table(found) = describe(&path, None, None, 0.1).unwrap() else { panic!() };
    assert_eq!(found.rows, 20_001);
    let [a, b] = &found.columns[..] else { panic!() };
    assert_eq!((a.min, a.max, b.min, b.max), (1e9, 1e9 + 2.0, -20_000.0, 0.0));
    assert!((a.mean - 1e9 - 1.0).abs() < 1e-3 && (a.std - (2.0_f64 / 3.0).sqrt()).abs() < 1e-6, "{a:?}");
    assert!((b.mean + 10_000.0).abs() < 1e-8 && (b.std - (20_001.0_f64.powi(2) / 12.0).sqrt()).abs() < 1e-3, "{b:?}");
    let path = folder.path().join("x.npz");
    write_npz(&path, &[("x", &[2, 1], &[1.0, 2.0]), ("y", &[3, 1], &[1.0, 2.0, 3.0])]).unwrap();
    assert!(matches!(describe(&path, None, None, 0.1), Err(DataError::Array { .. })));
    let Description::Table(found) = describe(&path, Some("y"), None, 0.1).unwrap() else { panic!() };
    assert_eq!(found.rows, 3);
}

#[test]
fn images_are_told_from_tables() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, expected) in [
        (npy("'|u1'", "False", "(2, 2, 2)", &[0; 8]), true),
        (npy("'<i8'", "False", "(2, 2, 2)", &[0; 64]), true),
        (npy("'|u1'", "False", "(2, 2, 2, 2)", &[0; 16]), true),
        (npy("'|u1'", "False", "(2, 2)", &[0; 4]), false),
        (npy("'|u1'", "False", "(2,)", &[0; 2]), false),
        (npy("'<i8'", "False", "(2, 2)", &[0; 32]), false),
        (b"nothing".to_vec(), false),
    ] {
        assert_eq!(holds_images(&put(folder.path(), "x.npy", &bytes)), expected, "{bytes:?}");
    }
    assert!(!holds_images(&put(folder.path(), "x.csv", b"1\n")) && !holds_images("missing.npy".as_ref()));
    let file = put(folder.path(), "train-images-idx3-ubyte", &idx(1, 1, 1));
    assert!(holds_images(&file) && holds_images(folder.path()));
    assert!(wrong(&put(folder.path(), "x.txt", b"")).starts_with("x.txt: no images: "));
    assert!(wrong(&put(folder.path(), "x.png", b"")).contains("a single image"));
}
