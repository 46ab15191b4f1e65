//! Training on several ranks is training: the same bits on any number of them where that is asked for, one run directory, one end.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fokker::collective::{Collective, in_threads};
use fokker::config::Config;
use fokker::data::Data;
use fokker::jobs::{self, JobError, NewRun, Observer, Run};
use fokker::train::Checkpoint;

/// An observer of one rank; stops the job after so many steps.
struct Rank<'a> {
    ranks: &'a Arc<dyn Collective>,
    done: AtomicU64,
    stop_after: u64,
}

impl<'a> Rank<'a> {
    fn of(ranks: &'a Arc<dyn Collective>) -> Self {
        Self { ranks, done: AtomicU64::new(0), stop_after: u64::MAX }
    }

    fn until(ranks: &'a Arc<dyn Collective>, stop_after: u64) -> Self {
        Self { stop_after, ..Self::of(ranks) }
    }
}

impl Observer for Rank<'_> {
    fn done(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    fn stops(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.stop_after
    }

    fn ranks(&self) -> &Arc<dyn Collective> {
        self.ranks
    }
}

fn config(sets: &[&str]) -> Config {
    let small = ["network.width=12", "network.depth=2", "train.batch=96", "train.chunk_rows=8", "train.steps=24"];
    let often = ["train.log_every=4", "train.checkpoint_every=8", "train.threads=1", "loss.fp.every=2"];
    let all: Vec<String> = small.iter().chain(&often).chain(sets).map(|&set| set.to_owned()).collect();
    Config::preset("ring8", &all).unwrap()
}

fn data(config: &Config) -> Arc<Data> {
    Arc::new(Data::load(&config.data).unwrap())
}

fn train(root: &Path, config: &Config, size: usize) -> Vec<Result<(), JobError>> {
    let data = data(config);
    in_threads(size, |ranks| {
        jobs::train(&NewRun::new("train", root, config, &data), None, &Rank::of(ranks)).map(|_| ())
    })
}

fn resume(root: &Path, size: usize) -> Vec<Result<(), JobError>> {
    in_threads(size, |ranks| jobs::resume("train", root, &Rank::of(ranks)).map(|_| ()))
}

/// The weights and metrics of a run at its end.
fn end(root: &Path) -> (Checkpoint, String) {
    let run = Run::open(root).unwrap().0;
    (run.newest_checkpoint().unwrap().checkpoint, fs::read_to_string(run.metrics()).unwrap())
}

fn all_well(ends: &[Result<(), JobError>]) {
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
}

#[test]
fn any_number_of_ranks_trains_the_same_model_to_the_last_bit() {
    let scratch = tempfile::tempdir().unwrap();
    let averaged: &[&str] = &["train.deterministic=true", "train.held_out.every=8", "train.held_out.rows=100"];
    let projected: &[&str] = &["train.deterministic=true", "loss.combination=projected", "train.shards=5"];
    for (name, sets) in [("plain", averaged), ("projected", projected)] {
        let ends: Vec<_> = [1, 2, 3, 4, 5]
            .map(|size| {
                let root = scratch.path().join(format!("{name}-{size}"));
                all_well(&train(&root, &config(sets), size));
                end(&root)
            })
            .into();
        assert!(ends.iter().all(|end| *end == ends[0]), "{name}");
        assert_eq!(ends[0].0.step, 24);
    }
}

#[test]
fn without_an_order_the_sums_differ_in_the_last_bits_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let ends = [1, 2].map(|size| {
        let root = scratch.path().join(size.to_string());
        // Alike in shards, so that nothing but the order of the sum differs; as many chunks as shards.
        let sets: &[&str] =
            if size == 1 { &["train.batch=256", "train.deterministic=true"] } else { &["train.batch=256"] };
        all_well(&train(&root, &config(sets), size));
        end(&root).0.weights
    });
    let apart = ends[0]
        .iter()
        .zip(&ends[1])
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f32, |worst, d| if worst.is_nan() || d <= worst { worst } else { d });
    assert!(apart > 0.0 && apart < 1e-3, "{apart}");
}

