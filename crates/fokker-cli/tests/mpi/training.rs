//! One run of training, whoever takes part in it.

use std::process::{Command, Stdio};

use crate::launch::{Ended, mpirun, ranks_of, run, succeeds};
use crate::util::{Scratch, idx, send, sets, wait_for};

/// A table's network and a U-Net, 200 steps each, with the term.
const RING: &[&str] = &["network.width=16", "train.batch=128", "loss.fp.weight=7.5e-5", "loss.fp.every=2"];
const U_NET: &[&str] = &[
    "network.width=4",
    "network.multipliers=[1,2]",
    "network.attention=[4]",
    "network.blocks=1",
    "network.dropout=0.2",
    "train.batch=12",
    "train.shards=6",
    "loss.fp.every=4",
];
const BOTH: &[&str] = &[
    "train.steps=200",
    "train.checkpoint_every=20",
    "train.log_every=20",
    "train.held_out.every=40",
    "train.held_out.rows=32",
];

fn cases() -> [(&'static str, Vec<&'static str>); 2] {
    let of =
        |first: &[&'static str], own: &[&'static str]| [first, &["--deterministic"], &sets(BOTH), &sets(own)].concat();
    [
        ("ring8", of(&["train", "--preset", "ring8"], RING)),
        ("U-Net", of(&["train", "--preset", "mnist-unet-tiny", "--data", "m"], U_NET)),
    ]
}

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 8, 8));
    scratch.put("m/t10k-images-idx3-ubyte", idx(10, 8, 8));
    scratch
}

/// What a run has come to: the model, and how it went.
fn end(scratch: &Scratch, run: &str) -> (Vec<u8>, String) {
    (scratch.read(&format!("{run}/model.safetensors")), scratch.text(&format!("{run}/metrics.jsonl")))
}

fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).stderr(Stdio::null()).status();
}

#[test]
fn one_two_and_four_ranks_train_the_same_model_through_kills_and_on_other_counts() {
    let scratch = scratch();
    for (name, args) in cases() {
        let to = |run: &str, ranks: usize| {
            let root = format!("{name}-{run}");
            succeeds(&scratch, ranks, &[&args[..], &["-o", &root]].concat());
            end(&scratch, &root)
        };
        let one = to("1", 1);
        assert!(to("2", 2) == one && to("4", 4) == one, "{name}");
        // As does the program that no launcher started.
        let plain = format!("{name}-plain");
        scratch.fokker(&[&args[..], &["-o", &plain]].concat()).succeeded();
        assert!(end(&scratch, &plain) == one, "{name}");

        // One rank of four is killed at some moment, then two are told to stop, then one ends it.
        let root = format!("{name}-killed");
        let launcher = mpirun(&scratch, 4, &[&args[..], &["-o", &root]].concat())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (first, ranks) = (scratch.path(&format!("{root}/checkpoints")), || ranks_of(&launcher));
        let begun = std::time::Instant::now();
        while std::fs::read_dir(&first).map_or(0, Iterator::count) == 0 && begun.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        ranks().get(1).copied().into_iter().for_each(|rank| signal(rank, "KILL"));
        let ended = Ended::from(launcher.wait_with_output().unwrap());
        assert!(ended.status != Some(0), "it came to its end before it was killed: {ended:?}");

        let resume = ["train", "--resume", &root];
        let mut launcher = mpirun(&scratch, 2, &resume).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let later = scratch.path(&format!("{root}/metrics.jsonl"));
        wait_for(&mut launcher, &|| std::fs::read_to_string(&later).is_ok_and(|text| text.lines().count() >= 3));
        send(&launcher, "TERM");
        launcher.wait_with_output().unwrap();
        succeeds(&scratch, 1, &resume);
        assert!(end(&scratch, &root) == one, "{name}: a run that was killed and gone on with");
    }
}

#[test]
fn a_rank_that_cannot_write_ends_all() {
    let scratch = scratch();
    let (_, args) = &cases()[0];
    scratch.put("in-the-way", "a file");
    let ended = run(&scratch, 2, &[&args[..], &["-o", "in-the-way/run"]].concat());
    assert!(ended.status == Some(2) && ended.errors.len() == 1 && ended.errors[0].contains("in-the-way"), "{ended:?}");
}
