//! Processes that are started together.

use std::fs;
use std::process::{Child, Command, Output, Stdio};

use crate::util::Scratch;

/// `mpirun` for so many ranks on however many processors there are, as whoever runs the tests.
pub fn mpirun(scratch: &Scratch, ranks: usize, args: &[&str]) -> Command {
    several(scratch, &[(ranks, args)])
}

/// The same for ranks that are told different things.
pub fn several(scratch: &Scratch, parts: &[(usize, &[&str])]) -> Command {
    let mut command = Command::new("mpirun");
    command.args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]);
    // In containers processes may not look into each other's memory.
    command.args(["--mca", "btl_vader_single_copy_mechanism", "none"]);
    for (place, (ranks, args)) in parts.iter().enumerate() {
        command.args(if place > 0 { &[":"][..] } else { &[] });
        command.args(["-n", &ranks.to_string(), env!("CARGO_BIN_EXE_fokker")]).args(*args);
    }
    command
        .current_dir(scratch.path(""))
        .stdin(Stdio::null())
        .env("FOKKER_PROGRESS", "none")
        .env("RUST_BACKTRACE", "1");
    command
}

/// What processes have said and how they ended.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    /// Lines of complaint of the program's own; the launcher has others.
    pub errors: Vec<String>,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let stderr = text(output.stderr);
        let errors = stderr.lines().filter(|line| line.starts_with("error: ")).map(String::from).collect();
        Self { status: output.status.code(), stdout: text(output.stdout), errors, stderr }
    }
}

/// Runs it to its end.
pub fn run(scratch: &Scratch, ranks: usize, args: &[&str]) -> Ended {
    mpirun(scratch, ranks, args).output().unwrap().into()
}

/// Runs it to a good end.
#[track_caller]
pub fn succeeds(scratch: &Scratch, ranks: usize, args: &[&str]) -> Ended {
    let ended = run(scratch, ranks, args);
    assert!(ended.status == Some(0) && ended.errors.is_empty(), "{ended:?}");
    ended
}

/// The processes that a launcher has started.
pub fn ranks_of(launcher: &Child) -> Vec<u32> {
    let parent = |process: u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok()
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|&process| parent(process) == Some(launcher.id())).collect()
}
