//! `fokker bench residual`

use std::path::PathBuf;

use std::time::Instant;

use anyhow::Result;
use fokker::Workers;
use fokker::data::Data;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::memory;
use fokker::residual::residual;
use fokker::rng::Streams;
use fokker::sde::T_MAX;
use serde::Serialize;

use super::setup::{fresh_model, median, require};
use crate::fail::request;
use crate::files::{require_json, write_json};
use crate::global;
use crate::numbers::rate;
use crate::print::out;

/// `fokker bench residual`
#[derive(Debug, clap::Args)]
pub struct BenchResidual {
    /// Dimension of x
    #[arg(long, default_value_t = 2)]
    pub dim: usize,
    /// Features of a hidden layer
    #[arg(long, default_value_t = 128)]
    pub width: usize,
    /// Hidden layers
    #[arg(long, default_value_t = 3)]
    pub depth: usize,
    /// Points x
    #[arg(long, default_value_t = 10_000)]
    pub rows: usize,
    /// Times that all rows are evaluated, after once untimed
    #[arg(long, default_value_t = 10)]
    pub repeats: usize,
    /// Write the figures to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What `bench residual --json` writes.
#[derive(Debug, Serialize)]
struct ResidualFigures {
    format: &'static str,
    dim: usize,
    width: usize,
    depth: usize,
    rows: usize,
    threads: usize,
    repeats: usize,
    /// ε with the divergence along every axis.
    exact: Speed,
    /// ε with one Rademacher probe.
    one_probe: Speed,
}

/// How fast ε was had.
#[derive(Clone, Copy, Debug, Serialize)]
struct Speed {
    /// Median milliseconds for all rows.
    ms: f64,
    /// Rows a second at that time.
    rows_per_second: f64,
}

/// Times the residual ε as `audit` takes it, of the network of `bench step` at fresh weights, at x ~ N(0, I), which VP keeps,
/// and times spread evenly.
pub fn run(args: &BenchResidual) -> Result<()> {
    let BenchResidual { dim, width, depth, rows, repeats, .. } = *args;
    require("--repeats", repeats)?;
    require("--dim", dim)?;
    if rows == 0 {
        return Err(request("--rows: must be at least 1"));
    }
    // x, and twice the residual and the derivative in time; the times.
    let numbers = dim.saturating_mul(5).saturating_add(2);
    memory::require("--rows", memory::product(&[rows, numbers, size_of::<f32>()]))?;
    if let Some(path) = &args.json {
        require_json(path)?;
    }
    let (config, score) = fresh_model(dim, width, depth)?;
    let data = Data::load(&config.data)?;
    let mut rng = Streams::new(config.seed).named("bench");
    let mut x = vec![0.0; rows * dim];
    x.chunks_exact_mut(dim).for_each(|row| data.draw(&mut rng, row));
    #[allow(clippy::cast_precision_loss)]
    let part = |row: usize| (row as f64 + 0.5) / rows as f64;
    let t_min = config.sde.t_min();
    let t: Vec<f64> = (0..rows).map(|row| t_min + part(row) * (T_MAX - t_min)).collect();
    let workers = Workers::new(global::threads(), config.train.chunk_rows)?;
    let speed = |divergence| -> Result<Speed> {
        // The first one, in which pages and caches are cold, does not count.
        let mut times = Vec::with_capacity(1 + repeats);
        for _ in 0..=repeats {
            let start = Instant::now();
            residual(&score, &x, &t, divergence, config.seed, &workers)?;
            times.push(start.elapsed().as_secs_f64());
        }
        let seconds = median(times.split_off(1));
        #[allow(clippy::cast_precision_loss)]
        let rows = rows as f64;
        Ok(Speed { ms: seconds * 1e3, rows_per_second: rows / seconds })
    };
    let figures = ResidualFigures {
        format: "fokker-bench-residual 1",
        dim,
        width,
        depth,
        rows,
        threads: workers.threads(),
        repeats,
        exact: speed(Divergence::Exact {})?,
        one_probe: speed(Divergence::Hutchinson { probes: 1, distribution: ProbeDistribution::Rademacher })?,
    };
    for (name, speed) in [("exact", figures.exact), ("one_probe", figures.one_probe)] {
        out!("{name:<9} {:>9.3} ms  {:>12} rows/s", speed.ms, rate(speed.rows_per_second));
    }
    if let Some(path) = &args.json {
        write_json(path, &figures)?;
    }
    Ok(())
}
