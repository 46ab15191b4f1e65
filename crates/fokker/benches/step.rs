//! One training step.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use divan::Bencher;
use fokker::config::Config;
use fokker::data::Data;
use fokker::train::Trainer;

fn main() {
    divan::main();
}

#[divan::bench(args = ["dsm", "vector", "sliced"])]
fn step(bencher: Bencher, kind: &str) {
    let small = [
        "network.width=64",
        "network.depth=2",
        "train.batch=256",
        "train.threads=1",
        "loss.fp.every=1",
        "loss.fp.weight=7.5e-5",
    ];
    let small = small.map(String::from);
    let config = Config::preset("ring8", &small).unwrap();
    let config = match kind {
        "dsm" => config.changed(&["loss.fp", "loss.scalar"], &[], "bench").expect("a config without its terms"),
        estimator => {
            let estimator = format!("loss.fp.estimator=\"{estimator}\"");
            Config::parse(&config.to_toml().unwrap(), "bench", &[estimator]).unwrap()
        }
    };
    let data = Arc::new(Data::load(&config.data).unwrap());
    let mut trainer = Trainer::new(&config, &data).unwrap();
    bencher.bench_local(|| trainer.step().unwrap());
}
