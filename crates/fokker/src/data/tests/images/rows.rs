//! Images as rows for a model.

use std::path::Path;

use super::super::{gzip, idx, npy, put};
use super::npz;
use crate::data::{DataError, ImageShape, RowReader};

fn shape(height: usize, width: usize, channels: usize) -> ImageShape {
    ImageShape { height, width, channels }
}

/// All rows, read three at a time.
fn rows(path: &Path, shape: ImageShape) -> Result<Vec<f64>, DataError> {
    let mut reader = RowReader::open(path, Some(shape), None)?;
    assert_eq!((reader.dim(), reader.names().is_none()), (shape.dim(), true));
    let (mut all, mut piece, expected) = (Vec::new(), Vec::new(), reader.rows());
    while reader.read(3, &mut piece)? > 0 {
        assert_eq!(reader.number(0), (all.len() / shape.dim()) as u64 + 1);
        all.extend_from_slice(&piece);
    }
    assert_eq!(expected, Some((all.len() / shape.dim()) as u64));
    Ok(all)
}

fn refused(path: &Path, shape: ImageShape) -> String {
    let message = rows(path, shape).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

/// Bytes 0, `step`, 2 `step`, …
fn counting(count: usize, step: usize) -> Vec<f64> {
    (0..count).map(|at| f64::from((at * step) as u8)).collect()
}

#[test]
fn an_idx_file_gives_its_own_images_and_a_set_its_test_images() {
    let folder = tempfile::tempdir().unwrap();
    let [train, test] = [counting(60, 37), counting(24, 37)];
    let path = put(folder.path(), "train-images-idx3-ubyte", &idx(5, 3, 4));
    assert_eq!(rows(&path, shape(3, 4, 1)).unwrap(), train, "a file alone will do");
    assert_eq!(rows(folder.path(), shape(3, 4, 1)).unwrap(), train, "there are no test images");
    put(folder.path(), "t10k-images-idx3-ubyte.gz", &gzip(&idx(2, 3, 4)));
    assert_eq!(rows(&path, shape(3, 4, 1)).unwrap(), train);
    assert_eq!(rows(folder.path(), shape(3, 4, 1)).unwrap(), test);
    assert_eq!(rows(&folder.path().join("t10k-images-idx3-ubyte.gz"), shape(3, 4, 1)).unwrap(), test);
    std::fs::remove_file(path).unwrap();
    assert_eq!(rows(folder.path(), shape(3, 4, 1)).unwrap(), test, "test images alone will do");
    let own = put(folder.path(), "mine-images-idx3-ubyte", &idx(5, 3, 4));
    assert_eq!(rows(&own, shape(3, 4, 1)).unwrap(), train, "by any name");
    assert!(
        refused(&own, shape(4, 3, 1)).ends_with("mine-images-idx3-ubyte: 3×4 pixels, but the model's images have 4×3")
    );
    assert!(refused(&own, shape(2, 2, 3)).ends_with("3×4 pixels, but the model's images have 2×2×3"));
}

#[test]
fn emnist_stands_upright() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "emnist-letters-test-images-idx3-ubyte", &idx(1, 3, 4));
    let expected: Vec<f64> = (0..12).map(|at| f64::from(((at % 3 * 4 + at / 3) * 37) as u8)).collect();
    assert_eq!(rows(&path, shape(4, 3, 1)).unwrap(), expected);
    assert_eq!(rows(folder.path(), shape(4, 3, 1)).unwrap(), expected);
}

#[test]
fn cifar_gives_its_test_images() {
    let folder = tempfile::tempdir().unwrap();
    let record = |value: u8| [&[1, 2][..], &[value; 1024], &[value + 1; 1024], &[value + 2; 1024]].concat();
    put(folder.path(), "train.bin", &[record(10), record(20)].concat());
    let pixel = |value: f64| [value, value + 1.0, value + 2.0].repeat(1024);
    let colour = shape(32, 32, 3);
    assert_eq!(rows(folder.path(), colour).unwrap(), [pixel(10.0), pixel(20.0)].concat());
    put(folder.path(), "test.bin", &record(30));
    assert_eq!(rows(folder.path(), colour).unwrap(), pixel(30.0));
    assert!(refused(folder.path(), shape(32, 32, 1)).contains("32×32×3 pixels, but the model's images have 32×32"));
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in [("train.bin", record(10)), ("test.bin", record(30))] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("cifar-100-binary/{name}"), &bytes[..]).unwrap();
    }
    let path = put(folder.path(), "cifar.tar.gz", &gzip(&archive.into_inner().unwrap()));
    assert_eq!(rows(&path, colour).unwrap(), pixel(30.0));
}

