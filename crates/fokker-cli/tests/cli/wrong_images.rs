//! Images that are missing, damaged or of the wrong shape.

use crate::util::{Scratch, TINY, cifar, gzip, idx, npy_bytes, png, sets};

const TRAIN: &str = "m/train-images-idx3-ubyte";
const TEST: &str = "m/t10k-images-idx3-ubyte";

#[track_caller]
fn refused(files: &[(&str, Vec<u8>)], parts: &[&str]) {
    let scratch = Scratch::new();
    for (name, bytes) in files {
        scratch.put(name, bytes);
    }
    let args = ["compare", "--preset", "mnist", "--data", "m"];
    scratch.refuses(&[&args, &*sets(TINY)].concat(), parts);
    scratch
        .refuses(&[&["train", "--preset", "mnist", "--set", "data.path=m", "-o", "run"], &*sets(TINY)].concat(), parts);
    scratch.refuses(&["data", "describe", "m"], parts);
}

#[test]
fn missing_folder_or_files() {
    let scratch = Scratch::new();
    scratch.refuses(&["compare", "--preset", "mnist"], &["mnist", "no such file"]);
    scratch.refuses(&["compare", "--preset", "mnist", "--data", "none"], &["none"]);
    scratch.put("m/readme", "");
    scratch.refuses(&["compare", "--preset", "mnist", "--data", "m"], &["m: no images", "are recognised"]);
    refused(&[(TRAIN, idx(2, 3, 3))], &[TEST, "no such file"]);
}

#[test]
fn truncated_gzip() {
    let (name, whole) = (format!("{TRAIN}.gz"), gzip(&idx(20, 6, 6)));
    for length in [0, 5, 14, 20, 30, 400, whole.len() - 9, whole.len() - 3] {
        refused(&[(&name, whole[..length].to_vec()), (TEST, idx(2, 6, 6))], &[&name]);
    }
}

#[test]
fn damaged_gzip() {
    let name = format!("{TRAIN}.gz");
    let mut bytes = gzip(&idx(20, 6, 6));
    bytes[100] ^= 1;
    refused(&[(&name, bytes), (TEST, idx(2, 6, 6))], &[&name]);
    refused(&[(&name, idx(20, 6, 6)), (TEST, idx(2, 6, 6))], &[&name]);
}

#[test]
fn wrong_magic_length_or_size() {
    let whole = idx(20, 6, 6);
    let mut other = whole.clone();
    other[3] = 1;
    refused(&[(TRAIN, other), (TEST, idx(2, 6, 6))], &[TRAIN, "not an IDX file", "00 00 08 01"]);
    refused(&[(TRAIN, whole[..whole.len() - 1].to_vec()), (TEST, idx(2, 6, 6))], &[TRAIN, "truncated"]);
    refused(&[(TRAIN, [&whole[..], b"x"].concat()), (TEST, idx(2, 6, 6))], &[TRAIN, "too long"]);
    refused(&[(TRAIN, whole), (TEST, idx(2, 5, 6))], &[TEST, "image size", "5×6", "6×6"]);
    refused(&[(TRAIN, idx(0, 6, 6)), (TEST, idx(2, 6, 6))], &[TRAIN, "0 rows"]);
}

#[test]
fn labels_that_do_not_match() {
    let labels = b"\0\0\x08\x01\0\0\0\x01\x07".to_vec();
    let name = "m/train-labels-idx1-ubyte";
    refused(
        &[(TRAIN, idx(20, 6, 6)), (TEST, idx(2, 6, 6)), (name, labels)],
        &[name, "the number of labels is 1, but 20 in"],
    );
}

#[test]
fn cifar_files() {
    let (good, name) = (cifar(&[1, 2], [1, 2, 3]), "m/train.bin");
    refused(&[(name, good[1..].to_vec()), ("m/test.bin", good.clone())], &[name, "no whole number of records of 3074"]);
    refused(&[(name, cifar(&[1, 100], [0; 3])), ("m/test.bin", good.clone())], &[name, "image 1: label 100"]);
    refused(&[(name, good)], &["m/test.bin", "no such file"]);
}

#[test]
fn image_files() {
    let good = png(3, 2, &[7; 18]);
    refused(&[("m/a.png", good.clone()), ("m/b.png", b"A text, no picture.".to_vec())], &["m/b.png", "not an image"]);
    refused(
        &[("m/a.png", good.clone()), ("m/b.png", png(2, 3, &[7; 18]))],
        &["m/b.png: 3×2 pixels", "but 2×3 in", "m/a.png", "`size`"],
    );
    refused(&[("m/a.png", good[..40].to_vec()), ("m/b.png", good.clone())], &["m/a.png", "not an image"]);
    refused(&[("m/a.png", good)], &["m: 1 rows", "2 needed"]);
    refused(&[("m/.a.png", Vec::new())], &["m: no images"]);
}

#[test]
fn arrays() {
    let name = "m/train_data_batch_1.npz";
    refused(&[(name, b"no archive".to_vec()), ("m/val_data.npz", Vec::new())], &[name, "not an .npz"]);
    refused(
        &[("m/a.npy", npy_bytes(&[2, 3, 5, 3], &[0; 90]))],
        &["m/a.npy: shape (2, 3, 5, 3)", "either could be the channels"],
    );
    refused(&[("m/a.npy", npy_bytes(&[2, 4, 5], &[0; 39]))], &["m/a.npy: truncated"]);
    refused(&[("m/a.npy", npy_bytes(&[2, 4], &[0; 8]))], &["m/a.npy: shape (2, 4)"]);
    let scratch = Scratch::new();
    scratch.put("x.npy", crate::util::npy(&[1, 2, 2], &[0.0, 0.5, 7.0, 1.0]));
    scratch.refuses(&["compare", "--preset", "mnist", "--data", "x.npy"], &["x.npy", "image 1 has the value 7"]);
    scratch.refuses(&["data", "describe", "none"], &["none"]);
    scratch.refuses(&["data", "describe", "x.npy", "--held-out", "1"], &["--held-out", "between 0 and 1"]);
    scratch.refuses(&["data"], &["subcommand"]);
}
