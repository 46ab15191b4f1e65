//! Rows in memory: train on them with the score-FPE term and without, audit both models, and get log p of other rows.
//!
//! Run it with `cargo run --release -p fokker --example own_rows`.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use fokker::Workers;
use fokker::audit::{AuditConfig, Points, audit};
use fokker::config::Config;
use fokker::data::{Data, RowsOptions};
use fokker::likelihood::{LikelihoodOptions, log_prob};
use fokker::train::{Silent, Trainer};

/// The config, but for the data: a small network and a short training.
const CONFIG: &str = r#"
data = { kind = "memory" }
sde = { kind = "vp" }
network = { kind = "mlp", width = 32, depth = 2 }
train = { steps = 600, batch = 256, learning_rate = 3e-3, log_every = 100 }
audit = { times = [0.01, 0.1, 0.5], points = 200, nll_points = 200, bound_points = 50, gap_samples = 100, samples = 0 }
[loss.fp]
weight = 0.01
"#;

/// An ellipse with some noise: whatever rows you have, row after row.
fn rows() -> Vec<f64> {
    let noise = |i: usize| (i as f64 * 12.9898).sin() * 0.1;
    (0..2000).flat_map(|i| [2.0 * (i as f64).cos() + noise(i), (i as f64).sin() + noise(i + 7)]).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Arc::new(Data::from_rows(&rows(), 2, &RowsOptions::default())?);
    println!("{} training rows, {} held out", data.len().unwrap_or(0), data.held_out_len().unwrap_or(0));
    let with = Config::parse(CONFIG, "own_rows", &[])?;
    let without = with.changed(&["loss.fp"], &[], "own_rows")?;
    let workers = Workers::new(0, 64)?;
    for (name, config) in [("DSM", &without), ("FP", &with)] {
        let mut trainer = Trainer::new(config, &data)?;
        trainer.run(&mut Silent)?;
        let score = trainer.score();

        let settings: &AuditConfig = &config.audit;
        let found = audit(&score, &Points::of(&data), settings, config.seed, &workers, &|_| {})?;
        for r in found.figures.profile("residual") {
            println!("{name:>3}: residual r({:4}) = {:.3} ± {:.3}", r.t, r.mean, r.se);
        }
        if let Some(nll) = found.figures.mean("nll") {
            println!("{name:>3}: negative log-likelihood {:.3} ± {:.3} nats", nll.mean, nll.se);
        }

        // Log p of other rows, from the data's units to the model's and back.
        let mut x = [2.0, 0.0, 0.0, 0.0];
        data.scaling().apply_f64(&mut x);
        let found = log_prob(&score, &x, &LikelihoodOptions::for_dim(2), &workers, &|_| {})?;
        let log_det = data.scaling().log_det();
        println!(
            "{name:>3}: log p on the ellipse {:.2}, in its middle {:.2}",
            found.values[0] + log_det,
            found.values[1] + log_det
        );
    }
    Ok(())
}
