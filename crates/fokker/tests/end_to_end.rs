//! The point of it all, in small: the score-FPE term lowers the residual that an audit finds.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use fokker::Workers;
use fokker::audit::{Points, audit};
use fokker::config::Config;
use fokker::data::Data;
use fokker::figure::{Difference, Figures};
use fokker::train::{Silent, Trainer};

/// The preset, made small enough for a test: a sixth of its steps, and three times its weight to make up for them.
fn small() -> Config {
    let settings = [
        "loss.fp.weight=7.5e-5",
        "loss.reference_batch=0",
        "score.parameterisation=noise",
        "train.learning_rate=1e-3",
        "network.width=64",
        "train.steps=2000",
        "train.batch=128",
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
    let mut config = Config::preset("ring8", &settings.map(String::from)).unwrap();
    config.loss.fp.as_mut().unwrap().weight *= 3.0;
    config
}

/// The audit of a model trained by this config.
fn audited(config: &Config) -> Figures {
    let data = Arc::new(Data::load(&config.data).unwrap());
    let mut trainer = Trainer::new(config, &data).unwrap();
    trainer.run(&mut Silent).unwrap();
    let (points, workers) = (Points::of(&data), Workers::new(2, 64).unwrap());
    audit(&trainer.score(), &points, &config.audit, config.seed, &workers, &|_| {}).unwrap().figures
}

#[test]
fn the_term_lowers_the_residual_at_small_times() {
    let config = small();
    let (with, without) =
        (audited(&config), audited(&config.changed(&["loss.fp", "loss.scalar"], &[], "ring8").unwrap()));
    let [of_with, of_without] = [&with, &without].map(|figures| figures.profile("residual"));
    assert_eq!((of_with.len(), of_without.len()), (4, 4));
    assert!(of_without.iter().all(|r| r.mean > 1.0 && r.se < 0.2 * r.mean), "{of_without:?}");
    // 0.25 to 0.31 over seeds 0 to 3; models of other seeds differ by less than a factor of 2.
    let ratio = Difference::between(&with, &without).ratio("residual").unwrap().mean;
    assert!(ratio.mean > 0.0 && ratio.mean + 3.0 * ratio.se < 0.5, "{ratio:?}");
}
