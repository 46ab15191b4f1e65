//! Runs that cannot be lost: whatever kills a command, and whenever, the same command goes on to the same result and leaves nothing behind; a
//! flipped bit is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::util::{Done, Scratch, TINY, sets};

/// Draws that are the same each time (Knuth's generator of the MMIX).
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

const SIGNALS: [&str; 3] = ["KILL", "TERM", "INT"];

fn send(child: &Child, signal: &str) {
    // It may have ended by itself.
    let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).stderr(Stdio::null()).status();
}

fn start(scratch: &Scratch, args: &[&str]) -> Child {
    scratch.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until something is there, for a minute at most.
#[track_caller]
fn wait_for(child: &mut Child, what: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while !what() && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        sleep(Duration::from_millis(1));
    }
}

/// A command that is interrupted, and what it makes.
struct Case {
    first: Vec<&'static str>,
    /// What is typed to go on.
    again: Vec<&'static str>,
    /// Files that must come out the same.
    makes: Vec<&'static str>,
}

const MORE: &[&str] = &["train.checkpoint_every=10", "train.checkpoint_minutes=1e-3", "train.threads=1"];

fn cases() -> Vec<Case> {
    let of = |words: &[&'static str], steps: &'static str| -> Vec<&'static str> {
        [words, &*sets(TINY), &*sets(MORE), &["--set", steps]].concat()
    };
    let train = of(
        &["train", "--preset", "ring8", "-o", "run", "--set", "train.held_out={every = 50, rows = 64}"],
        "train.steps=3000",
    );
    let compare = of(&["compare", "--preset", "ring8", "-o", "c"], "train.steps=1500");
    let sweep = of(&["sweep", "--preset", "ring8", "-o", "s", "--over", "train.batch=32,64"], "train.steps=1500");
    let logp = vec![
        "logp",
        "model",
        "--data",
        "rows.npy",
        "-o",
        "logp.csv",
        "--chunk-rows",
        "500",
        "--resume",
        "--threads",
        "1",
    ];
    let sample =
        vec!["sample", "model", "-n", "60000", "-o", "x.npy", "--tolerance", "1e-3", "--resume", "--threads", "1"];
    let simulate = vec![
        "simulate",
        "model",
        "-n",
        "20",
        "--steps",
        "400000",
        "--save-every",
        "2000",
        "--dt",
        "1e-6",
        "-o",
        "traj.npy",
        "--resume",
        "--threads",
        "1",
    ];
    let case =
        |first: Vec<&'static str>, makes: &[&'static str]| Case { again: first.clone(), first, makes: makes.to_vec() };
    vec![
        Case {
            first: train,
            again: vec!["train", "--resume", "run"],
            makes: vec!["run/model.safetensors", "run/best.safetensors", "run/metrics.jsonl", "run/config.toml"],
        },
        case(
            compare,
            &["c/dsm/model.safetensors", "c/fp/model.safetensors", "c/fp/audit.json", "c/dsm/audit-points.npz"],
        ),
        case(sweep, &["s/batch-32/seed-0/model.safetensors", "s/batch-64/seed-0/audit.json"]),
        case(logp, &["logp.csv"]),
        case(sample, &["x.npy"]),
        case(simulate, &["traj.npy"]),
    ]
}

/// A model and rows for it.
fn prepare(scratch: &Scratch) {
    scratch.train("model", "ring8", &[]);
    scratch.fokker(&["sample", "model", "-n", "20000", "-o", "rows.npy", "--tolerance", "1e-2"]).succeeded();
}

fn made(scratch: &Scratch, case: &Case) -> BTreeMap<&'static str, Vec<u8>> {
    case.makes.iter().map(|name| (*name, scratch.read(name))).collect()
}

/// Kills each command so many times, at random moments and in the middle of writing, then lets it end.
fn killed(times: u64) {
    let (scratch, mut draws) = (Scratch::new(), Draws(2026));
    prepare(&scratch);
    for case in cases() {
        let whole = Scratch::new();
        for name in ["model", "rows.npy"] {
            copy(&scratch.path(name), &whole.path(name));
        }
        whole.fokker(&case.first).succeeded();
        let (mut kills, mut args, mut finished) = (0, case.first.clone(), false);
        for time in 0..3 * times {
            let mut child = start(&scratch, &args);
            // Sometimes in the middle of a write: a temporary file is there.
            if time % 3 == 2 && args.contains(&"run") {
                let folder = scratch.path("run/checkpoints");
                wait_for(&mut child, &|| has_temporary(&folder));
            } else {
                sleep(Duration::from_millis(20 + draws.below(250)));
            }
            let signal = SIGNALS[draws.below(3) as usize];
            let running = child.try_wait().unwrap().is_none();
            send(&child, signal);
            let done = child.wait_with_output().unwrap();
            let said = String::from_utf8(done.stderr).unwrap();
            if done.status.success() {
                finished = true;
                break;
            }
            assert!(said.lines().count() <= 1 && !said.contains("panicked"), "{args:?}: {said}");
            kills += u64::from(running);
            if scratch.path("run/checkpoints").exists()
                && std::fs::read_dir(scratch.path("run/checkpoints"))
                    .unwrap()
                    .any(|entry| is_checkpoint(&entry.unwrap().path()))
            {
                args = case.again.clone();
            } else if case.first[0] == "train" {
                let _ = std::fs::remove_dir_all(scratch.path("run"));
            }
            if kills == times {
                break;
            }
        }
        if !finished {
            let end = scratch.fokker(&args);
            assert_eq!(end.code, Some(0), "{end}");
        }
        for (name, bytes) in made(&whole, &case) {
            assert!(scratch.read(name) == bytes, "{:?}: {name} differs after {kills} kills", case.first);
        }
        let left: Vec<PathBuf> = scratch.contents().into_keys().filter(|path| is_left_over(path)).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(kills > 0, "{:?} was never killed", case.first);
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            copy(&path, &to.join(path.file_name().unwrap()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

fn has_temporary(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "tmp")))
    })
}

