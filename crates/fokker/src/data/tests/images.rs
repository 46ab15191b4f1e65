mod arrays;
mod cifar;
mod describe;
mod files;
mod flip;
mod rows;

use std::path::Path;

use super::numpy::skipped;
use super::{gzip, idx, put, rng};
use crate::data::zip::write::{Stored, write_stored};
use crate::data::{Data, DataConfig, DataError, ImageShape, bits_per_dim};

/// The configuration with all defaults.
fn config(path: &Path) -> DataConfig {
    DataConfig::Images { path: path.into(), flip: false, size: None, held_out: 0.1 }
}

fn load(path: &Path) -> Result<Data, DataError> {
    Data::load(&config(path))
}

/// The grey levels of a held-out image.
fn held_out(data: &Data, index: usize) -> Vec<u8> {
    let mut row = vec![0.0; data.dim()];
    data.held_out_row(index, &mut rng(index as u64), &mut row);
    data.scaling().invert(&mut row);
    row.iter().map(|x| x.floor() as u8).collect()
}

/// The grey levels of the training images that many draws find, sorted.
fn training(data: &Data) -> Vec<Vec<u8>> {
    let (mut rng, mut found) = (rng(3), std::collections::BTreeSet::new());
    let mut row = vec![0.0; data.dim()];
    for _ in 0..200 * data.len().unwrap() {
        data.draw(&mut rng, &mut row);
        data.scaling().invert(&mut row);
        found.insert(row.iter().map(|x| x.floor() as u8).collect());
    }
    found.into_iter().collect()
}

/// What is wrong at a path, on one line and without the path's folder.
fn wrong(path: &Path) -> String {
    let message = load(path).unwrap_err().to_string();
    assert!(!message.chars().any(char::is_control), "{message:?}");
    message.replace(&format!("{}/", path.display()), "").replace(&format!("{}/", path.parent().unwrap().display()), "")
}

/// An `.npz` archive of stored entries.
fn npz(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let files = entries.iter().map(|&(name, bytes)| Stored {
        name,
        size: bytes.len() as u64,
        fill: move |out: &mut dyn std::io::Write| out.write_all(bytes),
    });
    let mut archive = Vec::new();
    write_stored(&mut archive, files.collect(), false).unwrap();
    archive
}

/// A folder with the given training and test files.
fn folder(train: &[u8], test: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "train-images-idx3-ubyte", train);
    put(folder.path(), "t10k-images-idx3-ubyte.gz", &gzip(test));
    folder
}

