//! Folders that hold something: nothing is replaced without being asked to, and then only what fokker wrote.

use crate::util::{Done, Scratch, TERM, TINY, at, sets};

fn train(scratch: &Scratch, run: &str, more: &[&str], flags: &[&str]) -> Done {
    let first = ["train", "--preset", "ring8", "-o", run, "--set", TERM];
    scratch.fokker(&[&first, &*sets(TINY), &*sets(more), flags].concat())
}

#[test]
fn a_finished_run_is_not_replaced_unless_asked() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=80"]);
    scratch.fokker(&["audit", "run"]).succeeded();
    let args = [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY)].concat();
    scratch.refuses(&args, &["run: holds a finished run", "--force"]);
    // What was measured on the old model does not stay beside the new one.
    train(&scratch, "run", &[], &["--force"]).succeeded();
    scratch.train("other", "ring8", &[]);
    for file in ["config.toml", "metrics.jsonl", "model.safetensors"] {
        assert_eq!(scratch.read(&format!("run/{file}")), scratch.read(&format!("other/{file}")), "{file}");
    }
    for gone in ["audit.json", "audit-points.npz", "report.html", "checkpoints/step-000000080.safetensors"] {
        assert!(!scratch.path("run").join(gone).exists(), "{gone}");
    }
}

#[test]
fn files_that_are_not_fokker_s_stay() {
    let scratch = Scratch::new();
    // No manifest: nothing is known to be fokker's, and --force says no more.
    for (run, file) in [("p", "p/checkpoints/best.pth"), ("q", "q/config.toml"), ("r", "r/notes.txt")] {
        scratch.put(file, "years of work");
        let args = [&["train", "--preset", "ring8", "-o", run], &*sets(TINY)].concat();
        scratch.refuses(&args, &[run, "did not write there"]);
        scratch.refuses(&[&args[..], &["--force"]].concat(), &[run, "did not write there"]);
        scratch.refuses(&[&["compare", "-o", run], &*sets(TINY)].concat(), &[run, "did not write there"]);
    }
    // Beside a run: they stay where they are.
    scratch.train("run", "ring8", &[]);
    scratch.put("run/thesis.tex", "years of work");
    scratch.put("run/checkpoints/best.pth", "weeks of work");
    scratch.put("run/checkpoints/step-000000001.safetensors", "someone else's");
    train(&scratch, "run", &[], &["--force"]).succeeded();
    assert_eq!(scratch.text("run/thesis.tex"), "years of work");
    assert_eq!(scratch.text("run/checkpoints/best.pth"), "weeks of work");
    assert_eq!(scratch.text("run/checkpoints/step-000000001.safetensors"), "someone else's");
}

#[test]
fn an_unfinished_run_says_how_to_go_on() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    std::fs::remove_file(scratch.path("run/model.safetensors")).unwrap();
    let args = [&["train", "--preset", "ring8", "-o", "run"], &*sets(TINY)].concat();
    scratch.refuses(&args, &["unfinished run (step 60 is kept)", "fokker train --resume", "--force"]);
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
    assert!(scratch.path("run/model.safetensors").exists());
}

#[test]
fn compare_goes_on_where_it_was_interrupted() {
    let scratch = Scratch::new();
    let compare = |output: &str, json: &str, flags: &[&str]| {
        let args = ["compare", "-o", output, "--json", json];
        scratch.fokker(&[&args, &*sets(TINY), flags].concat())
    };
    compare("whole", "whole.json", &[]).succeeded();
    compare("cut", "cut.json", &[]).succeeded();
    // As if it had been killed in the second model's training, after its checkpoint at the last step.
    for file in ["fp/model.safetensors", "fp/audit.json", "fp/audit-points.npz", "report.html"] {
        std::fs::remove_file(scratch.path("cut").join(file)).unwrap();
    }
    let done = compare("cut", "again.json", &[]).succeeded();
    for words in ["DSM: trained before, kept in cut/dsm", "FP: goes on from step 37, kept in cut/fp"] {
        assert!(done.stdout.contains(words), "{done}");
    }
    let (cut, again, whole) = (scratch.json("cut.json"), scratch.json("again.json"), scratch.json("whole.json"));
    assert_eq!(at(&cut, "models.dsm"), at(&again, "models.dsm"));
    for path in ["difference", "models.fp.nll", "models.fp.residual", "models.dsm.residual", "models.fp.samples"] {
        assert_eq!(at(&again, path), at(&whole, path), "{path}");
    }
    assert!(scratch.path("cut/report.html").exists());
    // A whole one is shown again, to the last figure.
    compare("cut", "third.json", &[]).succeeded();
    assert_eq!(scratch.json("third.json"), again);
    // Of another config it is not gone on with.
    let other = [&["compare", "-o", "cut"], &*sets(TINY), &["--set", "network.width=8"]].concat();
    scratch.refuses(&other, &["cut/dsm", "another config (network.width differs)", "--force"]);
    compare("cut", "forced.json", &["--set", "network.width=8", "--force"]).succeeded();
    assert!(scratch.text("cut/fp/config.toml").contains("width = 8"));
    // What is measured may change.
    compare("cut", "finer.json", &["--set", "network.width=8", "--set", "audit.points=70"]).succeeded();
    assert_eq!(at(&scratch.json("finer.json"), "models.fp.rows"), 70);
}

/// Killed in the middle of its first training, a compare is gone on with by the same command.
#[test]
fn a_killed_compare_goes_on() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let scratch = Scratch::new();
    let long = ["train.steps=1500", "train.log_every=25", "train.checkpoint_every=50"];
    let args = |output: &'static str, json: &'static str| {
        [&["compare", "-o", output, "--json", json], &*sets(TINY), &*sets(&long)].concat()
    };
    let mut child =
        scratch.command(&args("cut", "cut.json")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (second, start) = (scratch.path("cut/dsm/checkpoints/step-000000100.safetensors"), Instant::now());
    while !second.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no second checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!scratch.path("cut/dsm/model.safetensors").exists(), "it ended before it was killed");
    let done = scratch.fokker(&args("cut", "cut.json")).succeeded();
    assert!(done.stdout.contains("DSM: goes on from step"), "{done}");
    scratch.fokker(&args("whole", "whole.json")).succeeded();
    for file in ["dsm/model.safetensors", "fp/model.safetensors", "dsm/metrics.jsonl"] {
        assert!(scratch.read(&format!("cut/{file}")) == scratch.read(&format!("whole/{file}")), "{file}");
    }
    let (cut, whole) = (scratch.json("cut.json"), scratch.json("whole.json"));
    assert_eq!(at(&cut, "difference"), at(&whole, "difference"));
}

#[test]
fn a_folder_that_is_no_run_is_called_so() {
    let scratch = Scratch::new();
    scratch.put("folder/x.csv", "1,2\n");
    scratch.refuses(&["train", "--resume", "folder"], &["folder: is not a run: no config.toml in it"]);
    scratch.refuses(&["audit", "folder"], &["folder", "is not a run"]);
}