fn is_checkpoint(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "safetensors")
}

fn is_left_over(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    name.ends_with(".tmp") || name.ends_with(".part") || name == "run.lock" || name.starts_with("audit.part")
}

#[test]
fn kills_change_nothing_and_leave_nothing() {
    killed(3);
}

#[test]
#[ignore = "a hundred kills take minutes"]
fn a_hundred_kills_change_nothing_and_leave_nothing() {
    killed(17);
}

/// A copy of files with one bit flipped.
fn flipped(scratch: &Scratch, from: &str, to: &str, draws: &mut Draws) -> String {
    let target = scratch.path(to);
    let _ = std::fs::remove_dir_all(&target);
    copy(&scratch.path(from), &target);
    let files: Vec<PathBuf> = scratch
        .contents()
        .into_iter()
        .filter(|(path, bytes)| path.starts_with(&target) && !bytes.is_empty() && path.is_file())
        .map(|(path, _)| path)
        .filter(|path| path.extension().is_some_and(|end| end != "html"))
        .collect();
    let path = &files[draws.below(files.len() as u64) as usize];
    let mut bytes = std::fs::read(path).unwrap();
    let bit = draws.below(8 * bytes.len() as u64) as usize;
    bytes[bit / 8] ^= 1 << (bit % 8);
    std::fs::write(path, bytes).unwrap();
    format!("bit {bit} of {}", path.display())
}

/// Flips so many bits of a finished and of an unfinished run: what is made of them is the same as without, or nothing.
fn flips(times: u64) {
    let (scratch, mut draws) = (Scratch::new(), Draws(7));
    prepare(&scratch);
    let more = ["train.checkpoint_every=50", "train.steps=200", "train.threads=1"];
    let compare = |folder: &'static str| -> Vec<&'static str> {
        [&["compare", "--preset", "ring8", "-o", folder, "--json", "c.json"], &*sets(TINY), &*sets(&more)].concat()
    };
    scratch.fokker(&compare("whole")).succeeded();
    let table = scratch.text("c.json");
    // What an interrupted one left.
    copy(&scratch.path("whole/fp"), &scratch.path("unfinished"));
    std::fs::remove_file(scratch.path("unfinished/model.safetensors")).unwrap();
    let last =
        std::fs::read_dir(scratch.path("unfinished/checkpoints")).unwrap().map(|entry| entry.unwrap().path()).max();
    std::fs::remove_file(last.unwrap()).unwrap();
    scratch.fokker(&["sample", "model", "-n", "50", "-o", "few.npy", "--tolerance", "1e-2"]).succeeded();
    let logp = |run: &'static str| ["logp", run, "--data", "few.npy", "-o", "logp.csv"];
    scratch.fokker(&logp("whole/fp")).succeeded();
    let (densities, model) = (scratch.read("logp.csv"), scratch.read("whole/fp/model.safetensors"));
    let (mut told, mut same) = (0, 0);
    let mut check = |what: &str, done: &Done, equal: &dyn Fn() -> bool| {
        if done.code == Some(0) {
            assert!(equal(), "{what}: another result\n{done}");
            same += 1;
        } else {
            done.one_line(done.code.unwrap_or(0), &[]);
            assert_eq!(done.code, Some(2), "{what}: {done}");
            told += 1;
        }
    };
    for _ in 0..times {
        let what = flipped(&scratch, "unfinished", "b", &mut draws);
        let done = scratch.fokker(&["train", "--resume", "b"]);
        check(&what, &done, &|| scratch.read("b/model.safetensors") == model);

        let what = flipped(&scratch, "whole", "c", &mut draws);
        let _ = std::fs::remove_file(scratch.path("logp.csv"));
        let done = scratch.fokker(&logp("c/fp"));
        check(&what, &done, &|| scratch.read("logp.csv") == densities);
        let done = scratch.fokker(&compare("c"));
        check(&what, &done, &|| scratch.text("c.json") == table);
    }
    assert!(told > times && same > 0, "{told} told, {same} the same");
}

#[test]
fn a_flipped_bit_is_told_or_changes_nothing() {
    flips(12);
}

#[test]
#[ignore = "two hundred flips take minutes"]
fn two_hundred_flipped_bits_are_told_or_change_nothing() {
    flips(100);
}

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
