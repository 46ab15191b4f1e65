//! What the fuzzers of `fuzz/` begin with, and what they have found, through the same functions: nothing panics or hangs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../fuzz/src/targets/mod.rs"]
mod targets;

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The fuzzers allow a second. This is no measurement: a machine that is busy may take much longer, a reader that hangs takes forever.
const PATIENCE: Duration = Duration::from_secs(120);

/// The files in a folder, by name; none if it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Reads the files with a target, each in its time.
fn replay(name: &'static str, files: Vec<PathBuf>) {
    let (done, each) = channel();
    // All of a target's files on one thread, which has one folder to write to.
    let reading = {
        let files = files.clone();
        std::thread::spawn(move || {
            for file in files {
                targets::call(name, &std::fs::read(&file).unwrap());
                done.send(()).unwrap();
            }
        })
    };
    for file in &files {
        if let Err(error) = each.recv_timeout(PATIENCE) {
            panic!("{}: {error} (a panic is told above)", file.display());
        }
    }
    reading.join().unwrap();
}

#[test]
fn what_was_found_stays_mended() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for kind in ["seeds", "failures"] {
        for folder in files(&root.join(kind)) {
            let name = folder.file_name().unwrap().to_str().unwrap();
            assert!(targets::TARGETS.iter().any(|(known, _)| *known == name), "{kind}/{name} is of no target");
        }
    }
    for (name, _) in targets::TARGETS {
        let [seeds, failures] = ["seeds", "failures"].map(|kind| files(&root.join(kind).join(name)));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        replay(name, [seeds, failures].concat());
    }
}
