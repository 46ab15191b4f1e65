//! Jobs as library calls: what is kept, what the observer is told, what an error knows.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fokker::config::Config;
use fokker::data::{Data, DataError, write_csv};
use fokker::evaluate::Quantity;
use fokker::jobs::{self, EvalOptions, JobError, LogpOptions, NewRun, Observer, PartError, Run, Silent, Units, Work};
use fokker::train::Metrics;
use fokker::{Error, Occupant};

/// A small run: 40 steps, a line each 10, a checkpoint each 20.
fn small(more: &[&str]) -> (Config, Arc<Data>) {
    let keys = [
        "loss.fp.weight=7.5e-5",
        "network.width=8",
        "network.depth=1",
        "train.steps=40",
        "train.batch=32",
        "train.log_every=10",
    ];
    let keys = keys.iter().chain(&["train.checkpoint_every=20", "train.threads=1"]).chain(more);
    let config = Config::preset("ring8", &keys.map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let data = Arc::new(Data::load(&config.data).unwrap());
    (config, data)
}

fn trained(root: &Path, more: &[&str]) -> Run {
    let (config, data) = small(more);
    jobs::train(&NewRun::new("model", root, &config, &data), None, &Silent).unwrap().0
}

/// What an observer was told, in order.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn add(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Told {
    fn begin(&self, work: &Work<'_>) {
        self.add(format!("begin {} {:?} {}/{}", work.name, work.unit, work.done, work.total));
    }
    fn done(&self, done: u64) {
        if done.is_multiple_of(20) {
            self.add(format!("done {done}"));
        }
    }
    fn metrics(&self, metrics: &Metrics) {
        self.add(format!("metrics {}", metrics.step));
    }
    fn checkpoint(&self, path: &Path) {
        assert!(path.exists());
        self.add("checkpoint".into());
    }
    fn end(&self) {
        self.add("end".into());
    }
    fn note(&self, text: &str) {
        self.add(format!("note {text}"));
    }
}

#[test]
fn an_observer_is_told_all_of_it_and_a_resumed_run_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("run");
    let ((config, data), told) = (small(&[]), Told::default());
    let (run, fitted) = jobs::train(&NewRun::new("model", &root, &config, &data), None, &told).unwrap();
    assert!(fitted.seconds > 0.0 && run.model().exists());
    let expected = [
        "begin model Steps 0/40",
        "metrics 10",
        "done 20",
        "metrics 20",
        "checkpoint",
        "metrics 30",
        "done 40",
        "metrics 40",
        "checkpoint",
        "end",
    ];
    assert_eq!(told.take(), expected);

    // As if it had been killed after its first checkpoint.
    let (whole, lines) = (fs::read(run.model()).unwrap(), fs::read(run.metrics()).unwrap());
    fs::remove_file(run.model()).unwrap();
    fs::remove_file(root.join("checkpoints/step-000000040.safetensors")).unwrap();
    jobs::resume("again", &root, &told).unwrap();
    let expected = ["begin again Steps 20/40", "metrics 30", "done 40", "metrics 40", "checkpoint", "end"];
    assert_eq!(told.take(), expected);
    assert!(fs::read(run.model()).unwrap() == whole && fs::read(run.metrics()).unwrap() == lines);
    assert!(fs::read(trained(&folder.path().join("other"), &["seed=5"]).model()).unwrap() != whole);
}

#[test]
fn what_is_there_is_replaced_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("run");
    trained(&root, &[]);
    let (config, data) = small(&["seed=3"]);
    let new = NewRun::new("model", &root, &config, &data);
    let error = jobs::train(&new, None, &Silent).unwrap_err();
    let is_finished =
        |e: &JobError| matches!(e, JobError::Library(Error::Occupied { occupant: Occupant::Finished, .. }));
    assert!(is_finished(&error) && error.is_request(), "{error}");
    let (run, _) = jobs::train(&NewRun { replace: true, ..new }, None, &Silent).unwrap();
    assert_eq!(Run::open(run.root()).unwrap().1.seed, 3);
}

#[test]
fn training_that_diverges_says_where_and_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let ruinous = ["train.learning_rate=1e30", "train.adam.clip=0", "train.warmup=0"];
    let (config, data) = small(&ruinous);
    let root = folder.path().join("run");
    let told = Told::default();
    let error = jobs::train(&NewRun::new("model", &root, &config, &data), None, &told).unwrap_err();
    assert!(!error.is_request(), "{error}");
    let JobError::Diverged { root: named, source } = &error else { panic!("{error}") };
    assert_eq!(*named, root);
    assert!(matches!(**source, Error::NonFinite { step: 1, checkpoint: None, .. }), "{source}");
    assert_eq!(told.take().last().map(String::as_str), Some("end"));
    assert!(!root.join("model.safetensors").exists());
}

