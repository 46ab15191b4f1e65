//! Training with audits of the same run beside it: memory stays what it was, and no audit meets a torn file.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout)]

use std::process::Child;
use std::time::{Duration, Instant};

use crate::util::{Scratch, TINY, at, number, send, sets, start, wait_for};

/// Checkpoints are written several times a second, so that audits meet every moment of it.
const RUN: &[&str] = &[
    "train.steps=1000000000",
    "train.batch=64",
    "train.threads=1",
    "train.schedule=constant",
    "train.learning_rate=1e-3",
    "train.checkpoint_every=100",
    "loss.fp.every=4",
];

/// MiB of memory that a process has now.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// Audits until the time is up; the memory of training after each.
fn audits(scratch: &Scratch, training: &mut Child, time: Duration) -> Vec<f64> {
    let (begun, mut found, mut steps, mut told) = (Instant::now(), Vec::new(), 0.0, Duration::ZERO);
    while begun.elapsed() < time {
        scratch.fokker(&["audit", "run"]).succeeded();
        let audit = scratch.json("run/audit.json");
        assert!(number(&audit, "steps") >= steps, "an audit is of the newest checkpoint");
        steps = number(&audit, "steps");
        assert!(at(&audit, "nll.mean").is_number());
        assert!(scratch.text("run/report.html").contains(&format!("at step {steps} of 1000000000")));
        assert!(training.try_wait().unwrap().is_none(), "training goes on");
        found.push(resident(training.id()));
        if begun.elapsed() >= told {
            println!(
                "{:6.0} s  step {steps:9}  {:5} audits  {:6.1} MiB",
                begun.elapsed().as_secs_f64(),
                found.len(),
                found[found.len() - 1]
            );
            told = begun.elapsed() + time / 30;
        }
    }
    found
}

fn soak(time: Duration) {
    let scratch = Scratch::new();
    let args = [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY), &*sets(RUN)].concat();
    let mut training = start(&scratch, &args);
    let first = scratch.path("run/checkpoints/step-000000100.safetensors");
    wait_for(&mut training, &|| first.exists());
    let memory = audits(&scratch, &mut training, time);
    send(&training, "TERM");
    let done = training.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(143), "{}", String::from_utf8_lossy(&done.stderr));
    let early = memory[memory.len() / 4];
    let last = memory[memory.len() - 1];
    println!("{} audits, {early:.1} MiB after a quarter of the time, {last:.1} MiB at the end", memory.len());
    assert!(last < 1.1 * early + 1.0, "memory grows: {memory:?}");
    // Whatever was written is fokker's by the manifest, though two processes noted it.
    scratch.fokker(&[&args[..], &["--force", "--set", "train.steps=5"]].concat()).succeeded();
    let left: Vec<_> =
        std::fs::read_dir(scratch.path("run")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name != "audit.json" && name != "report.html"), "{left:?}");
}

#[test]
fn audits_beside_training() {
    soak(Duration::from_secs(6));
}

/// As long as `FOKKER_SOAK_SECONDS` says, an hour unless it does.
#[test]
#[ignore = "takes an hour"]
fn an_hour_of_audits_beside_training() {
    let seconds = std::env::var("FOKKER_SOAK_SECONDS").map_or(3600, |text| text.parse().unwrap());
    soak(Duration::from_secs(seconds));
}
