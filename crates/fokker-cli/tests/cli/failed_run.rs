//! Requests that were right and runs that failed: exit status 1, with what was kept.

use crate::util::{Scratch, TINY, read_npy, read_npz, sets, unsealed};

/// A learning rate that no network survives; without warm-up the first step ruins the weights.
const DIVERGES: &[&str] = &["train.learning_rate=1e30", "train.adam.clip=0", "train.warmup=0"];

#[test]
fn a_loss_that_is_not_finite_stops_training() {
    let scratch = Scratch::new();
    let args = [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY), &*sets(DIVERGES)].concat();
    let done = scratch.fokker(&args);
    done.one_line(1, &["step 1:", "denoising loss is not finite", "last good checkpoint: none", "run"]);
    assert!(scratch.path("run/config.toml").exists());
    assert!(!scratch.path("run/model.safetensors").exists());
}

#[test]
fn weights_that_give_no_finite_loss_are_not_kept() {
    let scratch = Scratch::new();
    let often = ["train.log_every=1", "train.checkpoint_every=1"];
    let args = [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY), &*sets(DIVERGES), &*sets(&often)].concat();
    scratch.fokker(&args).one_line(1, &["step 1:", "last good checkpoint: none"]);
    scratch.fokker(&["train", "--resume", "run"]).one_line(2, &["run/checkpoints", "no checkpoint"]);
}

#[test]
fn the_last_good_checkpoint_is_named() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.checkpoint_every=50"]);
    // The run goes on with a learning rate that no network survives.
    let text = unsealed(&scratch.text("run/config.toml"));
    let changed = text.replace("steps = 60\n", "steps = 90\n").replace("learning_rate = 0.01", "learning_rate = 1e30");
    assert_ne!(text, changed);
    scratch.put("run/config.toml", changed);
    let resumed = scratch.fokker(&["train", "--resume", "run"]);
    resumed.one_line(1, &["step 6", "not finite", "run/checkpoints/step-000000060.safetensors"]);
}

#[test]
fn compare_stops_too() {
    let scratch = Scratch::new();
    let args = [&["compare", "-o", "cmp", "--json", "x.json"], &*sets(TINY), &*sets(DIVERGES)].concat();
    scratch.fokker(&args).one_line(1, &["step 1:", "cmp/dsm"]);
    assert!(!scratch.path("x.json").exists());
}

#[test]
fn rows_that_the_solver_gives_up_are_nan() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n0,0\n");
    for output in ["y.csv", "y.npy", "y.npz"] {
        let done = scratch.fokker(&["logp", "run", "--data", "x.csv", "--step-limit", "3", "-o", output]);
        done.one_line(1, &["2 of 2 rows failed", "row 0", "step_limit", output]);
        assert!(done.stdout.starts_with(output), "{done}");
    }
    let text = scratch.text("y.csv");
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows[1..].iter().all(|row| row.starts_with("NaN,NaN,")), "{text}");
    let (shape, values) = read_npy(&scratch.read("y.npy"));
    assert!(shape == [2] && values.iter().all(|value| value.is_nan()));
    assert!(read_npz(&scratch.read("y.npz"))["log_prob"].1.iter().all(|value| value.is_nan()));
}

#[test]
fn only_the_rows_that_fail_are_lost() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "0.5,0.5\n1e15,1e15\n-0.5,1\n");
    let done = scratch.fokker(&["logp", "run", "--data", "x.csv", "--step-limit", "200", "-o", "y.npy"]);
    let (_, together) = read_npy(&scratch.read("y.npy"));
    assert!(together[0].is_finite() && together[2].is_finite(), "{done}\n{together:?}");
    assert_eq!(done.code, Some(i32::from(together[1].is_nan())), "{done}");
}
