//! A short run of what training does, and numbers that are known.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::density::mixture::Mixture;
use fokker::divergence::Divergence;
use fokker::residual;
use fokker::rng::Streams;
use fokker::score::analytic::AnalyticScore;
use fokker::sde::Sde;
use fokker::train::Trainer;

/// Training is timed for so long.
const TIMED: Duration = Duration::from_secs(2);

/// Points at which the exact score is tried.
const POINTS: usize = 200;

/// How fast a small network trains.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Of the network.
    pub parameters: usize,
    pub steps_per_second: f64,
    /// 10⁹ multiplications and additions a second, six for each parameter and row: two forward, four back.
    pub gflops: f64,
}

/// Times the training of the preset ring8.
#[allow(clippy::cast_precision_loss)]
pub fn speed(threads: usize) -> Result<Speed> {
    let config = Config::preset("ring8", &[format!("train.threads={threads}"), "train.steps=1000000".into()])?;
    let data = Arc::new(Data::load(&config.data)?);
    let mut trainer = Trainer::new(&config, &data)?;
    // The first steps, in which pages and caches are cold, do not count.
    for _ in 0..20 {
        trainer.step()?;
    }
    let (begun, mut steps) = (Instant::now(), 0.0);
    while begun.elapsed() < TIMED {
        trainer.step()?;
        steps += 1.0;
    }
    let steps_per_second = steps / begun.elapsed().as_secs_f64();
    let parameters = config.model(data.shape()).graph().parameter_count();
    let work = 6.0 * (parameters * config.train.batch) as f64;
    Ok(Speed { parameters, steps_per_second, gflops: work * steps_per_second / 1e9 })
}

/// The greatest residual of the score FPE at the exact score of a ring of Gaussians, per dimension; it is 0 but for rounding.
#[allow(clippy::cast_precision_loss)]
pub fn residual() -> Result<f64> {
    let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
    let mut x = vec![0.0; 2 * POINTS];
    score.mixture().sample(&mut Streams::new(1).named("doctor"), &mut x);
    let t: Vec<f64> = (1..=POINTS).map(|i| i as f64 / POINTS as f64).collect();
    let found = residual::residual::<f64>(&score, &x, &t, Divergence::Exact {}, 0, &Workers::new(1, 64)?)?;
    Ok(found.per_dimension().into_iter().fold(0.0, |most, r| if r > most || r.is_nan() { r } else { most }))
}