fn message(train: &[u8], test: &[u8]) -> String {
    let message = load(folder(train, test).path()).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

#[test]
fn plain_and_gzipped_images() {
    let folder = folder(&idx(5, 3, 4), &idx(2, 3, 4));
    let data = load(folder.path()).unwrap();
    assert_eq!((data.dim(), data.len(), data.held_out_len(), data.levels()), (12, Some(5), Some(2), Some(256)));
    assert_eq!(data.image_shape(), Some(ImageShape { height: 3, width: 4, channels: 1 }));
    let mut rng = rng(0);
    let mut row = [0.0; 12];
    for index in 0..2000_usize {
        data.held_out_row(index, &mut rng, &mut row);
        assert!(row.iter().all(|x| (-1.0..1.0).contains(x)));
        data.scaling().invert(&mut row);
        for (at, x) in row.iter().enumerate() {
            let level = ((index % 2 * 12 + at) * 37) as u8;
            assert_eq!(x.floor(), f32::from(level), "dequantisation never leaves the grey level");
        }
    }
    let (low, high) = data.bounds();
    for _ in 0..100 {
        data.draw(&mut rng, &mut row);
        assert!(row.iter().zip(low).zip(high).all(|((x, low), high)| low <= x && x <= high));
    }
    // A uniform density on [−1, 1] per dimension is 8 bits per dimension.
    let log_p = 12.0 * 0.5_f64.ln();
    assert!((bits_per_dim(log_p, data.scaling(), 12) - 8.0).abs() < 1e-12);
}

#[test]
fn dequantisation_is_uniform() {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    bytes.push(255);
    let data = load(folder(&bytes, &bytes).path()).unwrap();
    let (mut rng, mut row, n) = (rng(1), [0.0], 20_000);
    let (mut mean, mut square) = (0.0, 0.0);
    for _ in 0..n {
        data.draw(&mut rng, &mut row);
        let part = (f64::from(row[0]) + 1.0) * 128.0 - 255.0;
        (mean, square) = (mean + part / f64::from(n), square + part * part / f64::from(n));
    }
    assert!((mean - 0.5).abs() < 0.01 && (square - 1.0 / 3.0).abs() < 0.01, "{mean} {square}");
}

#[test]
fn what_is_wrong_with_image_files_is_said() {
    let good = idx(2, 3, 4);
    assert!(message(&good[..30], &good).ends_with("train-images-idx3-ubyte: truncated: 40 bytes expected, 30 found"));
    assert!(message(&good, &good[..30]).ends_with("t10k-images-idx3-ubyte.gz: truncated: 40 bytes expected, 30 found"));
    assert!(message(&good[..9], &good).ends_with("truncated: 16 bytes expected, 9 found"));
    assert!(message(&[&good[..], b"x"].concat(), &good).ends_with("too long: 40 bytes expected, 41 or more found"));
    assert!(message(&good, &[&good[..], b"x"].concat()).ends_with("too long: 40 bytes expected, 41 or more found"));
    assert!(
        message(b"\0\0\x08\x01\0\0\0\0", &good)
            .ends_with("not an IDX file of 8-bit images: it starts with 00 00 08 01 00 00 00 00")
    );
    assert!(message(&idx(0, 3, 4), &good).ends_with("0 rows, at least 1 needed"));
    assert!(message(&idx(2, 0, 4), &good).contains("shape (2, 0, 4)"));
    let differ = message(&idx(2, 4, 4), &good);
    assert!(differ.contains("t10k-images-idx3-ubyte.gz: the image size is 3×4, but 4×4 in "), "{differ}");
    let mut huge = good.clone();
    huge[4..16].fill(0xff);
    assert!(message(&huge, &good).contains("truncated"));
    assert!(message(&good, &huge).contains("truncated"), "no memory is taken for what is not there");
    let mut cut = gzip(&good);
    cut.truncate(cut.len() - 12);
    let folder = folder(&good, &good);
    put(folder.path(), "t10k-images-idx3-ubyte.gz", &cut);
    assert!(matches!(load(folder.path()), Err(DataError::Truncated { .. })));
}

#[test]
fn labels_must_match_if_they_are_there() {
    let good = idx(2, 3, 4);
    let folder = folder(&good, &good);
    put(folder.path(), "train-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x02\x07\x07");
    assert!(load(folder.path()).is_ok());
    put(folder.path(), "train-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x03\x07\x07\x07");
    let message = load(folder.path()).unwrap_err().to_string();
    assert!(message.contains("labels-idx1-ubyte: the number of labels is 3, but 2 in "), "{message}");
}

#[test]
fn missing_folders_and_files() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(wrong(&folder.path().join("none")), "none: no such file");
    assert!(wrong(folder.path()).contains(": no images: IDX files"));
    put(folder.path(), "train-images-idx3-ubyte", &idx(2, 3, 4));
    assert_eq!(wrong(folder.path()), "t10k-images-idx3-ubyte[.gz]: no such file");
}

#[test]
fn emnist_is_turned_upright_and_one_of_its_sets_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let name = |set: &str, part: &str| format!("emnist-{set}-{part}-images-idx3-ubyte");
    put(folder.path(), &name("letters", "train"), &idx(2, 3, 4));
    put(folder.path(), &format!("{}.gz", name("letters", "test")), &gzip(&idx(1, 3, 4)));
    let data = load(folder.path()).unwrap();
    assert_eq!(data.image_shape(), Some(ImageShape { height: 4, width: 3, channels: 1 }));
    // Value (y, x) of the upright image is at (x, y) of the file, whose values count up by 37.
    let expected: Vec<u8> = (0..12).map(|at| ((at % 3 * 4 + at / 3) * 37) as u8).collect();
    assert_eq!(held_out(&data, 0), expected);
    put(folder.path(), &name("digits", "train"), &idx(2, 5, 5));
    put(folder.path(), &name("digits", "test"), &idx(1, 5, 5));
    let message = wrong(folder.path());
    assert!(message.contains("several sets") && message.contains(&name("digits", "train")), "{message}");
    assert_eq!(load(&folder.path().join(name("letters", "train"))).unwrap().dim(), 12);
    assert_eq!(load(&folder.path().join(name("digits", "test"))).unwrap().dim(), 25);
}

