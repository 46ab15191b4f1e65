//! The main job as a call: three arms, two seeds, an observer, and a second call that goes on with the first.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::{Arc, Mutex};

use fokker::config::Config;
use fokker::data::Data;
use fokker::jobs::{Compare, Observer, Silent, compare};
use fokker::study::Arm;

fn small(more: &[&str]) -> (Config, Arc<Data>) {
    let keys = [
        "loss.fp.weight=7.5e-5",
        "network.width=8",
        "network.depth=1",
        "train.steps=20",
        "train.batch=32",
        "train.threads=1",
        "audit.times=[0.01, 0.5]",
        "audit.points=30",
        "audit.nll_points=30",
        "audit.bound_points=10",
        "audit.gap_samples=30",
        "audit.samples=30",
        "audit.tolerance=1e-3",
    ];
    let keys: Vec<String> = keys.iter().chain(more).map(ToString::to_string).collect();
    let config = Config::preset("ring8", &keys).unwrap();
    let data = Arc::new(Data::load(&config.data).unwrap());
    (config, data)
}

fn arms() -> Vec<Arm> {
    let mut arms = Arm::dsm_and_fp();
    arms.insert(1, Arm::new("long", "DSM, long").without("loss.fp").set("train.steps=30"));
    arms
}

/// What an observer was told of runs that were there.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn kept(&self, name: &str, step: Option<u64>, _: &Path) {
        self.0.lock().unwrap().push(format!("{name} {step:?}"));
    }
}

#[test]
fn arms_are_trained_audited_and_compared_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = small(&["seed=4"]);
    let arms = arms();
    let job = Compare { seeds: 2, ..Compare::new("ring8", folder.path(), &config, &data, &arms) };
    let mut pages = Vec::new();
    let found = compare(&job, &Silent, &mut |seed| {
        let samples = seed.models.iter().map(|model| model.pictures.samples.len()).collect::<Vec<_>>();
        pages.push((seed.folder.to_path_buf(), seed.config.seed, samples, seed.data.held_out.len()));
        Ok(())
    })
    .unwrap();
    let page = |seed| (job.folder(seed), seed, vec![60; 3], 60);
    assert_eq!(pages, [page(4), page(5)]);
    assert_eq!(found.arms, arms);
    assert_eq!(found.seeds.iter().map(|seed| seed.seed).collect::<Vec<_>>(), [4, 5]);
    let steps = |arm: &str| {
        Config::parse(&std::fs::read_to_string(job.folder(5).join(arm).join("config.toml")).unwrap(), "x", &[]).unwrap()
    };
    assert_eq!((steps("long").train.steps, steps("fp").train.steps), (30, 20));
    assert!(steps("long").loss.fp.is_none() && steps("fp").loss.fp.is_some());
    // The arms are not one model; a difference to the reference is that of the means.
    let mean = |arm: usize| found.models[arm].figures.mean("nll").unwrap().mean;
    for (arm, difference) in [(1, &found.differences[0]), (2, &found.differences[1])] {
        let less = difference.less("nll").unwrap().mean;
        assert!(less != 0.0 && (less - (mean(arm) - mean(0))).abs() < 1e-9);
    }
    // Again: nothing is trained anew, and one that has been cut short goes on.
    std::fs::remove_file(job.folder(4).join("fp/model.safetensors")).unwrap();
    let told = Told::default();
    let again = compare(&job, &told, &mut |_| Ok(())).unwrap();
    let told = told.0.into_inner().unwrap();
    assert_eq!(told[..3], ["DSM None", "DSM, long None", "FP Some(20)"]);
    assert_eq!(again.models[1], found.models[1]);
    assert_eq!(again.models[2].figures.mean("nll"), found.models[2].figures.mean("nll"));
}

#[test]
fn arms_that_cannot_be_compared_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = small(&[]);
    let refused = |config: &Config, arms: &[Arm]| {
        let job = Compare::new("mine", folder.path(), config, &data, arms);
        let error = compare(&job, &Silent, &mut |_| Ok(())).unwrap_err();
        assert!(error.is_request(), "{error}");
        error.to_string()
    };
    let term = "mine: loss.fp: there is no score-FPE term to compare with";
    assert_eq!(refused(&config.changed(&["loss.fp", "loss.scalar"], &[], "mine").unwrap(), &Arm::dsm_and_fp()), term);
    assert_eq!(refused(&config, &[]), "mine: arms: at least 1 arm and 1 seed are needed");
    let twice = [Arm::new("a", "A"), Arm::new("b", "B")];
    assert_eq!(refused(&config, &twice), "mine: arms: a and b are the same");
    let one_key = [Arm::new("a", "A"), Arm::new("a", "B").set("train.steps=7")];
    assert_eq!(refused(&config, &one_key), "mine: arms: a is there twice");
    assert!(refused(&config, &[Arm::new("../a", "A")]).contains("is no key"));
    assert_eq!(
        refused(&config, &[Arm::new("a", "A").set("train.steps=0")]),
        "mine: train.steps: must be at least 1 to compare"
    );
    assert!(refused(&config, &[Arm::new("a", "A").set("audit.points=9")]).starts_with("mine: audit.points: arm a"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
