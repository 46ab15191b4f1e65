//! What `--help` says.

use crate::util::Scratch;

fn help(args: &[&str]) -> String {
    Scratch::new().fokker(&[args, &["--help"]].concat()).succeeded().stdout
}

#[test]
fn of_the_program() {
    insta::assert_snapshot!(help(&[]));
}

#[test]
fn of_each_subcommand() {
    let commands = [
        "compare", "sweep", "train", "audit", "report", "logp", "sample", "simulate", "eval", "export", "data",
        "presets", "config",
    ];
    for command in commands.into_iter().chain(["bench", "doctor", "completions", "man"]) {
        insta::assert_snapshot!(format!("help_{command}"), help(&[command]));
    }
    insta::assert_snapshot!("help_data_describe", help(&["data", "describe"]));
    for command in ["step", "residual", "logp"] {
        insta::assert_snapshot!(format!("help_bench_{command}"), help(&["bench", command]));
    }
    insta::assert_snapshot!("help_data_fetch", help(&["data", "fetch"]));
}

#[test]
fn the_short_flag_and_the_version() {
    let scratch = Scratch::new();
    assert!(scratch.fokker(&["-h"]).succeeded().stdout.contains("Usage: fokker [OPTIONS] <COMMAND>"));
    let version = scratch.fokker(&["--version"]).succeeded().stdout;
    assert_eq!(version, format!("fokker {}\n", env!("CARGO_PKG_VERSION")));
}
