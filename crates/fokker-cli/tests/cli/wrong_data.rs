//! Tables that are missing, damaged or of the wrong shape.

use crate::util::{Scratch, TINY, npy, sets};

/// A data file that `train` and, if it can be told from the file alone, `logp` must refuse.
#[track_caller]
fn refused(name: &str, bytes: &[u8], parts: &[&str]) {
    let scratch = Scratch::new();
    scratch.put(name, bytes);
    let args = ["train", "--preset", "ring8", "--data", name, "-o", "new"];
    scratch.refuses(&[&args, &*sets(TINY)].concat(), &[&[name], parts].concat());
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.refuses(&["logp", "run", "--data", name, "-o", "out.csv"], &[&[name], parts].concat());
    scratch.refuses(&["eval", "run", "--data", name, "--t", "0.5", "-o", "out.npz"], &[&[name], parts].concat());
}

#[test]
fn missing_files() {
    let scratch = Scratch::new();
    scratch.refuses(&["train", "--preset", "ring8", "--data", "none.csv", "-o", "new"], &["none.csv", "no such file"]);
    scratch.refuses(&["compare", "--data", "none.npy"], &["none.npy", "no such file"]);
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.refuses(&["logp", "run", "--data", "none.npz", "-o", "out.csv"], &["none.npz", "no such file"]);
}

#[test]
fn folders_in_place_of_files() {
    let scratch = Scratch::new();
    scratch.put("x.csv/y", "");
    scratch.train("run", "ring8", &["train.steps=1"]);
    let args = ["logp", "run", "--data", "x.csv", "-o", "out.csv"];
    scratch.refuses(&args, &["x.csv", "directory"]);
    let said = scratch.fokker(&args).stderr;
    assert_eq!(said.matches("irectory").count(), 1, "the cause is named once: {said}");
}

#[test]
fn unknown_extensions() {
    refused("x.feather", b"ARROW1", &["\"feather\"", ".npy, .npz, .csv, .tsv, .parquet, .csv.gz and .tsv.gz"]);
    refused("x", b"1,2\n", &["extension"]);
}

#[test]
fn csv_that_is_no_table() {
    refused("nan.csv", b"x,y\n1,2\n3,nan\n", &["row 3, column 2", "NaN"]);
    refused("inf.csv", b"1,2\n-inf,3\n", &["row 2, column 1", "-inf"]);
    refused("ragged.csv", b"1,2\n3\n", &["row 2", "1 columns", "2 in the first row"]);
    refused("word.csv", b"1,2\n3,four\n", &["row 2, column 2", "\"four\""]);
    refused("bytes.csv", b"1,2\n3,\xff\xfe\n", &["row 2, column 2"]);
    refused("empty.csv", b"", &["rows"]);
    refused("header.csv", b"x,y\n", &["rows"]);
}

#[test]
fn npy_that_is_no_table() {
    let good = npy(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    refused("short.npy", &good[..good.len() - 8], &["truncated"]);
    refused("head.npy", &good[..40], &["truncated"]);
    refused("long.npy", &[&good[..], b"x"].concat(), &["too long"]);
    refused("text.npy", b"1,2\n3,4\n", &["not a NumPy array"]);
    refused("empty.npy", b"", &["not a NumPy array"]);
    refused("nan.npy", &npy(&[2, 2], &[1.0, 2.0, 3.0, f64::NAN]), &["row 2, column 2", "NaN"]);
    refused("inf.npy", &npy(&[2, 2], &[1.0, f64::INFINITY, 3.0, 4.0]), &["row 1, column 2", "inf"]);
    refused("flat.npy", &npy(&[2], &[1.0, 2.0]), &["two dimensions"]);
    refused("none.npy", &npy(&[0, 2], &[]), &["0 rows"]);
    let huge = npy(&[1 << 40, 2], &[]);
    refused("huge.npy", &huge, &["truncated"]);
}

#[test]
fn parquet_that_is_no_table() {
    refused("text.parquet", b"1,2\n3,4\n", &["not a Parquet file"]);
    refused("empty.parquet", b"", &["not a Parquet file"]);
    refused("short.parquet", b"PAR1", &["damaged"]);
}

#[test]
fn npz_that_is_no_archive() {
    refused("text.npz", b"1,2\n3,4\n", &["zip"]);
    refused("empty.npz", b"", &["zip"]);
}

#[test]
fn rows_of_another_dimension() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.put("x.csv", "1,2,3\n");
    let parts = ["x.csv", "3 columns", "dimension is 2"];
    scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", "out.csv"], &parts);
    scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "out.npz"], &parts);
}

#[test]
fn one_row_cannot_be_split() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1,2\n");
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "new"];
    scratch.refuses(&args, &["x.csv", "1 rows", "at least 2"]);
}
