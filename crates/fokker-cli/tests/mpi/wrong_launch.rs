//! Launches that cannot be meant: exit status 2, one line, by rank 0, and nothing is begun.

use crate::launch::{Ended, run, several};
use crate::util::{Scratch, npy};

#[track_caller]
fn refused(scratch: &Scratch, ended: &Ended, parts: &[&str]) {
    assert!(ended.status == Some(2) && ended.errors.len() == 1 && ended.stdout.is_empty(), "{ended:?}");
    parts.iter().for_each(|part| assert!(ended.errors[0].contains(part), "no {part:?} in {ended:?}"));
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    assert!(!scratch.path("run").exists(), "nothing is begun");
}

#[test]
fn ranks_that_are_told_different_things() {
    let scratch = Scratch::new();
    let train = ["train", "--preset", "ring8", "-o", "run"];
    let other = [&train[..], &["--set", "train.batch=64"]].concat();
    let ended = several(&scratch, &[(1, &train), (1, &other)]).output().unwrap().into();
    refused(&scratch, &ended, &["ranks 0 and 1 were not started alike: the config (train.batch) differs"]);

    let rows = |first: u32| (first..first + 40).map(|i| (f64::from(i) * 1.7).sin()).collect::<Vec<_>>();
    scratch.put("a/x.npy", npy(&[40, 1], &rows(0)));
    scratch.put("b/x.npy", npy(&[40, 1], &rows(1)));
    let text = "[data]\nkind = \"file\"\npath = \"x.npy\"\n";
    scratch.put("a/c.toml", text);
    scratch.put("b/c.toml", text);
    let of = |folder: &'static str| -> [&'static str; 4] {
        ["train", if folder == "a" { "a/c.toml" } else { "b/c.toml" }, "-o", "run"]
    };
    let ended: Ended = several(&scratch, &[(1, &of("a")), (2, &of("b"))]).output().unwrap().into();
    refused(&scratch, &ended, &["ranks 0 and 1 were not started alike: the data differs"]);
}

#[test]
fn requests_that_are_wrong_for_one_process_are_for_many() {
    let scratch = Scratch::new();
    for (args, part) in [
        (&["train", "--preset", "nope", "-o", "run"][..], "nope"),
        (&["train", "--preset", "ring8", "-o", "run", "--set", "train.batch=0"], "train.batch"),
        (&["train", "--preset", "ring8", "-o", "run", "--nope"], "--nope"),
        (&["logp", "nowhere", "--data", "x.npy", "-o", "run"], "run"),
        (&["audit", "nowhere"], "nowhere"),
        (&["compare", "--preset", "ring8", "-o", "run", "--set", "train.steps=0"], "train.steps"),
        (&["sweep", "--preset", "ring8", "-o", "run", "--over", "nope=1"], "nope"),
        (&["sample", "nowhere", "-n", "5", "-o", "run.csv"], "nowhere"),
    ] {
        refused(&scratch, &run(&scratch, 3, args), &[part]);
    }
}

#[test]
fn more_ranks_than_shards() {
    let scratch = Scratch::new();
    let args = ["train", "--preset", "ring8", "-o", "run", "--set", "train.shards=2"];
    refused(&scratch, &run(&scratch, 4, &args), &["train.shards: 4 ranks, but 2 shards for them"]);
}
