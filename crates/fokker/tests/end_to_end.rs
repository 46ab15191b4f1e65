//! The point of it all, in small: the score-FPE term lowers the residual that an audit finds.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use fokker::audit::audit;
use fokker::config::Config;
use fokker::data::Data;
use fokker::stats::{AtTime, geometric_ratio};
use fokker::train::{Silent, Trainer};
use fokker_jet::panel::Workers;

/// The preset, made small enough for a test.
fn small(seed: u64) -> Config {
    let seed = format!("seed={seed}");
    let settings = [
        &seed,
        "network.width=64",
        "train.steps=1000",
        "train.batch=256",
        "train.ema_decay=0.99",
        "train.threads=2",
        "train.deterministic=true",
        "loss.fp.every=2",
        "audit.times=[1e-3, 3e-3, 0.01, 0.03]",
        "audit.points=500",
        "audit.nll_points=2",
        "audit.bound_points=2",
        "audit.samples=0",
        "audit.gap_samples=2",
    ];
    Config::preset("ring8", &settings.map(String::from)).unwrap()
}

/// r(t) of a model trained by this config.
fn audited(config: &Config) -> Vec<AtTime> {
    let data = Arc::new(Data::load(&config.data).unwrap());
    let mut trainer = Trainer::new(config, &data).unwrap();
    trainer.run(&mut Silent).unwrap();
    audit(&trainer.score(), &data, config, &Workers::new(2, 64).unwrap(), &|_| {}).unwrap().residual
}

#[test]
fn the_term_lowers_the_residual_at_small_times() {
    for seed in 0..6 {
        let start = std::time::Instant::now();
        let config = small(seed);
        let (with, without) = (audited(&config), audited(&config.without_fp()));
        eprintln!(
            "{seed} {:?} {} {:?}",
            start.elapsed(),
            geometric_ratio(&with, &without),
            with.iter().zip(&without).map(|(a, b)| (b.mean, a.mean / b.mean)).collect::<Vec<_>>()
        );
    }
}