/// A digit of seven strokes, grey at their edges, on 28 × 28 pixels whose border is black.
fn digit(number: usize) -> Vec<u8> {
    // Top, upper left, upper right, middle, lower left, lower right, bottom.
    const STROKES: [u8; 10] = [
        0b111_0111, 0b010_0100, 0b101_1101, 0b110_1101, 0b010_1110, 0b110_1011, 0b111_1011, 0b010_0101, 0b111_1111,
        0b110_1111,
    ];
    let on = |stroke: usize| STROKES[number] >> stroke & 1 == 1;
    let across = |y: usize| (y == 5 && on(0)) || (y == 13 && on(3)) || (y == 21 && on(6));
    let along = |y: usize, left: usize, right: usize, x: usize| {
        (5..=13).contains(&y) && ((x == 9 && on(left)) || (x == 18 && on(right)))
    };
    let drawn = |y: usize, x: usize| {
        ((9..=18).contains(&x) && across(y)) || along(y, 1, 2, x) || along(y.wrapping_sub(8), 4, 5, x)
    };
    let near = |y: usize, x: usize| drawn(y - 1, x) || drawn(y + 1, x) || drawn(y, x - 1) || drawn(y, x + 1);
    let pixel = |y: usize, x: usize| match (y % 27, x % 27) {
        (0, _) | (_, 0) => 0,
        _ if drawn(y, x) => 255,
        _ if near(y, x) => 128,
        _ => 0,
    };
    (0..28 * 28).map(|at| pixel(at / 28, at % 28)).collect()
}

/// The first held-out image's pixels sum to this; and what every set of digits has.
fn check_digits(data: &Data, sum: f32) {
    assert_eq!((data.dim(), data.levels()), (784, Some(256)));
    assert_eq!(data.image_shape(), Some(ImageShape { height: 28, width: 28, channels: 1 }));
    let mut row = [0.0; 784];
    data.held_out_row(0, &mut rng(0), &mut row);
    data.scaling().invert(&mut row);
    assert_eq!(row.iter().map(|x| x.floor()).sum::<f32>(), sum);
    let (low, high) = data.bounds();
    assert_eq!((low[0], high[0]), (-1.0, 1.0 / 128.0 - 1.0), "the corner is always black");
}

#[test]
fn a_small_set_of_digits() {
    let file = |count: u32, first: usize| {
        let header = [0x0803, count, 28, 28].map(u32::to_be_bytes).concat();
        [header, (0..count as usize).flat_map(|at| digit((first + at) % 10)).collect()].concat()
    };
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "train-images-idx3-ubyte.gz", &gzip(&file(60, 0)));
    put(folder.path(), "t10k-images-idx3-ubyte.gz", &gzip(&file(10, 7)));
    let data = load(folder.path()).unwrap();
    assert_eq!((data.len(), data.held_out_len()), (Some(60), Some(10)));
    check_digits(&data, digit(7).iter().map(|&level| f32::from(level)).sum());
    assert_eq!(held_out(&data, 1), digit(8));
    // The middle stroke is not in every digit.
    let (low, high) = data.bounds();
    assert_eq!((low[13 * 28 + 12], high[13 * 28 + 12]), (-1.0, 1.0));
    assert_eq!(training(&data).len(), 10);
}

#[test]
fn mnist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    if !folder.is_dir() {
        return skipped(&format!("MNIST itself is not in {}", folder.display()));
    }
    let data = load(&folder).unwrap();
    assert_eq!((data.len(), data.held_out_len()), (Some(60_000), Some(10_000)));
    // A seven.
    check_digits(&data, 18_454.0);
    let (low, high) = data.bounds();
    assert_eq!((low[406], high[406]), (-1.0, 1.0));
}
