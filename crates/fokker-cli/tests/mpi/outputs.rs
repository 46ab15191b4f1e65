//! What is spread over ranks comes out as of one.

use serde_json::Value;

use crate::launch::succeeds;
use crate::util::{Scratch, TINY, npy, sets};

/// All but the times, which no two runs share.
fn without_times(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let timed = |key: &str| ["train_seconds", "step_ms", "time"].contains(&key);
            map.into_iter().filter(|(key, _)| !timed(key)).map(|(key, value)| (key, without_times(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_times).collect(),
        other => other,
    }
}

#[test]
fn samples_log_likelihoods_and_audits_are_those_of_one_process() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let rows: Vec<f64> = (0..2 * 501).map(|i| (f64::from(i) * 0.37).sin()).collect();
    scratch.put("x.npy", npy(&[501, 2], &rows));
    let commands: [(&str, &[&str]); 5] = [
        ("samples.csv", &["sample", "run", "-n", "9001", "--tolerance", "1e-3"]),
        ("few.csv", &["sample", "run", "-n", "2"]),
        (
            "paths.npz",
            &["sample", "run", "-n", "7", "--sampler", "euler-maruyama", "--steps", "20", "--trajectory", "5"],
        ),
        ("latents.npy", &["sample", "run", "--encode", "x.npy"]),
        ("logp.csv", &["logp", "run", "--data", "x.npy", "--bound", "--chunk-rows", "100", "--tolerance", "1e-3"]),
    ];
    for (file, args) in commands {
        scratch.fokker(&[args, &["-o", file]].concat()).succeeded();
        for ranks in [2, 3] {
            let name = format!("{ranks}-{file}");
            succeeds(&scratch, ranks, &[args, &["-o", &name]].concat());
            assert!(scratch.read(&name) == scratch.read(file), "{name}");
        }
    }
    let audit = |ranks: usize| {
        if ranks == 1 {
            scratch.fokker(&["audit", "run"]).succeeded();
        } else {
            succeeds(&scratch, ranks, &["audit", "run"]);
        }
        (scratch.read("run/audit.json"), scratch.read("run/audit-points.npz"))
    };
    let one = audit(1);
    assert!(audit(2) == one && audit(4) == one);
}

#[test]
fn comparisons_and_sweeps_are_those_of_one_process() {
    let scratch = Scratch::new();
    let small = sets(TINY);
    let compare = [&["compare", "--preset", "ring8", "--seeds", "2", "--set", "train.threads=1"], &small[..]].concat();
    let over = [
        "sweep",
        "--preset",
        "ring8",
        "--halving",
        "--over",
        "train.learning_rate=1e-4,1e-2,1e15",
        "--set",
        "train.threads=1",
    ];
    let sweep = [&over, &small[..]].concat();
    for (name, args) in [("compare", compare), ("sweep", sweep)] {
        let json = |file: &str| without_times(scratch.json(file));
        scratch.fokker(&[&args[..], &["-o", name, "--json", "one.json"]].concat()).succeeded();
        let ended = succeeds(&scratch, 3, &[&args[..], &["-o", &format!("{name}-3"), "--json", "three.json"]].concat());
        assert_eq!(json("one.json"), json("three.json"), "{name}");
        assert_eq!(ended.stdout.matches("report: ").count(), 1, "{ended:?}");
        // What is there is gone on with on any number.
        succeeds(&scratch, 2, &[&args[..], &["-o", &format!("{name}-3"), "--json", "again.json"]].concat());
        assert_eq!(json("one.json"), json("again.json"), "{name}");
    }
}

#[test]
fn the_machine_is_looked_at_and_timed_together() {
    let scratch = Scratch::new();
    let ended = succeeds(&scratch, 2, &["bench", "collective", "--repeats", "5", "--json", "c.json"]);
    assert!(ended.stdout.starts_with("2 ranks, Open MPI"), "{ended:?}");
    let found = scratch.json("c.json");
    assert!(found["alpha"].as_f64().unwrap() > 0.0 && found["beta"].as_f64().unwrap() > 0.0, "{found}");
    let ended = succeeds(&scratch, 2, &["doctor", "--mpi"]);
    assert!(ended.stdout.contains("ranks             2"), "{ended:?}");
    assert_eq!(ended.stdout.matches("version").count(), 1, "one rank speaks: {ended:?}");
    // What cannot be shared is done once.
    assert_eq!(succeeds(&scratch, 3, &["presets"]).stdout, scratch.fokker(&["presets"]).succeeded().stdout);
}
