//! What the program itself has written.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use fokker::audit::Audit;
use fokker::config::Config;
use fokker::data::{Data, Fingerprint};
use fokker::jobs::{self, LogpOptions, NewRun, Observer, Run, Silent};
use fokker::manifest::Manifest;
use fokker::train::Checkpoint;

use super::place::{check, folder, put};

/// Lines of metrics.
pub fn metrics(bytes: &[u8]) {
    let root = folder("metrics");
    put(&root, "metrics.jsonl", bytes);
    for metrics in check(Run::at(&root).read_metrics()).unwrap_or_default() {
        let line = serde_json::to_string(&metrics).expect("a line is written");
        assert!(serde_json::from_str::<fokker::train::Metrics>(&line).is_ok(), "{line}");
    }
}

/// A manifest, by which files are removed.
pub fn manifest(bytes: &[u8]) {
    let root = folder("manifest");
    put(&root, "manifest.json", bytes);
    check(Manifest::read(&root));
}

/// An audit's figures, with no values at points.
pub fn audit(bytes: &[u8]) {
    let root = folder("audit");
    put(&root, "audit.json", bytes);
    if !root.join("audit-points.npz").exists() {
        fokker::data::write_npz(&root.join("audit-points.npz"), &[("none", &[1, 1], &[0.0])]).expect("an archive");
    }
    check(Audit::read(&root));
}

/// A checkpoint.
pub fn checkpoint(bytes: &[u8]) {
    let path = put(&folder("checkpoint"), "step", bytes);
    if let Some(checkpoint) = check(Checkpoint::read(&path)) {
        assert_eq!(checkpoint.weights.len(), checkpoint.adam.m.len());
    }
}

thread_local! {
    static UNFINISHED: OnceCell<Unfinished> = const { OnceCell::new() };
}

/// Wants a job to stop as soon as it has done something.
struct Stops;

impl Observer for Stops {
    fn stops(&self) -> bool {
        true
    }
}

/// A job that was cut short.
struct Unfinished {
    root: PathBuf,
    header: Vec<u8>,
}

impl Unfinished {
    /// Log-likelihoods of three rows, stopped after the first.
    fn new() -> Self {
        let root = folder("part");
        let config = Config::preset("ring8", &["train.steps=0".into(), "network.width=4".into()]).expect("a preset");
        let data = Arc::new(Data::load(&config.data).expect("a generator"));
        jobs::train(&NewRun::new("train", &root.join("run"), &config, &data), None, &Silent).expect("no steps");
        put(&root, "x.csv", b"0,1\n1,0\n0,0\n");
        let unfinished = Self { root, header: Vec::new() };
        assert!(!unfinished.go_on(&Stops));
        let part = std::fs::read(unfinished.part()).expect("what was done is kept");
        let header = part.windows(8).position(|words| words == [0; 8]).expect("the first record's number");
        Self { header: part[..header].to_vec(), ..unfinished }
    }

    fn part(&self) -> PathBuf {
        self.root.join("y.csv.part")
    }

    fn go_on(&self, observer: &dyn Observer) -> bool {
        let options =
            LogpOptions { resume: true, chunk_rows: Some(1), threads: 1, step_limit: 50, ..LogpOptions::default() };
        let at = |name: &str| self.root.join(name);
        check(jobs::logp(&at("run"), &at("x.csv"), &at("y.csv"), &options, observer)).is_some()
    }
}

/// Records of a job that was cut short, after the header that belongs to it. After a first byte of 1 they have no digest: it is added, since
/// no mutation would hit it.
pub fn part(bytes: &[u8]) {
    UNFINISHED.with(|unfinished| {
        let unfinished = unfinished.get_or_init(Unfinished::new);
        let mut part = unfinished.header.clone();
        match bytes {
            [1, record @ ..] => {
                let mut print = Fingerprint::default();
                print.bytes(record);
                part.extend_from_slice(record);
                part.extend(print.digest().to_le_bytes());
            }
            [0, record @ ..] => part.extend_from_slice(record),
            whole => part = whole.to_vec(),
        }
        std::fs::write(unfinished.part(), part).expect("a file");
        unfinished.go_on(&Silent);
    });
}
