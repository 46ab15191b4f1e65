//! Arguments that make no sense.

use crate::util::{Scratch, TINY, sets};

#[test]
fn unknown_words_and_flags() {
    let scratch = Scratch::new();
    scratch.refuses(&["frobnicate"], &["unrecognized subcommand 'frobnicate'"]);
    scratch.refuses(&["train", "--frob"], &["unexpected argument '--frob'"]);
    scratch.refuses(&["presets", "nosuch"], &["presets", "nosuch", "no such preset"]);
    scratch.refuses(&["compare", "--preset", "nosuch"], &["--preset", "nosuch", "ring8", "mnist"]);
    scratch.refuses(&["sample", "run", "-n", "1", "-o", "x.csv", "--sampler", "magic"], &["'magic'", "--sampler"]);
    scratch.refuses(
        &["eval", "run", "--data", "x.npy", "--t", "0.5", "--what", "score,hessian", "-o", "x.npz"],
        &["'hessian'", "--what", "jacobian"],
    );
}

#[test]
fn missing_arguments() {
    let scratch = Scratch::new();
    scratch.refuses(&["train", "--preset", "ring8"], &["--output <RUN>"]);
    scratch.refuses(&["train", "-o", "run"], &["--preset"]);
    scratch.refuses(&["logp", "run"], &["--data <FILE>", "--output <FILE>"]);
    scratch.refuses(&["sample", "run", "-o", "x.csv"], &["-n <N>"]);
    scratch.refuses(&["eval", "run", "--data", "x.npy", "-o", "x.npz"], &["--t <T>"]);
    scratch.refuses(&["audit"], &["<RUN>"]);
}

#[test]
fn no_subcommand() {
    let scratch = Scratch::new();
    scratch.refuses(&["bench"], &["subcommand"]);
}

#[test]
fn arguments_that_exclude_each_other() {
    let scratch = Scratch::new();
    scratch.put("c.toml", "");
    scratch.refuses(&["compare", "c.toml", "--preset", "ring8"], &["--preset", "CONFIG"]);
    for other in [&["--preset", "ring8"][..], &["--data", "x.csv"], &["-o", "x"], &["c.toml"]] {
        scratch.refuses(&[&["train", "--resume", "run"], other].concat(), &["--resume", "cannot be used with"]);
    }
}

#[test]
fn numbers_out_of_range() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    scratch.refuses(&["compare", "--seeds", "0"], &["--seeds", "0"]);
    scratch.refuses(&["compare", "--seeds", "-1"], &["-1"]);
    for t in ["0", "2", "NaN", "inf", "1.0000001"] {
        let args = ["eval", "run", "--data", "x.csv", "-o", "y.npz", "--t", t];
        scratch.refuses(&args, &["--t", t, "must be in (0, 1]"]);
    }
    scratch.refuses(&["eval", "run", "--data", "x.csv", "-o", "y.npz", "--t=-1"], &["--t -1"]);
    scratch.refuses(&["sample", "run", "-n", "0", "-o", "y.csv"], &["-n", "at least 1"]);
    scratch.refuses(&["sample", "run", "-n", "1.5", "-o", "y.csv"], &["-n", "1.5"]);
    scratch.refuses(&["sample", "run", "-n", "1", "--steps", "0", "-o", "y.csv"], &["--steps", "at least 1"]);
    for tolerance in ["0", "nan", "inf"] {
        let bad = ["--tolerance", tolerance];
        scratch.refuses(&[&["sample", "run", "-n", "1", "-o", "y.csv"], &bad[..]].concat(), &["--tolerance"]);
        scratch.refuses(&[&["logp", "run", "--data", "x.csv", "-o", "y.csv"], &bad[..]].concat(), &["--tolerance"]);
    }
    for (option, value) in [("--probes", "0"), ("--step-limit", "0")] {
        let args = ["logp", "run", "--data", "x.csv", "-o", "y.csv", option, value];
        scratch.refuses(&args, &[option]);
    }
}

#[test]
fn a_benchmark_of_nothing() {
    let scratch = Scratch::new();
    for option in ["--dim", "--width", "--depth", "--batch", "--chunk-rows", "--steps"] {
        let name = option.trim_start_matches("--").replace('-', "_");
        scratch.refuses(&["bench", "step", option, "0"], &[&name]);
    }
    for option in ["--dim", "--width", "--depth", "--rows", "--repeats"] {
        scratch.refuses(&["bench", "residual", option, "0"], &[option.trim_start_matches("--")]);
    }
    scratch.refuses(&["bench", "residual", "--rows", "9999999999999"], &["--rows"]);
    scratch.refuses(&["bench", "step", "--only", "scalar"], &["--only", "dsm, vector, sliced"]);
    scratch.refuses(&["bench", "logp", "--points", "0"], &["--points"]);
    scratch.refuses(&["bench", "logp", "--points", "9999999999999"], &["--points"]);
    scratch.refuses(&["bench", "logp", "--probes", "9999999999999"], &["--probes"]);
    for tolerance in ["0", "nan", "inf"] {
        scratch.refuses(&["bench", "logp", "--tolerance", tolerance], &["--tolerance"]);
    }
}

#[test]
fn more_than_any_machine_holds() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    scratch.refuses(&["sample", "run", "-n", "9999999999999", "-o", "y.csv"], &["-n"]);
    let logp = ["logp", "run", "--data", "x.csv", "-o", "y.csv"];
    scratch.refuses(&[&logp[..], &["--probes", "999999999999999"]].concat(), &["--probes"]);
    scratch.refuses(&[&logp[..], &["--threads", "100000"]].concat(), &["threads", "100000"]);
    let train = [&["train", "--preset", "ring8", "-o", "new"], &*sets(TINY)].concat();
    for key in ["train.batch", "train.chunk_rows", "audit.points", "audit.nll_points", "audit.samples", "audit.probes"]
    {
        let assignment = format!("{key}=9999999999999998");
        scratch.refuses(&[&train[..], &["--set", &assignment]].concat(), &[key]);
    }
    let huge = ["--set", "network.width=65536", "--set", "network.depth=1000"];
    scratch.refuses(&[&train[..], &huge].concat(), &["network"]);
}
