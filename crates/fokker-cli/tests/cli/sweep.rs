//! `fokker sweep`: every setting, the best of them, and going on after a kill.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::util::{Scratch, TINY, at, number, sets};

const OVER: &[&str] = &["--over", "train.learning_rate=1e-7,1e-2,3e-2", "--over", "train.batch=32,64"];

fn words(output: &'static str, more: &[&'static str]) -> Vec<&'static str> {
    [&["sweep", "--preset", "ring8", "-o", output, "--json", "x.json"], OVER, &*sets(TINY), more].concat()
}

fn sweep(scratch: &Scratch, output: &'static str, more: &[&'static str]) -> (String, Value) {
    let done = scratch.fokker(&words(output, more)).succeeded();
    (done.stdout, scratch.json("x.json"))
}

/// A sweep's table without what it cost.
fn table(mut found: Value) -> Value {
    for round in at(&found, "rounds").as_array().unwrap().clone().iter().enumerate().map(|(i, _)| i) {
        for point in found["rounds"][round]["points"].as_array_mut().unwrap() {
            point.as_object_mut().unwrap().remove("train_seconds").unwrap();
        }
    }
    found
}

#[test]
fn every_setting_is_there_from_the_best_to_the_worst() {
    let scratch = Scratch::new();
    let (said, found) = sweep(&scratch, "s", &["--seeds", "2"]);
    let points = at(&found, "rounds.0.points").as_array().unwrap();
    let values: Vec<f64> = points.iter().map(|point| number(point, "value.mean")).collect();
    assert!(values.len() == 6 && values.is_sorted(), "{values:?}");
    for point in points {
        let seeds: Vec<f64> =
            at(point, "seeds").as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert!((number(point, "value.mean") - (seeds[0] + seeds[1]) / 2.0).abs() < 1e-12);
        assert!((number(point, "value.se") - (seeds[0] - seeds[1]).abs() / 2.0).abs() < 1e-12);
        let less = number(point, "value.mean") - values[0];
        assert!((number(point, "less_best.mean") - less).abs() < 1e-9);
    }
    // At a learning rate of 1e-7 nothing is learnt.
    let best = at(&found, "best").to_string();
    assert!(!best.contains("1e-7") && !at(&found, "tied").to_string().contains("1e-7"), "{said}");
    assert!(said.contains("take train.learning_rate=") && said.contains("report: s/sweep.html"), "{said}");
    let page = scratch.text("s/sweep.html");
    assert!(page.contains("train.learning_rate") && page.contains("<svg"));
    assert!(scratch.path("s/learning_rate-1e-2_batch-64/seed-1/model.safetensors").is_file());
}

#[test]
fn several_at_once_find_the_same() {
    let scratch = Scratch::new();
    let one = sweep(&scratch, "one", &["--set", "train.threads=1"]).1;
    let two = sweep(&scratch, "two", &["--set", "train.threads=2", "--jobs", "2"]).1;
    assert_eq!(table(one.clone()), table(two.clone()));
    assert_ne!(one, two, "times are never the same");
}

#[test]
fn halving_gives_the_best_more_steps() {
    let scratch = Scratch::new();
    let (said, found) =
        sweep(&scratch, "s", &["--halving", "--set", "train.steps=360", "--set", "audit.nll_points=200"]);
    let rounds = at(&found, "rounds").as_array().unwrap();
    let told: Vec<(u64, usize)> = rounds
        .iter()
        .map(|round| (at(round, "steps").as_u64().unwrap(), at(round, "points").as_array().unwrap().len()))
        .collect();
    assert_eq!(told, [(120, 6), (360, 2)], "{said}");
    let sets = |round: usize| -> Vec<Value> {
        at(&rounds[round], "points").as_array().unwrap().iter().map(|point| at(point, "set").clone()).collect()
    };
    assert!(sets(1).iter().all(|set| sets(0)[..2].contains(set)));
    assert_eq!(at(&found, "best"), &sets(1)[0]);
    assert!(scratch.path("s/steps-120/learning_rate-1e-7_batch-32/seed-0/model.safetensors").is_file());
}

#[test]
fn ten_kills_change_nothing() {
    let scratch = Scratch::new();
    let more = ["--set", "train.steps=2000", "--set", "train.checkpoint_every=50", "--seeds", "2"];
    let words = words("killed", &more);
    let mut kills = 0;
    for i in 0..10 {
        let mut child = scratch.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(60 + 47 * (i * 7 % 10)));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills >= 5, "it ended before it was killed: {kills}");
    let killed = sweep(&scratch, "killed", &more).1;
    let whole = sweep(&scratch, "whole", &more).1;
    assert_eq!(table(killed), table(whole));
}

#[test]
fn a_setting_that_diverges_is_one_that_failed() {
    let scratch = Scratch::new();
    let args = ["sweep", "--preset", "ring8", "-o", "s", "--json", "x.json", "--over", "train.learning_rate=1e-2,1e38"];
    let clip = ["--set", "train.adam.clip=0.0"];
    let done = scratch.fokker(&[&args, &*sets(TINY), &clip].concat()).succeeded();
    assert!(done.stdout.contains("failed"), "{}", done.stdout);
    let found = scratch.json("x.json");
    assert!(
        at(&found, "rounds.0.points.1.value").is_null() && number(&found, "rounds.0.points.0.value.mean").is_finite()
    );
}

#[test]
fn what_cannot_be_swept_over() {
    let scratch = Scratch::new();
    let refused = |over: &'static str, parts: &[&str]| {
        scratch.refuses(&["sweep", "--preset", "ring8", "-o", "s", "--over", over], parts);
    };
    refused("train.steps", &["--over", "\"train.steps\" is not of the form key=a,b,c"]);
    refused("train.steps=1,,2", &["--over: train.steps: a value is empty"]);
    refused("train.stepz=1,2", &["train.stepz"]);
    refused("seed=1,2", &["ring8: seed: arm seed-1 must have the same value as all others"]);
    refused("audit.points=10,20", &["ring8: audit.points: arm points-10 must"]);
    refused("train.steps=100,1e2", &["train.steps"]);
    refused("train.batch=64,64", &["ring8: over: train.batch=64 and train.batch=64 are the same"]);
    scratch.refuses(
        &["sweep", "--preset", "ring8", "--over", "train.steps=1,2", "--halving"],
        &["train.steps: halving sets it"],
    );
    scratch.refuses(
        &["sweep", "--preset", "ring8", "--over", "train.batch=1,2", "--by", "kql"],
        &["--by", "kql is none of nll"],
    );
    scratch.refuses(&["sweep", "--preset", "ring8"], &["--over"]);
}