#[test]
fn arrays_of_bytes_are_grey_levels() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..48).collect();
    let path = put(folder.path(), "a.npy", &npy("'|u1'", "False", "(2, 4, 2, 3)", &bytes));
    let refusal = "a.npy: 4×2×3 pixels, but the model's images have 2×4×3";
    assert!(refused(&path, shape(2, 4, 3)).ends_with(refusal));
    assert_eq!(rows(&path, shape(4, 2, 3)).unwrap(), counting(48, 1));
    assert!(RowReader::open(&path, Some(shape(4, 2, 3)), None).unwrap().is_levels());
    // Several files, one after another; planes become channels last.
    put(folder.path(), "b.npz", &npz(&[("images.npy", &npy("'|u1'", "False", "(1, 3, 4, 2)", &bytes[..24]))]));
    put(folder.path(), "c.npy", &npy("'|u1'", "False", "(1, 4, 2, 3)", &bytes[24..]));
    let planes: Vec<f64> = (0..24).map(|at| f64::from(at % 3 * 8 + at / 3)).collect();
    let expected = [counting(48, 1), planes, counting(48, 1)[24..].to_vec()].concat();
    assert_eq!(rows(folder.path(), shape(4, 2, 3)).unwrap(), expected);
    put(folder.path(), "d.npy", &npy("'|u1'", "False", "(1, 2, 4, 3)", &bytes[24..]));
    assert!(refused(folder.path(), shape(4, 2, 3)).contains("d.npy: the image size is 2×4×3, but 4×2×3 in"));
}

#[test]
fn imagenet_batches_give_their_validation_images() {
    let folder = tempfile::tempdir().unwrap();
    let batch = |count: usize, value: u8| {
        npz(&[("data.npy", &npy("'|u1'", "False", &format!("({count}, 12)"), &vec![value; count * 12]))])
    };
    put(folder.path(), "train_data_batch_1.npz", &batch(2, 9));
    assert_eq!(rows(folder.path(), shape(2, 2, 3)).unwrap(), [9.0; 24]);
    put(folder.path(), "val_data.npz", &batch(1, 4));
    assert_eq!(rows(folder.path(), shape(2, 2, 3)).unwrap(), [4.0; 12]);
}

#[test]
fn floating_point_arrays_may_have_any_finite_values() {
    let folder = tempfile::tempdir().unwrap();
    let mut values: Vec<f64> = (0..12).map(|at| 1e-17 + f64::from(at) * 40.0 - 200.0).collect();
    let save = |values: &[f64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        put(folder.path(), "x.npy", &npy("'<f8'", "False", "(3, 2, 2)", &bytes))
    };
    let path = save(&values);
    assert_eq!(rows(&path, shape(2, 2, 1)).unwrap(), values, "in double precision");
    assert!(!RowReader::open(&path, Some(shape(2, 2, 1)), None).unwrap().is_levels());
    values[7] = f64::NAN;
    save(&values);
    assert!(refused(&path, shape(2, 2, 1)).ends_with("row 2, column 4: NaN is not a finite number"));
    put(folder.path(), "x.npy", &npy("'<i8'", "False", "(3, 2, 2)", &[0; 96]));
    assert!(refused(&path, shape(2, 2, 1)).contains("element type <i8; images are u1"));
}

#[test]
fn pictures_of_the_model_s_size() {
    let folder = tempfile::tempdir().unwrap();
    let grey = |value: u8| [b"P5\n2 1\n255\n".as_slice(), &[value; 2]].concat();
    let colour = |value: u8| [b"P6\n2 1\n255\n".as_slice(), &[value, 0, 7, value, 0, 7]].concat();
    put(folder.path(), "a.pgm", &grey(3));
    put(folder.path(), "b.pgm", &grey(4));
    assert_eq!(rows(folder.path(), shape(1, 2, 1)).unwrap(), [3.0, 3.0, 4.0, 4.0]);
    // To a model of colours a grey picture is one whose channels are equal.
    put(folder.path(), "c.ppm", &colour(5));
    let expected = [[3.0; 6], [4.0; 6], [5.0, 0.0, 7.0, 5.0, 0.0, 7.0]].concat();
    assert_eq!(rows(folder.path(), shape(1, 2, 3)).unwrap(), expected);
    assert!(refused(folder.path(), shape(1, 2, 1)).ends_with("c.ppm: 1×2×3 pixels, but the model's images have 1×2"));
    for (part, value) in [("train", 8), ("test", 9)] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        put(&folder.path().join(part), "x.pgm", &grey(value));
    }
    assert_eq!(rows(folder.path(), shape(1, 2, 1)).unwrap(), [9.0; 2], "the test images");
    put(&folder.path().join("test"), "y.pgm", b"P5\n1 1\n255\n\x01");
    assert!(refused(folder.path(), shape(1, 2, 1)).ends_with("y.pgm: 1×1 pixels, but the model's images have 1×2"));
}

#[test]
fn tables_are_tables_to_a_model_of_images_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "x.csv", b"a,b\n1,2\n3,4\n");
    let mut reader = RowReader::open(&path, Some(shape(1, 2, 1)), None).unwrap();
    assert!(!reader.is_images() && reader.names().is_some() && reader.rows().is_none());
    let mut values = Vec::new();
    assert_eq!((reader.read(1, &mut values).unwrap(), reader.number(0)), (1, 2));
    assert_eq!((reader.read(1, &mut values).unwrap(), reader.number(0)), (1, 3));
    // And images are none to a model of tables.
    assert!(RowReader::open(folder.path(), None, None).is_err());
}
