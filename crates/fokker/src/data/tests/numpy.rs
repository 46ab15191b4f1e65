//! Files exchanged with NumPy: with files of its own everywhere (`numpy/`), with itself where Python has it.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::data::formats::npz::write_archive;
use crate::data::{read_table, write_npy, write_npz};

/// Says that something was left out, past the test harness, which keeps to itself what passing tests print.
pub(super) fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Runs a script in `folder`; false where Python has no NumPy. `FOKKER_PYTHON` names another interpreter.
fn python(folder: &Path, script: &str) -> bool {
    let python = std::env::var("FOKKER_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_numpy =
        Command::new(&python).args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success());
    if !has_numpy {
        skipped(&format!("no exchange of files with NumPy itself: {python} has none"));
        return false;
    }
    let output = Command::new(&python).args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

fn kept(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/tests/numpy").join(folder)
}

/// Reads what `make.py` writes.
fn read_theirs(folder: &Path) {
    let x = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let table = read_table(&path, (name == "packed.npz").then_some("a")).unwrap();
        let expected = match &*name {
            "u1.npy" => x.map(|x| x + 2.0),
            "flags.npy" => x.map(|x| f64::from(u8::from(x > 0.0))),
            _ => x,
        };
        assert_eq!((table.rows, table.dim, table.values), (2, 3, expected.to_vec()), "{name}");
        files += 1;
    }
    assert_eq!(files, 20);
    assert_eq!(read_table(&folder.join("packed.npz"), Some("b")).unwrap().values, vec![0.0; 100_000]);
}

#[test]
fn files_written_by_numpy() {
    read_theirs(&kept("theirs"));
    let folder = tempfile::tempdir().unwrap();
    if python(folder.path(), include_str!("numpy/make.py")) {
        read_theirs(folder.path());
    }
}

#[test]
fn files_read_by_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f64> = (0..24).map(|at| f64::from(at) / 3.0).collect();
    write_npy(&folder.path().join("a.npy"), &[2, 3, 4], &values).unwrap();
    write_npz(&folder.path().join("a.npz"), &[("x", &[6, 4], &values), ("t", &[], &[0.5]), ("é", &[1], &[1.0])])
        .unwrap();
    let mut zip64 = Vec::new();
    write_archive(&mut zip64, &[("x", &[6, 4], &values), ("y", &[0, 3], &[])], true).unwrap();
    std::fs::write(folder.path().join("b.npz"), zip64).unwrap();
    python(folder.path(), include_str!("numpy/check.py"));
    // Where there is no NumPy: the very bytes that it has read.
    for name in ["a.npy", "a.npz", "b.npz"] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(
            read(folder.path()) == read(&kept("ours")),
            "{name} is not what NumPy has read: run numpy/check.py on it"
        );
    }
}
