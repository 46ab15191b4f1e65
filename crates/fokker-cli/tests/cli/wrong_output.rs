//! Places that cannot be written to. The tests may run as root, so these are paths below a regular file.

use crate::util::{Scratch, TINY, sets};

#[test]
fn folders_below_a_file() {
    let scratch = Scratch::new();
    scratch.put("file", "");
    for folder in ["file/run", "file"] {
        let args = ["train", "--preset", "ring8", "-o", folder];
        scratch.refuses(&[&args, &*sets(TINY)].concat(), &[folder, "directory"]);
        scratch.refuses(&[&["compare", "-o", folder], &*sets(TINY)].concat(), &[folder]);
    }
}

#[test]
fn files_below_a_file_or_in_no_folder() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    for folder in ["x.csv", "none"] {
        for extension in ["csv", "npy", "npz", "parquet"] {
            let path = format!("{folder}/y.{extension}");
            scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", &path], &[&path]);
            scratch.refuses(&["sample", "run", "-n", "2", "-o", &path], &[&path]);
        }
        let path = format!("{folder}/y.npz");
        scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", &path], &[&path]);
        let path = format!("{folder}/y.json");
        scratch.refuses(&["audit", "run", "--json", &path], &[&path]);
        scratch.refuses(&["bench", "step", "--steps", "1", "--batch", "2", "--json", &path], &[&path]);
    }
}

#[test]
fn compare_looks_for_its_json_before_it_trains() {
    let scratch = Scratch::new();
    scratch.put("file", "");
    let args = [&["compare", "-o", "new", "--json", "file/y.json"], &*sets(TINY)].concat();
    scratch.refuses(&args, &["file/y.json"]);
}

#[test]
fn unknown_extensions() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    for path in ["y.txt", "y", "y.csv.gz"] {
        scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", path], &["-o", path, ".npz"]);
        scratch.refuses(&["sample", "run", "-n", "2", "-o", path], &["-o", path, ".png"]);
        scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", path], &["-o", path, ".npz"]);
    }
    scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", "y.png"], &["-o", "y.png", ".npz"]);
    scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "y.npy"], &["-o", "y.npy", ".npz"]);
}

#[test]
fn pictures_of_what_is_no_image() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.refuses(&["sample", "run", "-n", "2", "-o", "y.png"], &["-o", "y.png", "not images"]);
}
