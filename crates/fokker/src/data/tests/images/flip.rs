use super::{config, load, training};
use crate::data::tests::{idx, put, rng};
use crate::data::{Data, DataConfig};

/// Images without symmetry.
fn data(flip: bool) -> Data {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "train-images-idx3-ubyte", &idx(1, 2, 3));
    put(folder.path(), "t10k-images-idx3-ubyte", &idx(1, 2, 3));
    let DataConfig::Images { path, size, held_out, .. } = config(folder.path()) else { unreachable!() };
    Data::load(&DataConfig::Images { path, flip, size, held_out }).unwrap()
}

const PLAIN: [u8; 6] = [0, 37, 74, 111, 148, 185];
const MIRRORED: [u8; 6] = [74, 37, 0, 185, 148, 111];

#[test]
fn half_of_the_training_rows_are_mirrored() {
    let data = data(true);
    assert_eq!(training(&data), [PLAIN.to_vec(), MIRRORED.to_vec()]);
    let (mut rng, mut row, mut mirrored) = (rng(9), [0.0; 6], 0);
    for _ in 0..4000 {
        data.draw(&mut rng, &mut row);
        mirrored += usize::from(row[0] > row[1]);
    }
    // 2000 ± 32.
    assert!(mirrored.abs_diff(2000) < 160, "{mirrored}");
    for _ in 0..200 {
        data.draw_held_out(&mut rng, &mut row);
        assert!(row[0] < row[1], "held-out rows are not");
    }
    let (low, high) = data.bounds();
    assert_eq!((low[0], low[2], high[0]), (-1.0, -1.0, 75.0 / 128.0 - 1.0));
}

#[test]
fn nothing_is_mirrored_unasked() {
    let data = data(false);
    assert_eq!(training(&data), [PLAIN.to_vec()]);
    assert_eq!(data.bounds().0[2], 74.0 / 128.0 - 1.0);
}

/// The channels of a pixel stay together.
#[test]
fn colours_are_not_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let image: Vec<u8> = (1..13).collect();
    let array = crate::data::tests::npy("'|u1'", "False", "(2, 2, 2, 3)", &image.repeat(2));
    let path = put(folder.path(), "x.npy", &array);
    assert_eq!(training(&load(&path).unwrap()), std::slice::from_ref(&image));
    let flipped = Data::load(&DataConfig::Images { path, flip: true, size: None, held_out: 0.5 }).unwrap();
    assert_eq!(training(&flipped), [image, vec![4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]]);
}
