//! A program without MPI that a launcher has started several times.
#![cfg(not(feature = "mpi"))]

use crate::util::{Done, Scratch};

/// What a launcher of this family says to rank `rank` of three.
fn launched(scratch: &Scratch, args: &[&str], rank: &str, names: [&str; 2]) -> Done {
    let mut command = scratch.command(args);
    command.env(names[0], rank).env(names[1], "3");
    scratch.run(args, command)
}

#[test]
fn several_processes_and_no_mpi_are_refused_by_the_first() {
    let scratch = Scratch::new();
    let args = ["train", "--preset", "ring8", "-o", "run"];
    for names in [
        ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
        ["PMI_RANK", "PMI_SIZE"],
        ["PMIX_RANK", "SLURM_STEP_NUM_TASKS"],
    ] {
        launched(&scratch, &args, "0", names).one_line(2, &["3 processes", "built without MPI", "--features mpi"]);
        let other = launched(&scratch, &args, "2", names);
        assert_eq!((other.code, other.stdout.as_str(), other.stderr.as_str()), (Some(2), "", ""), "{other}");
    }
    assert!(!scratch.path("run").exists());
}

#[test]
fn what_is_not_shared_the_first_does_alone() {
    let scratch = Scratch::new();
    let names = ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"];
    let said = scratch.fokker(&["presets"]).succeeded().stdout;
    assert_eq!(launched(&scratch, &["presets"], "0", names).succeeded().stdout, said);
    assert_eq!(launched(&scratch, &["presets"], "1", names).succeeded().stdout, "");
    assert_eq!(launched(&scratch, &["--help"], "1", names).succeeded().stdout, "");
    let wrong = launched(&scratch, &["nope"], "1", names);
    assert_eq!((wrong.code, wrong.stderr.as_str()), (Some(2), ""), "{wrong}");
}
