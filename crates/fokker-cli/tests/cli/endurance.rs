//! Runs that are stopped, shared, damaged, gone on with further than they were to go, or that diverge.

use crate::util::{Scratch, TINY, copy, send, sets, start, wait_for};

const LONG: &[&str] = &["train.steps=10000000", "train.threads=1"];

fn long(run: &'static str) -> Vec<&'static str> {
    [&["train", "--preset", "ring8", "-o", run], &*sets(TINY), &*sets(LONG)].concat()
}

#[test]
fn the_first_signal_keeps_what_is_done_and_says_how_to_go_on() {
    let scratch = Scratch::new();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = start(&scratch, &long("run"));
        let metrics = scratch.path("run/metrics.jsonl");
        wait_for(&mut child, &|| metrics.exists());
        send(&child, signal);
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(
            said.starts_with("stopped; step ")
                && said.ends_with(" of 10000000 is kept: go on with `fokker train --resume run`\n"),
            "{said}"
        );
        let step: u64 = said.split(' ').nth(2).unwrap().parse().unwrap();
        assert!(scratch.path(&format!("run/checkpoints/step-{step:09}.safetensors")).exists());
        // And so it does.
        let more = step + 25;
        let done = scratch.fokker(&["train", "--resume", "run", "--set", &format!("train.steps={more}")]).succeeded();
        assert!(done.stdout.contains(&format!("train.steps became {more} in place of 10000000")), "{done}");
        std::fs::remove_dir_all(scratch.path("run")).unwrap();
    }
}

#[test]
fn one_process_trains_in_a_run() {
    let scratch = Scratch::new();
    let mut child = start(&scratch, &long("run"));
    let metrics = scratch.path("run/metrics.jsonl");
    wait_for(&mut child, &|| metrics.exists());
    let process = format!("is being trained by process {}", child.id());
    let force = [&long("run")[..], &["--force"]].concat();
    for args in [&["train", "--resume", "run"][..], &long("run"), &force] {
        scratch.fokker(args).one_line(2, &["run: ", &process, "another folder"]);
    }
    assert!(child.try_wait().unwrap().is_none(), "the first goes on");
    send(&child, "KILL");
    child.wait().unwrap();
    // Its lock went with it.
    scratch
        .fokker(&force[..0].iter().copied().chain(["train", "--resume", "run"]).collect::<Vec<_>>())
        .one_line(2, &["no checkpoint"]);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_loudly() {
    let scratch = Scratch::new();
    scratch.train("whole", "ring8", &["train.checkpoint_every=20"]);
    for damage in
        [&(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2)) as &dyn Fn(&mut Vec<u8>), &|bytes| bytes[5000] ^= 4]
    {
        copy(&scratch.path("whole"), &scratch.path("run"));
        std::fs::remove_file(scratch.path("run/model.safetensors")).unwrap();
        std::fs::remove_file(scratch.path("run/checkpoints/step-000000060.safetensors")).unwrap();
        let newest = "run/checkpoints/step-000000040.safetensors";
        let mut bytes = scratch.read(newest);
        damage(&mut bytes);
        scratch.put(newest, bytes);
        let done = scratch.fokker(&["train", "--resume", "run"]).succeeded();
        assert!(
            done.stdout.contains("step-000000040.safetensors: ")
                && done.stdout.contains("goes on from the one before, run/checkpoints/step-000000020"),
            "{done}"
        );
        assert!(scratch.read("run/model.safetensors") == scratch.read("whole/model.safetensors"));
        std::fs::remove_dir_all(scratch.path("run")).unwrap();
    }
    // None is left that is whole.
    for step in [20, 40, 60] {
        scratch.put(&format!("whole/checkpoints/step-{step:09}.safetensors"), b"no");
    }
    scratch
        .fokker(&["train", "--resume", "whole"])
        .one_line(2, &["no checkpoint that is whole", "step-000000020", "step-000000060"]);
}