#[test]
fn a_run_is_gone_on_with_on_another_number_of_ranks() {
    let scratch = tempfile::tempdir().unwrap();
    let config = config(&["train.deterministic=true"]);
    let (whole, parts) = (scratch.path().join("whole"), scratch.path().join("parts"));
    all_well(&train(&whole, &config, 1));
    let data = data(&config);
    // Rank 1 alone wants to stop: all do.
    let ends = in_threads(3, |ranks| {
        let observer = Rank::until(ranks, if ranks.rank() == 1 { 13 } else { u64::MAX });
        jobs::train(&NewRun::new("train", &parts, &config, &data), None, &observer).map(|_| ())
    });
    assert!(ends.iter().all(|end| end.as_ref().is_err_and(JobError::is_stop)), "{ends:?}");
    assert_eq!(end(&parts).0.step, 13);
    // What a kill leaves is a checkpoint and lines after it.
    all_well(&resume(&parts, 2));
    let bytes = |root: &Path| fs::read(root.join("model.safetensors")).unwrap();
    assert_eq!(end(&whole), end(&parts));
    assert!(bytes(&whole) == bytes(&parts));
    let other = scratch.path().join("other");
    all_well(&train(&other, &self::config(&["train.deterministic=true", "seed=9"]), 1));
    assert!(bytes(&whole) != bytes(&other));
}

#[test]
fn all_ranks_end_together_and_say_why() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("run");
    let config = config(&[]);
    let data = data(&config);
    let text = |end: &Result<(), JobError>| end.as_ref().unwrap_err().to_string();

    let ends = in_threads(2, |ranks| {
        let mut config = config.clone();
        config.train.batch += ranks.rank();
        jobs::train(&NewRun::new("train", &root, &config, &data), None, &Rank::of(ranks)).map(|_| ())
    });
    for end in &ends {
        assert_eq!(text(end), "ranks 0 and 1 were not started alike: the config (train.batch) differs");
        assert!(end.as_ref().is_err_and(JobError::is_request));
    }
    let rows = |last: f32| [0.0_f32, 1.0, 2.0, 4.0, 7.0, last];
    let ends = in_threads(2, |ranks| {
        let data = Arc::new(Data::from_rows(&rows(ranks.rank() as f32), 2, &Default::default()).unwrap());
        jobs::train(&NewRun::new("train", &root, &config, &data), None, &Rank::of(ranks)).map(|_| ())
    });
    assert!(ends.iter().all(|end| text(end) == "ranks 0 and 1 were not started alike: the data differs"), "{ends:?}");

    let ends = train(&root, &self::config(&["train.shards=2"]), 3);
    assert!(ends.iter().all(|end| text(end).contains("train.shards: 3 ranks, but 2 shards for them")), "{ends:?}");
    assert!(!root.exists(), "nothing was begun");

    // What rank 0 finds out alone: the folder is not free.
    fs::create_dir(&root).unwrap();
    fs::write(root.join("mine.txt"), "precious").unwrap();
    let ends = train(&root, &config, 2);
    assert!(text(&ends[0]).contains("mine.txt") && text(&ends[1]) == format!("rank 0: {}", text(&ends[0])), "{ends:?}");
    assert!(ends.iter().all(|end| end.as_ref().is_err_and(JobError::is_request)));
}

