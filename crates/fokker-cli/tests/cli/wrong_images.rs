//! Folders of IDX files that are missing, damaged or of the wrong shape.

use crate::util::{Scratch, TINY, gzip, idx, sets};

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
}

#[test]
fn missing_folder_or_files() {
    let scratch = Scratch::new();
    scratch.refuses(&["compare", "--preset", "mnist"], &["mnist", "no such file"]);
    scratch.refuses(&["compare", "--preset", "mnist", "--data", "none"], &["none"]);
    scratch.put("m/readme", "");
    scratch.refuses(&["compare", "--preset", "mnist", "--data", "m"], &[TRAIN, "no such file"]);
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
