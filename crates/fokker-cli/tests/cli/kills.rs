//! Whatever kills a command, and whenever, the same command goes on to the same result and leaves nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::util::{Chance, Scratch, TINY, copy, send, sets, start, wait_for};

const SIGNALS: [&str; 3] = ["KILL", "TERM", "INT"];

/// A command that is interrupted, and what it makes.
struct Case {
    first: Vec<&'static str>,
    /// What is typed to go on.
    again: Vec<&'static str>,
    /// Files that must come out the same.
    makes: Vec<&'static str>,
}

const MORE: &[&str] = &["train.checkpoint_every=10", "train.checkpoint_minutes=1e-3", "train.threads=1"];

fn cases() -> Vec<Case> {
    let of = |words: &[&'static str], steps: &'static str| -> Vec<&'static str> {
        [words, &*sets(TINY), &*sets(MORE), &["--set", steps]].concat()
    };
    let train = of(
        &["train", "--preset", "ring8", "-o", "run", "--set", "train.held_out={every = 50, rows = 64}"],
        "train.steps=3000",
    );
    let compare = of(&["compare", "--preset", "ring8", "-o", "c"], "train.steps=1500");
    let sweep = of(&["sweep", "--preset", "ring8", "-o", "s", "--over", "train.batch=32,64"], "train.steps=1500");
    let logp = vec![
        "logp",
        "model",
        "--data",
        "rows.npy",
        "-o",
        "logp.csv",
        "--chunk-rows",
        "500",
        "--resume",
        "--threads",
        "1",
    ];
    let sample =
        vec!["sample", "model", "-n", "60000", "-o", "x.npy", "--tolerance", "1e-3", "--resume", "--threads", "1"];
    let simulate = vec![
        "simulate",
        "model",
        "-n",
        "20",
        "--steps",
        "400000",
        "--save-every",
        "2000",
        "--dt",
        "1e-6",
        "-o",
        "traj.npy",
        "--resume",
        "--threads",
        "1",
    ];
    let case =
        |first: Vec<&'static str>, makes: &[&'static str]| Case { again: first.clone(), first, makes: makes.to_vec() };
    vec![
        Case {
            first: train,
            again: vec!["train", "--resume", "run"],
            makes: vec!["run/model.safetensors", "run/best.safetensors", "run/metrics.jsonl", "run/config.toml"],
        },
        case(
            compare,
            &["c/dsm/model.safetensors", "c/fp/model.safetensors", "c/fp/audit.json", "c/dsm/audit-points.npz"],
        ),
        case(sweep, &["s/batch-32/seed-0/model.safetensors", "s/batch-64/seed-0/audit.json"]),
        case(logp, &["logp.csv"]),
        case(sample, &["x.npy"]),
        case(simulate, &["traj.npy"]),
    ]
}

/// A model and rows for it.
fn prepare(scratch: &Scratch) {
    scratch.train("model", "ring8", &[]);
    scratch.fokker(&["sample", "model", "-n", "20000", "-o", "rows.npy", "--tolerance", "1e-2"]).succeeded();
}

fn made(scratch: &Scratch, case: &Case) -> BTreeMap<&'static str, Vec<u8>> {
    case.makes.iter().map(|name| (*name, scratch.read(name))).collect()
}

/// Kills each command so many times, at random moments and in the middle of writing, then lets it end.
fn killed(times: u64) {
    let (scratch, mut chance) = (Scratch::new(), Chance(2026));
    prepare(&scratch);
    for case in cases() {
        let whole = Scratch::new();
        for name in ["model", "rows.npy"] {
            copy(&scratch.path(name), &whole.path(name));
        }
        whole.fokker(&case.first).succeeded();
        let (mut kills, mut args, mut finished) = (0, case.first.clone(), false);
        for time in 0..3 * times {
            let mut child = start(&scratch, &args);
            // Sometimes in the middle of a write: a temporary file is there.
            if time % 3 == 2 && args.contains(&"run") {
                let folder = scratch.path("run/checkpoints");
                wait_for(&mut child, &|| has_temporary(&folder));
            } else {
                sleep(Duration::from_millis(20 + chance.below(250) as u64));
            }
            let signal = *chance.of(&SIGNALS);
            let running = child.try_wait().unwrap().is_none();
            send(&child, signal);
            let done = child.wait_with_output().unwrap();
            let said = String::from_utf8(done.stderr).unwrap();
            if done.status.success() {
                finished = true;
                break;
            }
            assert!(said.lines().count() <= 1 && !said.contains("panicked"), "{args:?}: {said}");
            kills += u64::from(running);
            if scratch.path("run/checkpoints").exists()
                && std::fs::read_dir(scratch.path("run/checkpoints"))
                    .unwrap()
                    .any(|entry| is_checkpoint(&entry.unwrap().path()))
            {
                args = case.again.clone();
            } else if case.first[0] == "train" {
                let _ = std::fs::remove_dir_all(scratch.path("run"));
            }
            if kills == times {
                break;
            }
        }
        if !finished {
            let end = scratch.fokker(&args);
            assert_eq!(end.code, Some(0), "{end}");
        }
        for (name, bytes) in made(&whole, &case) {
            assert!(scratch.read(name) == bytes, "{:?}: {name} differs after {kills} kills", case.first);
        }
        let left: Vec<PathBuf> = scratch.contents().into_keys().filter(|path| is_left_over(path)).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(kills > 0, "{:?} was never killed", case.first);
    }
}

fn has_temporary(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "tmp")))
    })
}

fn is_checkpoint(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "safetensors")
}

fn is_left_over(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    name.ends_with(".tmp") || name.ends_with(".part") || name == "run.lock" || name.starts_with("audit.part")
}

#[test]
fn kills_change_nothing_and_leave_nothing() {
    killed(3);
}

#[test]
#[ignore = "a hundred kills take minutes"]
fn a_hundred_kills_change_nothing_and_leave_nothing() {
    killed(17);
}
