//! U-Nets and the data that they are asked to take.

use crate::util::{Scratch, idx, number, sets, split_safetensors};

#[test]
fn data_that_is_no_images() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1,2\n3,4\n5,6\n");
    let parts = ["preset mnist-unet-tiny", "network.kind", "vectors of 2 numbers"];
    scratch.refuses(&["train", "--preset", "mnist-unet-tiny", "--data", "x.csv", "-o", "run"], &parts);
    scratch.refuses(&["compare", "--preset", "mnist-unet-tiny", "--data", "x.csv", "-o", "run"], &parts);
}

#[test]
fn images_that_cannot_be_halved() {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 6, 6));
    scratch.put("m/t10k-images-idx3-ubyte", idx(10, 6, 6));
    let args = ["train", "--preset", "mnist-unet-tiny", "--data", "m", "-o", "run"];
    scratch.refuses(&args, &["preset mnist-unet-tiny", "network.multipliers", "6 x 6 pixels cannot be halved"]);
    let heights = [&args[..], &*sets(&["network.multipliers=[1,1]", "network.attention=[4]"])].concat();
    scratch.refuses(&heights, &["network.attention", "no level is 4 pixels high; the heights are 6, 3"]);
}

#[test]
fn keys_that_are_wrong() {
    let scratch = Scratch::new();
    for (set, key) in [
        ("network.width=0", "network.width"),
        ("network.multipliers=[]", "network.multipliers"),
        ("network.dropout=1.5", "network.dropout"),
        ("network.skip=true", "network.skip"),
        ("network.skips=\"some\"", "network.skips"),
        ("network.time.features=7", "network.time.features"),
        ("network.time={kind=\"positional\",features=7}", "network.time.features"),
    ] {
        let args = ["train", "--preset", "mnist-unet-tiny", "-o", "run"];
        scratch.refuses(&[&args, &*sets(&[set])].concat(), &[key]);
    }
}

/// A small U-Net of everything: attention, dropout, FIR filters, an input pyramid.
const SMALL: &[&str] = &[
    "network.width=8",
    "network.multipliers=[1,2]",
    "network.attention=[4]",
    "network.blocks=1",
    "network.skips=\"each\"",
    "network.resampling=\"residual\"",
    "network.fir=true",
    "network.input_pyramid=true",
    "network.dropout=0.2",
    "train.steps=6",
    "train.batch=6",
    "train.checkpoint_every=3",
    "train.log_every=3",
    "train.ema_decay=0.5",
    "loss.fp.every=2",
    "audit.times=[1e-3, 0.3]",
    "audit.points=4",
    "audit.nll_points=4",
    "audit.tolerance=0.1",
    "audit.gap_samples=4",
    "audit.bound_points=2",
];

fn images() -> Scratch {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 8, 8));
    scratch.put("m/t10k-images-idx3-ubyte", idx(10, 8, 8));
    scratch
}

fn train(scratch: &Scratch, run: &str, more: &[&str]) {
    let args = ["train", "--preset", "mnist-unet-tiny", "--data", "m", "-o", run, "--deterministic"];
    scratch.fokker(&[&args, &*sets(SMALL), &*sets(more)].concat()).succeeded();
}

/// The weights of a run.
fn weights(scratch: &Scratch, run: &str) -> Vec<u8> {
    split_safetensors(&scratch.read(&format!("{run}/model.safetensors"))).1
}

#[test]
fn masks_of_dropout_and_sums_do_not_depend_on_the_threads() {
    let scratch = images();
    train(&scratch, "one", &["train.threads=1"]);
    train(&scratch, "two", &["train.threads=2"]);
    assert_eq!(weights(&scratch, "one"), weights(&scratch, "two"));
    train(&scratch, "kept", &["train.threads=2", "network.dropout=0.0"]);
    assert_ne!(weights(&scratch, "one"), weights(&scratch, "kept"), "dropout does something");
}

#[test]
fn a_resumed_run_draws_the_same_masks() {
    let scratch = images();
    train(&scratch, "whole", &[]);
    train(&scratch, "half", &[]);
    // As if it had been killed after the first checkpoint.
    let last = scratch.path("half/checkpoints/step-000000006.safetensors");
    std::fs::remove_file(last).unwrap();
    std::fs::remove_file(scratch.path("half/model.safetensors")).unwrap();
    scratch.fokker(&["train", "--resume", "half"]).succeeded();
    assert_eq!(weights(&scratch, "whole"), weights(&scratch, "half"));
}

#[test]
fn a_trained_one_is_audited_sampled_and_evaluated() {
    let scratch = images();
    train(&scratch, "run", &[]);
    scratch.fokker(&[&["audit", "run"][..], &sets(&["audit.neighbours=2"])].concat()).succeeded();
    let audit = scratch.json("run/audit.json");
    for key in ["bits_per_dim.mean", "residual.0.mean", "asymmetry.1.mean", "bound_gap.mean"] {
        assert!(number(&audit, key).is_finite(), "{key}");
    }
    scratch.fokker(&["sample", "run", "-n", "4", "--sampler", "heun", "--steps", "4", "-o", "x.png"]).succeeded();
    assert!(scratch.read("x.png").starts_with(b"\x89PNG"));
    scratch.fokker(&["sample", "run", "-n", "2", "--sampler", "heun", "--steps", "4", "-o", "x.npy"]).succeeded();
    scratch
        .fokker(&["logp", "run", "--data", "x.npy", "--tolerance", "0.1", "--dequantise", "0", "-o", "l.csv"])
        .succeeded();
    assert_eq!(scratch.text("l.csv").lines().count(), 3);
}
