//! The keys of the JSON that other programs read.

use crate::util::{Scratch, TINY, key_paths, sets};

#[test]
fn of_compare_and_audit() {
    let scratch = Scratch::new();
    scratch.fokker(&[&["compare", "--json", "x.json", "-o", "x"], &*sets(TINY)].concat()).succeeded();
    insta::assert_snapshot!("schema_compare", key_paths(&scratch.json("x.json")));
    insta::assert_snapshot!("schema_audit", key_paths(&scratch.json("x/fp/audit.json")));
}

#[test]
fn of_bench_step() {
    let scratch = Scratch::new();
    let small = ["--width", "8", "--depth", "1", "--batch", "8", "--steps", "2", "--threads", "1"];
    scratch.fokker(&[&["bench", "step", "--json", "b.json"], &small[..]].concat()).succeeded();
    insta::assert_snapshot!("schema_bench_step", key_paths(&scratch.json("b.json")));
}

#[test]
fn of_bench_residual_and_logp() {
    let scratch = Scratch::new();
    let small = ["--width", "8", "--depth", "1", "--rows", "8", "--repeats", "1", "--threads", "1"];
    scratch.fokker(&[&["bench", "residual", "--json", "b.json"], &small[..]].concat()).succeeded();
    insta::assert_snapshot!("schema_bench_residual", key_paths(&scratch.json("b.json")));
    let small = ["--points", "4", "--tolerance", "1e-3", "--threads", "1"];
    scratch.fokker(&[&["bench", "logp", "--json", "b.json"], &small[..]].concat()).succeeded();
    insta::assert_snapshot!("schema_bench_logp", key_paths(&scratch.json("b.json")));
}

#[test]
fn of_metrics() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.log_every=20"]);
    let text = scratch.text("run/metrics.jsonl");
    let steps: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(steps.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>(), [20, 40, 60]);
    insta::assert_snapshot!("schema_metrics", key_paths(&steps[0]));
}
