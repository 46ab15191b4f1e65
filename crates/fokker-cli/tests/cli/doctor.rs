//! `fokker doctor`

use crate::util::{Scratch, number};

#[test]
fn a_machine_that_runs_the_tests_is_ready() {
    let scratch = Scratch::new();
    let done = scratch.fokker(&["doctor", "--json", "d.json"]).succeeded();
    let wants =
        ["version", "processor", "threads", "memory", "temporary folder", "this folder", "data", "speed", "numbers"];
    for (line, want) in done.stdout.lines().zip(wants) {
        assert!(line.starts_with("OK    ") || line.starts_with("LOOK  "), "{done}");
        assert!(line[6..].starts_with(want), "{want}: {done}");
    }
    assert_eq!(done.stdout.lines().count(), wants.len(), "{done}");
    let found = scratch.json("d.json");
    assert_eq!(found["format"], "fokker-doctor 1");
    assert_eq!(found["version"], env!("CARGO_PKG_VERSION"));
    assert!(number(&found, "gflops") > 0.0 && number(&found, "residual") < 1e-8);
    assert_eq!(found["checks"].as_array().unwrap().len(), wants.len());
    // Nothing is left behind.
    assert_eq!(scratch.contents().len(), 1);
}

#[test]
fn what_is_not_well_has_advice() {
    let scratch = Scratch::new();
    scratch.put("mnist/train-images-idx3-ubyte.gz", "not gzip");
    let mut command = scratch.command(&["doctor"]);
    command.env("TMPDIR", scratch.path("none"));
    let done = scratch.run(&["doctor"], command).succeeded();
    let line = |name: &str| done.stdout.lines().find(|line| line[6..].starts_with(name)).unwrap().to_owned();
    assert!(line("data").starts_with("LOOK  data") && line("data").contains("fokker data fetch"), "{done}");
    assert!(line("temporary folder").contains("set TMPDIR"), "{done}");
}
