//! A standard output that cannot be written to: the run failed, in one line. One that nobody reads any more is no failure.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::process::Command;

use crate::util::Scratch;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fokker");

#[test]
fn what_cannot_be_said_is_an_error() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.put("x.csv", "1,2\n3,4\n");
    for args in [
        &["presets"][..],
        &["presets", "ring8"],
        &["data", "describe", "x.csv"],
        &["data", "describe", "--json", "x.csv"],
        &["audit", "run"],
        &["sample", "run", "-n", "2", "-o", "s.csv"],
        &["logp", "run", "--data", "x.csv", "-o", "p.csv"],
        &["--help"],
        &["train", "--help"],
        &["--version"],
    ] {
        let mut full = scratch.command(args);
        full.stdout(File::options().write(true).open("/dev/full").unwrap());
        let done = full.output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
        assert!(said.starts_with("error: standard output: cannot be written: ") && said.contains("space"), "{said}");
        // A pipe whose reader has gone, and the usual.
        let script = "\"$0\" \"$@\" 2> said | true; exit ${PIPESTATUS[0]}";
        let mut command = Command::new("bash");
        command.args(["-c", script, PROGRAM]).args(args);
        let done = scratch.run(args, command);
        assert_eq!((done.code, &*scratch.text("said")), (Some(0), ""), "{done}");
        scratch.fokker(args).succeeded();
    }
    // What went wrong before goes first.
    let mut wrong = scratch.command(&["data", "describe", "none.csv"]);
    wrong.stdout(File::options().write(true).open("/dev/full").unwrap());
    let done = wrong.output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "error: none.csv: no such file\n");
    // The work is done all the same.
    assert!(
        scratch.path("s.csv").exists() && scratch.path("p.csv").exists() && scratch.path("run/audit.json").exists()
    );
}