#[test]
fn a_run_goes_further_than_it_was_to_go() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.schedule=constant"]);
    scratch.train("long", "ring8", &["train.schedule=constant", "train.steps=90"]);
    let done = scratch.fokker(&["train", "--resume", "run", "--set", "train.steps=90"]).succeeded();
    assert!(done.stdout.contains("note: at step 60 train.steps became 90 in place of 60"), "{done}");
    assert!(
        scratch.read("run/model.safetensors") == scratch.read("long/model.safetensors"),
        "at a constant rate it is the same"
    );
    assert!(scratch.text("run/config.toml").starts_with("# at step 60 train.steps became 90"));
    // The cosine knows its end: what that does is said.
    scratch.train("cosine", "ring8", &[]);
    let done = scratch.fokker(&["train", "--resume", "cosine", "--set", "train.steps=90"]).succeeded();
    assert!(done.stdout.contains("the learning rate goes from"), "{done}");
    for (set, part) in [
        ("train.steps=10", "fewer than the 90 that are done"),
        ("network.width=9", "cannot be changed"),
        ("seed=1", "cannot be changed"),
    ] {
        scratch.refuses(&["train", "--resume", "cosine", "--set", set], &["cosine/config.toml", part]);
    }
    // What was changed by hand is told.
    let text = scratch.text("cosine/config.toml");
    scratch.put("cosine/config.toml", text.replace("steps = 90", "steps = 95"));
    scratch.fokker(&["train", "--resume", "cosine"]).one_line(2, &["config.toml", "changed since fokker wrote it"]);
}

#[test]
fn training_stops_when_the_held_out_loss_does_not_fall_and_the_best_is_kept() {
    let scratch = Scratch::new();
    let few = "data={ kind = \"finite\", rows = 20, of = { kind = \"ring\" } }";
    let more = [few, "train.steps=20000", "train.held_out={ every = 50, rows = 512, patience = 5 }", "train.batch=16"];
    scratch.train("run", "ring8", &more);
    let lines: Vec<serde_json::Value> =
        scratch.text("run/metrics.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    let steps = last["step"].as_u64().unwrap();
    assert!(steps < 20_000, "twenty rows are soon known by heart");
    let losses: Vec<f64> = lines.iter().filter_map(|line| line["held_out"].as_f64()).collect();
    let best = losses.iter().position(|loss| *loss == losses.iter().copied().fold(f64::INFINITY, f64::min)).unwrap();
    assert_eq!(best + 6, losses.len(), "five measurements after the best: {losses:?}");
    assert!(scratch.path("run/best.safetensors").exists());
    assert_ne!(scratch.read("run/best.safetensors"), scratch.read("run/model.safetensors"));
    // It is not trained on when it is gone on with.
    let model = scratch.read("run/model.safetensors");
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
    assert!(scratch.read("run/model.safetensors") == model);
    scratch.fokker(&["sample", "run/best.safetensors", "-n", "5", "-o", "x.csv"]).succeeded();
}

#[test]
fn what_diverges_goes_back_at_a_lower_rate() {
    let scratch = Scratch::new();
    let steep = ["train.learning_rate=1e37", "train.adam.clip=0.0", "train.warmup=0", "train.checkpoint_every=5"];
    let args = |more: &[&'static str]| -> Vec<&'static str> {
        [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY), &*sets(&steep), &*sets(more)].concat()
    };
    let done = scratch.fokker(&args(&[]));
    done.one_line(1, &["step ", "is not finite", "train.on_divergence"]);
    std::fs::remove_dir_all(scratch.path("run")).unwrap();
    let done = scratch
        .fokker(&args(&["train.on_divergence=rollback", "train.rollback_rate=1e-20", "train.rollbacks=2"]))
        .succeeded();
    assert!(
        done.stdout.contains("goes back to step ")
            && done.stdout.contains("at 0.00000000000000000001 of the learning rate"),
        "{done}"
    );
    let manifest = scratch.json("run/manifest.json");
    let rollbacks = manifest["rollbacks"].as_array().unwrap();
    assert!((1..=2).contains(&rollbacks.len()), "{manifest}");
    std::fs::remove_dir_all(scratch.path("run")).unwrap();
    // Not without end.
    let done = scratch.fokker(&args(&["train.on_divergence=rollback", "train.rollback_rate=1.0", "train.rollbacks=2"]));
    done.one_line(1, &["is not finite"]);
    assert_eq!(scratch.json("run/manifest.json")["rollbacks"].as_array().unwrap().len(), 2);
}