#[test]
fn numbers_that_are_not_finite_stop_all_and_a_run_that_goes_back_does_on_all() {
    let scratch = tempfile::tempdir().unwrap();
    let wild = ["train.learning_rate=1e18", "train.schedule=constant", "train.warmup=0", "train.deterministic=true"];
    let ends = train(&scratch.path().join("stops"), &config(&wild), 2);
    assert!(ends.iter().all(|end| matches!(end, Err(JobError::Diverged { .. }))), "{ends:?}");

    // It goes back as often as it may, to a rate that is as wild, on both ranks.
    let sets: Vec<&str> = wild
        .into_iter()
        .chain(["train.on_divergence=rollback", "train.rollback_rate=0.9", "train.rollbacks=2"])
        .collect();
    let root = scratch.path().join("goes back");
    let ends = train(&root, &config(&sets), 2);
    assert!(ends.iter().all(Result::is_err), "{ends:?}");
    assert_eq!(Run::open(&root).unwrap().0.manifest().unwrap().rollbacks.len(), 2);
}

/// Ranks of which one adds up otherwise, as another kind of processor may.
#[derive(Debug)]
struct Uneven(Arc<dyn Collective>, f32);

impl Collective for Uneven {
    fn rank(&self) -> usize {
        self.0.rank()
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn all_reduce(&self, values: &mut [f32]) {
        self.0.all_reduce(values);
        if self.rank() == 1 && values.len() > 2 {
            values.iter_mut().for_each(|value| *value += self.1);
        }
    }

    fn all_reduce_f64(&self, values: &mut [f64]) {
        self.0.all_reduce_f64(values);
    }

    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        self.0.broadcast(root, bytes);
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        self.0.all_gather(mine, all);
    }

    fn all_to_all(&self, send: &[u8], sent: &[usize], receive: &mut [u8], received: &[usize]) {
        self.0.all_to_all(send, sent, receive, received);
    }

    fn barrier(&self) {
        self.0.barrier();
    }
}

#[test]
fn ranks_whose_weights_are_no_longer_the_same_are_stopped() {
    let scratch = tempfile::tempdir().unwrap();
    let config = config(&[]);
    let data = data(&config);
    for (name, more) in [("alike", 0.0), ("uneven", 1e-3)] {
        let root = scratch.path().join(name);
        let ends = in_threads(2, |ranks| {
            let uneven: Arc<dyn Collective> = Arc::new(Uneven(Arc::clone(ranks), more));
            jobs::train(&NewRun::new("train", &root, &config, &data), None, &Rank::of(&uneven)).map(|_| ())
        });
        if more == 0.0 {
            all_well(&ends);
            continue;
        }
        for end in ends {
            let error = end.unwrap_err();
            assert!(!error.is_request());
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            assert!(
                source.contains("step 8: the weights of ranks 0 and 1 are no longer the same"),
                "{error}: {source}"
            );
        }
        assert!(Run::open(&root).unwrap().0.newest_checkpoint().is_err(), "nothing that has drifted is kept");
    }
}

#[test]
fn a_disk_that_is_full_at_one_rank_ends_all() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("run");
    let config = config(&[]);
    let data = data(&config);
    let ends = in_threads(2, |ranks| {
        let observer = Breaking(Rank::of(ranks), &root);
        jobs::train(&NewRun::new("train", &root, &config, &data), None, &observer).map(|_| ())
    });
    let text = |place: usize| ends[place].as_ref().unwrap_err().to_string();
    assert!(text(0).contains("step-000000008") && text(0).contains("is kept"), "{}", text(0));
    assert!(text(1).starts_with("rank 0: "), "{}", text(1));
    assert!(ends.iter().all(|end| end.as_ref().is_err_and(|error| !error.is_request())));
}

/// A rank whose metrics cannot be written any more from its ninth step on.
struct Breaking<'a>(Rank<'a>, &'a Path);

impl Observer for Breaking<'_> {
    fn done(&self, done: u64) {
        let metrics = self.1.join("metrics.jsonl");
        if done == 9 && self.0.ranks.rank() == 0 {
            fs::remove_file(&metrics).unwrap();
            // A device without room.
            std::os::unix::fs::symlink("/dev/full", &metrics).unwrap();
        }
        self.0.done(done);
    }

    fn ranks(&self) -> &Arc<dyn Collective> {
        self.0.ranks
    }
}
