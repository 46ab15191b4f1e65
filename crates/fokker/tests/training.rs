//! Training: resuming, stopping, files.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::sync::Arc;

use fokker::Error;
use fokker::collective::single;
use fokker::config::{Config, PRESETS};
use fokker::data::{Data, DataConfig};
use fokker::jobs::Run;
use fokker::model_file::read_model;
use fokker::objective::LossTerms;
use fokker::score::Score;
use fokker::train::{Checkpoint, Metrics, Recorder, Silent, TrainConfig, Trainer, Training};

fn small(overrides: &[&str]) -> Config {
    let mut all = vec![
        "loss.fp.weight=7.5e-5".to_owned(),
        "train.steps=60".to_owned(),
        "train.log_every=5".to_owned(),
        "train.checkpoint_every=20".to_owned(),
        "train.threads=2".to_owned(),
        "network.width=16".to_owned(),
        "train.warmup=5".to_owned(),
    ];
    all.extend(overrides.iter().map(|s| (*s).to_owned()));
    Config::preset("ring8", &all).unwrap()
}

/// Keeps everything in a run directory and stops after some steps, as a killed process would.
struct Interrupted<'a> {
    run: &'a Run,
    at: u64,
}

impl Recorder for Interrupted<'_> {
    fn step(&mut self, _: u64, _: &LossTerms) {}

    fn metrics(&mut self, metrics: &Metrics) -> Result<(), Error> {
        self.run.append_metrics(metrics)?;
        if metrics.step == self.at {
            return Err(Error::File { path: "killed".into(), reason: String::new() });
        }
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        self.run.write_checkpoint(checkpoint).map(|_| ())
    }
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one_bit_for_bit() {
    for extra in [&[][..], &["train.deterministic=true"]] {
        let config = small(extra);
        let data = Arc::new(Data::load(&config.data).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let whole = Run::create(&folder.path().join("whole"), &config, &data).unwrap();
        let mut straight = Trainer::new(&config, &data).unwrap();
        straight.run(&mut Interrupted { run: &whole, at: u64::MAX }).unwrap();

        let broken = Run::create(&folder.path().join("broken"), &config, &data).unwrap();
        let mut first = Trainer::new(&config, &data).unwrap();
        assert!(first.run(&mut Interrupted { run: &broken, at: 35 }).is_err());
        let (broken, config) = Run::open(broken.root()).unwrap();
        let state = broken.newest_checkpoint().unwrap().checkpoint;
        assert_eq!(state.step, 20);
        broken.truncate_metrics(state.step).unwrap();
        let mut second = Trainer::with_state(&config, &data, state).unwrap();
        second.run(&mut Interrupted { run: &broken, at: u64::MAX }).unwrap();

        assert_eq!(straight.state(), second.state());
        assert!(fs::read(whole.metrics()).unwrap() == fs::read(broken.metrics()).unwrap());
    }
}

#[test]
fn another_seed_is_another_run() {
    let run = |seed: &str| {
        let config = small(&[seed]);
        let mut trainer = Trainer::new(&config, &Arc::new(Data::load(&config.data).unwrap())).unwrap();
        trainer.run(&mut Silent).unwrap();
        trainer.state()
    };
    assert_eq!(run("seed=1"), run("seed=1"));
    assert_ne!(run("seed=1"), run("seed=2"));
}

#[test]
fn deterministic_sums_do_not_depend_on_the_number_of_threads() {
    let run = |threads: &str, mode: &str| {
        let config = small(&[threads, mode, "train.steps=20"]);
        let mut trainer = Trainer::new(&config, &Arc::new(Data::load(&config.data).unwrap())).unwrap();
        trainer.run(&mut Silent).unwrap();
        trainer.state().weights
    };
    let on = "train.deterministic=true";
    assert_eq!(run("train.threads=1", on), run("train.threads=3", on));
    let off = "train.deterministic=false";
    let (one, three) = (run("train.threads=1", off), run("train.threads=3", off));
    assert_ne!(one, three);
    assert!(one.iter().zip(&three).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn an_infinite_loss_stops_training_and_names_the_checkpoint() {
    let config =
        small(&["train.learning_rate=1e30", "train.adam.clip=0.0", "train.schedule=\"constant\"", "train.warmup=0"]);
    let data = Arc::new(Data::load(&config.data).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(folder.path(), &config, &data).unwrap();
    let mut trainer = Trainer::new(&config, &data).unwrap();
    trainer.set_last_checkpoint(Some("last.safetensors".into()));
    let error = trainer.run(&mut Interrupted { run: &run, at: u64::MAX }).unwrap_err();
    assert!(matches!(error, Error::NonFinite { step: 1..=5, .. }), "{error}");
    assert!(error.to_string().contains("last.safetensors") && !error.is_request());
}

#[test]
fn a_model_file_gives_the_same_score_back_and_is_read_strictly() {
    let config = small(&["train.steps=10"]);
    let data = Arc::new(Data::load(&config.data).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(folder.path(), &config, &data).unwrap();
    let mut trainer = Trainer::new(&config, &data).unwrap();
    trainer.run(&mut Silent).unwrap();
    let score = trainer.score();
    run.write_model(&config, &data, &score, config.train.steps).unwrap();
    let (info, read) = read_model(&run.model()).unwrap();
    assert_eq!(info.dim, 2);
    assert_eq!(read.parameters()[..], score.parameters()[..]);
    assert_eq!(Score::<f32>::dim(&read), 2);

    let good = fs::read(run.model()).unwrap();
    for cut in [0, 4, 100, good.len() - 1] {
        fs::write(run.model(), &good[..cut]).unwrap();
        let error = read_model(&run.model()).unwrap_err();
        assert!(error.is_request() && error.to_string().contains("model.safetensors"), "{error}");
    }
    // Another architecture in the metadata: not what was written.
    let wanted: &[u8] = b"\\\"width\\\":16";
    let at = good.windows(wanted.len()).position(|w| w == wanted).unwrap();
    let mut changed = good.clone();
    changed[at + wanted.len() - 1] = b'7';
    fs::write(run.model(), &changed).unwrap();
    assert!(read_model(&run.model()).unwrap_err().to_string().contains("damaged: its SHA-256"));
}

#[test]
fn presets_are_whole_and_round_trip() {
    for preset in PRESETS {
        let config = Config::parse(preset.toml, preset.name, &[]).unwrap();
        assert_eq!(Config::parse(&config.to_toml().unwrap(), "again", &[]).unwrap(), config, "{}", preset.name);
    }
}

#[test]
fn every_key_of_a_config_is_read() {
    // Changing any key must change the config; an unknown key beside it must be refused.
    let config = Config { arm: Vec::new(), ..small(&["loss.scalar={weight=0.1}", "loss.fp.weight=0.1"]) };
    let text = config.to_toml().unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let before = Config::parse(&text, "t", &[]).unwrap();
    let mut keys = Vec::new();
    collect(&table, "", &mut keys);
    assert!(keys.len() > 40, "{}", keys.len());
    for (key, value) in keys {
        let change = match value {
            toml::Value::Integer(1) if key.ends_with("norm") => "2".into(),
            toml::Value::Integer(2) if key.ends_with("norm") => "1".into(),
            toml::Value::Integer(i) => format!("{}", i + 2),
            toml::Value::Float(f) => format!("{:?}", if f == 1.0 { 0.5 } else { f * 0.9 + 3e-5 }),
            toml::Value::Boolean(b) => format!("{}", !b),
            toml::Value::Array(_) => "[0.5]".into(),
            _ => "\"nonsense\"".into(),
        };
        match Config::parse(&text, "t", &[format!("{key}={change}")]) {
            Ok(after) => assert!(before != after, "{key} = {change} changes nothing"),
            Err(error) => {
                assert!(change.contains("nonsense") || key.ends_with("unbiased"), "{key} = {change}: {error}")
            }
        }
        let parent = key.rsplit_once('.').map_or(String::new(), |(parent, _)| format!("{parent}."));
        let error = Config::parse(&text, "t", &[format!("{parent}no_such_key=1")]).unwrap_err().to_string();
        assert!(error.contains("no_such_key") && !error.contains('\n'), "{error}");
    }
}

fn collect(table: &toml::Table, prefix: &str, keys: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => collect(inner, &path, keys),
            leaf => keys.push((path, leaf.clone())),
        }
    }
}

#[test]
fn parts_train_as_their_config_does_and_are_checked_as_it_is() {
    let config = small(&["train.steps=5"]);
    let data = Arc::new(Data::load(&config.data).unwrap());
    let model = config.model(data.shape());
    let parts = Training {
        model: &model,
        data: &data,
        loss: &config.loss,
        train: &config.train,
        seed: config.seed,
        ranks: single(),
    };
    let trained = |mut trainer: Trainer| {
        trainer.run(&mut Silent).unwrap();
        trainer.state()
    };
    let whole = trained(Trainer::new(&config, &data).unwrap());
    assert_eq!(trained(parts.fresh().unwrap()), whole);
    assert_ne!(trained(Training { seed: config.seed + 1, ..parts }.fresh().unwrap()), whole);

    let never = TrainConfig { log_every: 0, ..config.train.clone() };
    let error = Training { train: &never, ..parts }.fresh().unwrap_err();
    assert!(matches!(&error, Error::Config { key, .. } if key == "train.log_every"), "{error}");
    let other = Arc::new(Data::load(&DataConfig::Normal { dim: 3 }).unwrap());
    let error = Training { data: &other, ..parts }.fresh().unwrap_err();
    assert!(matches!(error, Error::Dimension { expected: 2, found: 3, .. }), "{error}");
}
