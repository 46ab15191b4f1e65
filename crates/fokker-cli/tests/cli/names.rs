//! Names of files that are not plain words: with accents in two characters, spaces of any kind, characters that move a terminal's
//! cursor, bytes that are no text.
#![cfg(target_os = "linux")]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::util::{Done, Scratch, TINY, sets};

const NAMES: &[&str] = &[
    "cafe\u{301}",
    "a\u{a0}b",
    "a\nb",
    "a\tb",
    "a\u{1b}[31mb",
    "a\u{7}\u{9b}b",
    "a\u{202e}b",
    " a  b ",
    "x=#,[]{}",
    "\"'\\u{a0}",
];

const ROWS: &str = "1,2\n3,4\n5,6\n0,1\n1,1.5\n";

/// Nothing that a terminal obeys is printed, and every character that is shown is the name's own.
#[track_caller]
fn printable(done: &Done) {
    let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!done.stdout.contains(hidden) && !done.stderr.contains(hidden), "{done:?}", done = done.to_string());
}

#[track_caller]
fn works(done: Done) {
    printable(&done);
    done.succeeded();
}

#[test]
fn files_of_any_name_are_read_and_written() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    for name in NAMES {
        let at = |ending: &str| format!("{name}{ending}");
        let (rows, model) = (at(".csv"), at("_run"));
        scratch.put(&rows, ROWS);
        works(scratch.fokker(&["data", "describe", &rows]));
        let told = scratch.fokker(&["data", "describe", "--json", &rows]);
        printable(&told);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&told.stdout).unwrap()["path"], *rows);
        let tiny = sets(TINY);
        let train = ["train", "--preset", "ring8", "--data", &rows, "-o", &model];
        works(scratch.fokker(&[&train[..], &tiny].concat()));
        works(scratch.fokker(&["train", "--resume", &model]));
        works(scratch.fokker(&["audit", &model, "--data", &rows, "--json", &at(".json")]));
        works(scratch.fokker(&["sample", &model, "-n", "2", "-o", &at(".npy")]));
        works(scratch.fokker(&["sample", &model, "--encode", &rows, "-o", &at(".npz")]));
        works(scratch.fokker(&["logp", &model, "--data", &rows, "-o", &at(".tsv")]));
        for made in [".json", ".npy", ".npz", ".tsv"] {
            assert!(scratch.path(&at(made)).is_file(), "{name:?}{made}");
        }
    }
    // Compare is slower: the name that a config says in the most roundabout way.
    let [rows, out, json] = ["\u{1b}\u{a0}\".csv", "\u{1b}\u{a0}\"", "\u{1b}\u{a0}\".json"];
    scratch.put(rows, ROWS);
    works(scratch.fokker(&[&["compare", "--data", rows, "-o", out, "--json", json], &*sets(TINY)].concat()));
    assert!(scratch.path(json).is_file() && scratch.path(out).is_dir());
}

#[test]
fn files_that_are_not_there_are_named_as_they_are() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.put("x.csv", ROWS);
    for (name, shown) in [
        ("cafe\u{301}", "cafe\u{301}"),
        ("a\u{a0}b", "a\u{a0}b"),
        ("a\nb", "a\\nb"),
        ("a  b", "a  b"),
        ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
        ("a\u{9b}b", "a\\u{9b}b"),
        ("a\u{202e}b", "a\\u{202e}b"),
    ] {
        let [rows, toml, file] = [".csv", ".toml", "/x.json"].map(|ending| format!("{name}{ending}"));
        for args in [
            &["data", "describe", &rows][..],
            &["train", &toml, "-o", "new"],
            &["train", "--preset", "ring8", "--data", &rows, "-o", "new"],
            &["train", "--resume", name],
            &["compare", "-o", "new", "--json", &file],
            &["logp", name, "--data", "x.csv", "-o", "p.csv"],
            &["logp", "run", "--data", &rows, "-o", "p.csv"],
            &["sample", "run", "-n", "1", "-o", &file.replace("json", "csv")],
            &["audit", "run", "--data", &rows],
            &["audit", "run", "--json", &file],
        ] {
            printable(&scratch.fokker(args));
            scratch.refuses(args, &[shown]);
        }
    }
}

/// The program with arguments that need not be text.
fn run(scratch: &Scratch, args: &[&OsStr]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fokker"));
    command.args(args);
    let shown: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    scratch.run(&shown.iter().map(|arg| &**arg).collect::<Vec<_>>(), command)
}

#[test]
fn names_that_are_no_text() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    let name = |ending: &str| {
        let mut name = OsString::from(OsStr::from_bytes(b"caf\xe9"));
        name.push(ending);
        name
    };
    let rows = name(".csv");
    std::fs::write(scratch.path("").join(&rows), ROWS).unwrap();
    let os = |text: &'static str| OsStr::new(text);
    works(run(&scratch, &[os("data"), os("describe"), &rows]));
    // A config names its data, and is text: what cannot be said is not said wrongly.
    let before = scratch.contents();
    for args in [
        &["train", "--preset", "ring8", "-o", "new", "--data"][..],
        &["compare", "-o", "new", "--data"],
        &["audit", "run", "--data"],
    ] {
        let args: Vec<&OsStr> = args.iter().map(|arg| OsStr::new(*arg)).chain([&*rows]).collect();
        run(&scratch, &args).one_line(2, &["--data caf\u{fffd}.csv", "not UTF-8", "a link to it"]);
        assert!(before == scratch.contents());
    }
    std::os::unix::fs::symlink(&rows, scratch.path("plain.csv")).unwrap();
    let args = ["train", "--preset", "ring8", "-o", "new", "--data", "plain.csv"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    // Nothing else needs the name as text.
    let (model, npy, out, json) = (name("_run"), name(".npy"), name(".tsv"), name(".json"));
    let tiny: Vec<&OsStr> = sets(TINY).into_iter().map(OsStr::new).collect();
    works(run(&scratch, &[&[os("train"), os("--preset"), os("ring8"), os("-o"), &model], &*tiny].concat()));
    works(run(&scratch, &[os("train"), os("--resume"), &model]));
    works(run(&scratch, &[os("sample"), &model, os("-n"), os("2"), os("-o"), &npy]));
    works(run(&scratch, &[os("logp"), &model, os("--data"), &rows, os("-o"), &out]));
    works(run(&scratch, &[os("audit"), &model, os("--json"), &json]));
    for made in [npy, out, json] {
        assert!(scratch.path("").join(made).is_file());
    }
}
