//! A killed run goes on as if it had never stopped.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::util::{Scratch, TERM, TINY, sets, split_safetensors};

const LONG: &[&str] = &["train.steps=1500", "train.log_every=25", "train.checkpoint_every=50", "train.threads=2"];

#[test]
fn after_a_kill_the_result_is_the_same_to_the_last_byte() {
    let scratch = Scratch::new();
    let train = |run: &'static str| {
        [&["train", "--preset", "ring8", "-o", run, "--set", TERM], &*sets(TINY), &*sets(LONG)].concat()
    };
    let mut child = scratch.command(&train("killed")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (second, start) = (scratch.path("killed/checkpoints/step-000000100.safetensors"), Instant::now());
    while !second.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no second checkpoint");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!scratch.path("killed/model.safetensors").exists(), "it ended before it was killed");

    // What a kill in the middle of a write leaves.
    let mut metrics = OpenOptions::new().append(true).open(scratch.path("killed/metrics.jsonl")).unwrap();
    metrics.write_all(b"{\"step\":12").unwrap();
    scratch.put("killed/checkpoints/.step-000000999.safetensors.1-0.tmp", "half a checkpoint");

    scratch.fokker(&["train", "--resume", "killed"]).succeeded();
    scratch.fokker(&train("whole")).succeeded();
    for file in ["config.toml", "metrics.jsonl", "model.safetensors"] {
        assert!(scratch.read(&format!("killed/{file}")) == scratch.read(&format!("whole/{file}")), "{file}");
    }
    // The entries of a checkpoint's metadata have no order.
    let last = |run: &str| split_safetensors(&scratch.read(&format!("{run}/checkpoints/step-000001500.safetensors")));
    assert!(last("killed") == last("whole"));
    assert_eq!(scratch.text("whole/metrics.jsonl").lines().count(), 60);
}

#[test]
fn a_finished_run_stays_as_it_is() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let before = scratch.contents();
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
    assert!(scratch.contents() == before);
}