#[test]
fn rows_of_an_unfinished_file_are_used_only_if_asked_and_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    trained(&at("run"), &[]);
    let rows: Vec<f64> = (0..10).map(|i| 0.3 * f64::from(i) - 1.0).collect();
    write_csv(&at("x.csv"), &["x", "y"], &rows).unwrap();
    let options = LogpOptions { tolerance: 1e-3, chunk_rows: Some(2), threads: 1, ..LogpOptions::default() };
    let told = Told::default();
    let found = jobs::logp(&at("run"), &at("x.csv"), &at("y.npz"), &options, &told).unwrap();
    assert!(found.rows == 5 && found.failed == 0 && found.log_prob.value().se > 0.0);
    let told = told.take();
    assert!(told[0] == "begin logp Rows 0/5" && told.last().map(String::as_str) == Some("end"), "{told:?}");

    // A file of finished rows that another call left.
    fs::write(at("z.npz.part"), "not a part").unwrap();
    let go = |resume: bool| {
        jobs::logp(&at("run"), &at("x.csv"), &at("z.npz"), &LogpOptions { resume, ..options.clone() }, &Silent)
    };
    for (resume, is_it) in [(false, true), (true, false)] {
        let error = go(resume).unwrap_err();
        assert!(error.is_request(), "{error}");
        let JobError::Part(part) = error else { panic!("{error}") };
        assert_eq!(matches!(part, PartError::Unfinished { .. }), is_it, "{part}");
        assert_eq!(matches!(part, PartError::Damaged { .. }), !is_it, "{part}");
    }
    fs::remove_file(at("z.npz.part")).unwrap();
    go(true).unwrap();
    assert!(fs::read(at("y.npz")).unwrap() == fs::read(at("z.npz")).unwrap());
}

#[test]
fn options_and_places_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    trained(&at("run"), &[]);
    write_csv(&at("x.csv"), &["x", "y"], &[0.1, 0.2]).unwrap();
    let logp = |output: &str, options: LogpOptions| {
        jobs::logp(&at("run"), &at("x.csv"), &at(output), &options, &Silent).unwrap_err()
    };
    let probes = logp("y.csv", LogpOptions { probes: Some(0), ..LogpOptions::default() });
    assert!(matches!(&probes, JobError::Option { option, .. } if option == "probes"), "{probes}");
    assert!(matches!(logp("y.txt", LogpOptions::default()), JobError::Output { .. }));
    assert!(matches!(logp("none/y.csv", LogpOptions::default()), JobError::Place { .. }));
    let error = jobs::export(&at("nothing"), None, &at("w.npz")).unwrap_err();
    assert!(matches!(error, JobError::Output { .. }), "{error}");
    fs::create_dir(at("empty")).unwrap();
    let error = jobs::export(&at("empty"), None, &at("w.safetensors")).unwrap_err();
    assert!(matches!(&error, JobError::NoModel { path, .. } if *path == at("empty")), "{error}");
    assert_eq!(jobs::export(&at("run"), None, &at("w.safetensors")).unwrap().0, 4);
}

#[test]
fn points_far_off_are_taken_on_the_user_s_word() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    trained(&at("run"), &[]);
    write_csv(&at("x.csv"), &["x", "y"], &[0.1, 0.2, 5e4, 0.0]).unwrap();
    let options = EvalOptions { what: vec![Quantity::Divergence], ..EvalOptions::at(0.5) };
    let eval = |options: &EvalOptions| jobs::eval(&at("run"), &at("x.csv"), &at("y.npz"), options, &Silent);
    let error = eval(&options).unwrap_err();
    let far = |e: &JobError, model| matches!(e, JobError::FarOff { in_model, source: DataError::FarOff { row: 3, .. } } if *in_model == model);
    assert!(far(&error, true), "{error:?}");
    let error = eval(&EvalOptions { units: Units::Data, ..options.clone() }).unwrap_err();
    assert!(far(&error, false), "{error:?}");
    assert_eq!(eval(&EvalOptions { unchecked: true, ..options }).unwrap(), 2);
}
