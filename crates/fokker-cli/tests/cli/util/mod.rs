//! Scratch directories, the program, what it did, and the files that go in and come out.

mod chance;
mod files;
mod json;
#[cfg(target_os = "linux")]
mod large;
mod process;
mod server;
mod zip;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub use chance::Chance;
pub use files::{
    cifar, copy, gzip, idx, npy, npy_bytes, png, read_npy, read_npz, split_safetensors, unsealed, write_safetensors,
};
pub use json::{at, key_paths, number};
#[cfg(target_os = "linux")]
pub use large::{black_png, gzip_of_zeros, zip_of_zeros};
pub use process::{send, start, wait_for};
pub use server::{Manner, Server};
pub use zip::{Zip, zip};

/// A network that trains in a tenth of a second, and an audit as small.
pub const TINY: &[&str] = &[
    "network.width=16",
    "network.depth=2",
    "train.steps=60",
    "train.batch=64",
    "train.threads=2",
    "train.learning_rate=1e-2",
    "train.warmup=5",
    "train.ema_decay=0.9",
    "audit.times=[1e-3, 0.1, 1.0]",
    "audit.points=50",
    "audit.nll_points=50",
    "audit.samples=50",
    "audit.tolerance=1e-3",
    "audit.gap_samples=60",
    "audit.bound_points=10",
];

/// The presets whose configs leave the term out.
const WITHOUT: [&str; 5] = ["ring8", "moons", "checkerboard", "spirals", "mixture5d"];

/// The term for those.
pub const TERM: &str = "loss.fp.weight=7.5e-5";

/// A directory of its own for a test, removed afterwards.
pub struct Scratch {
    root: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// Writes a file, its folders included.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The program with these arguments, not yet started. A backtrace is asked for, so that one would be seen.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fokker"));
        command.args(args);
        self.prepare(&mut command);
        command
    }

    /// Runs a command that ends in the program with these arguments.
    pub fn run(&self, args: &[&str], mut command: Command) -> Done {
        self.prepare(&mut command);
        Done::new(args, &command.output().unwrap())
    }

    /// In the scratch directory, without input.
    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.root.path()).stdin(Stdio::null());
        command.env("RUST_BACKTRACE", "1").env_remove("COLUMNS");
        // A machine that is busy takes longer; what is said does not depend on it.
        command.env("FOKKER_PROGRESS", "none");
        // The server that is asked is on this machine.
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
    }

    /// Runs the program.
    pub fn fokker(&self, args: &[&str]) -> Done {
        Done::new(args, &self.command(args).output().unwrap())
    }

    /// Trains a tiny model of a preset, with the score-FPE term, into `run`.
    pub fn train(&self, run: &str, preset: &str, more: &[&str]) {
        let term: &[&str] = if WITHOUT.contains(&preset) { &["--set", TERM] } else { &[] };
        self.fokker(&[&["train", "--preset", preset, "-o", run], term, &*sets(TINY), &*sets(more)].concat())
            .succeeded();
    }

    /// Trains a tiny model of the preset ring8 from given weights.
    pub fn train_from(&self, run: &str, init: &str, args: &[&str], more: &[&str]) {
        let first = ["train", "--preset", "ring8", "-o", run, "--init", init, "--set", TERM];
        self.fokker(&[&first, args, &*sets(TINY), &*sets(more)].concat()).succeeded();
    }

    /// Every file and folder with its bytes.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.root.path(), &mut found);
        found
    }

    /// The request is wrong: exit status 2, one line that says all of `parts`, nothing on disk touched.
    #[track_caller]
    pub fn refuses(&self, args: &[&str], parts: &[&str]) {
        let before = self.contents();
        let done = self.fokker(args);
        done.one_line(2, parts);
        assert_eq!(done.stdout, "", "{done}");
        let after = self.contents();
        let changed: Vec<_> = after.iter().filter(|(path, bytes)| before.get(*path) != Some(*bytes)).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{done}\nleft behind: {changed:?}");
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
            found.insert(path, Vec::new());
        } else {
            // A link may lead nowhere.
            let target = || fs::read_link(&path).map(|target| target.to_string_lossy().as_bytes().to_vec());
            let bytes = fs::read(&path).or_else(|_| target()).unwrap();
            found.insert(path, bytes);
        }
    }
}

/// `--set` before each assignment.
pub fn sets<'a>(assignments: &[&'a str]) -> Vec<&'a str> {
    assignments.iter().flat_map(|assignment| ["--set", *assignment]).collect()
}

/// What the program did.
pub struct Done {
    args: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    fn new(args: &[&str], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            args: args.join(" "),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        assert_eq!(self.stderr, "", "{self}");
        self
    }

    /// This exit status and exactly one line of complaint, in which all of `parts` stand.
    #[track_caller]
    pub fn one_line(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(self.stderr.starts_with("error: ") && self.stderr.ends_with('\n'), "{self}");
        assert_eq!(self.stderr.lines().count(), 1, "{self}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self}");
        }
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("RUST_BACKTRACE"), "{self}");
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fokker {}\nstatus {:?}\n{}{}", self.args, self.code, self.stdout, self.stderr)
    }
}
