//! The seed fixes everything.

use crate::util::{Scratch, TERM, TINY, sets};

#[test]
fn the_same_seed_gives_the_same_model() {
    let scratch = Scratch::new();
    scratch.train("a", "ring8", &["seed=7"]);
    scratch.train("b", "ring8", &["seed=7"]);
    scratch.train("c", "ring8", &["seed=8"]);
    let model = |run: &str| scratch.read(&format!("{run}/model.safetensors"));
    assert!(model("a") == model("b"));
    assert!(model("a") != model("c"));
    assert_eq!(scratch.text("a/metrics.jsonl"), scratch.text("b/metrics.jsonl"));
}

#[test]
fn deterministic_sums_do_not_depend_on_the_threads() {
    let scratch = Scratch::new();
    scratch.train("a", "ring8", &["train.deterministic=true", "train.threads=1"]);
    let flag = ["train", "--preset", "ring8", "-o", "b", "--set", TERM, "--deterministic", "--set", "train.threads=2"];
    scratch.fokker(&[&flag[..], &*sets(TINY), &["--set", "train.threads=2"]].concat()).succeeded();
    assert!(scratch.read("a/model.safetensors") == scratch.read("b/model.safetensors"));
}

#[test]
fn the_resolved_config_gives_the_same_run() {
    let scratch = Scratch::new();
    scratch.train("a", "spirals", &[]);
    scratch.fokker(&["train", "a/config.toml", "-o", "b"]).succeeded();
    assert_eq!(scratch.text("a/config.toml"), scratch.text("b/config.toml"));
    assert!(scratch.read("a/model.safetensors") == scratch.read("b/model.safetensors"));
}

#[test]
fn samples_follow_their_seed() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let sample = |seed: &str, threads: &str, output: &str| {
        scratch.fokker(&["sample", "run", "-n", "70", "--seed", seed, "--threads", threads, "-o", output]).succeeded();
        scratch.read(output)
    };
    let first = sample("1", "1", "a.npy");
    assert!(first == sample("1", "2", "b.npy"));
    assert!(first != sample("2", "1", "c.npy"));
}
