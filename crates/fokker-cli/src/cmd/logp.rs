//! `fokker logp`

use std::path::PathBuf;

use anyhow::{Result, bail};
use fokker::jobs::{self, LogpMethod, LogpOptions, LogpSummary, RunningMean};

use crate::cmd::tables::help;
use crate::fail::option;
use crate::global;
use crate::numbers::grouped;
use crate::print::say;
use crate::progress::Progress;

/// `fokker logp`
#[derive(Debug, clap::Args)]
pub struct Logp {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// Rows to evaluate, in the units of the training data
    #[arg(
        long, value_name = "FILE",
        help = help(
            "Rows to evaluate, in the units of the training data ({}; all but {whole} may be longer than memory); for a model of \
             images also images, as for train"
        )
    )]
    pub data: PathBuf,
    /// The file to write
    #[arg(
        short, long, value_name = "FILE",
        help = help("The file to write ({name}), once all rows are done; until then they are kept in FILE.part")
    )]
    pub output: PathBuf,
    /// What log p is had from (default: flow)
    #[arg(long, value_enum, default_value_t = Method::Flow, hide_default_value = true)]
    pub method: Method,
    /// Error allowed to log p: this much and a tenth of it for each dimension, in nats
    #[arg(long, default_value_t = 1e-5)]
    pub tolerance: f64,
    /// Steps after which a row is given up
    #[arg(long, default_value_t = 10_000)]
    pub step_limit: usize,
    /// Hutchinson probes in place of the exact divergence (default: exact up to 64 dimensions, else 8 probes)
    #[arg(long)]
    pub probes: Option<usize>,
    /// Bound log p from below by that of the reverse SDE, too: columns of its own (Song et al. 2021), at some 100 evaluations a row
    #[arg(long)]
    pub bound: bool,
    /// Compute in double precision, two to three times as slow; it is taken without asking for tolerances below 1e-6, which single
    /// precision often cannot keep
    #[arg(long)]
    pub f64: bool,
    /// Draws of dequantisation noise for each row of grey levels; 0: the rows are continuous (default: 1 for a model of grey levels)
    #[arg(long, value_name = "DRAWS")]
    pub dequantise: Option<usize>,
    /// Bound the density at t = 0, by way of the denoising step, in place of the density at t_min
    #[arg(long)]
    pub at_zero: bool,
    /// Seed of probes and noise
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Go on from FILE.part, if it is there
    #[arg(long)]
    pub resume: bool,
    /// Rows read, computed and kept at a time; no value depends on it (default: 8192, fewer if they are long)
    #[arg(long, value_name = "ROWS")]
    pub chunk_rows: Option<usize>,
}

/// `--method`
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Method {
    /// The probability-flow ODE
    Flow,
    /// The log-density of an energy model: one evaluation a row
    Energy,
}

/// Writes the log-likelihood of each row. Rows that fail have NaN there; if there are any, exit status 1.
pub fn run(args: &Logp) -> Result<()> {
    let options = LogpOptions {
        method: match args.method {
            Method::Flow => LogpMethod::Flow,
            Method::Energy => LogpMethod::Energy,
        },
        tolerance: args.tolerance,
        step_limit: args.step_limit,
        probes: args.probes,
        bound: args.bound,
        f64: args.f64,
        dequantise: args.dequantise,
        at_zero: args.at_zero,
        seed: args.seed,
        resume: args.resume,
        chunk_rows: args.chunk_rows,
        threads: global::threads(),
    };
    let found = jobs::logp(&args.run, &args.data, &args.output, &options, &Progress::default()).map_err(option)?;
    report(args, &found)
}

/// Says what was found; an error if rows failed.
fn report(args: &Logp, found: &LogpSummary) -> Result<()> {
    let (output, rows) = (args.output.display(), found.rows);
    let over = |mean: &RunningMean| {
        if mean.count == rows { String::new() } else { format!(" over {} of them", grouped(mean.count)) }
    };
    say!("{output}: {} rows, mean log p {}{}", grouped(rows), nats(&found.log_prob), over(&found.log_prob));
    if found.bound.count > 0 {
        say!("mean lower bound {}{}", nats(&found.bound), over(&found.bound));
    }
    if found.floor > 0 {
        say!(
            "note: rows at the floor of the precision (outcome precision_floor): {}; --f64, or a larger --tolerance",
            found.floor
        );
    }
    match found.first {
        None => Ok(()),
        Some((row, outcome)) => bail!(
            "{} of {} rows failed and are NaN (the first, row {row}: {outcome}); the others are in {output}{}",
            grouped(found.failed),
            grouped(rows),
            if args.bound { "" } else { "; --bound gives rows without log p a value to be ranked by" }
        ),
    }
}

/// A mean and, if it is known, its standard error.
fn nats(mean: &RunningMean) -> String {
    let found = mean.value();
    if found.se.is_nan() {
        format!("{:.4} nats", found.mean)
    } else {
        format!("{:.4} ± {:.4} nats", found.mean, found.se)
    }
}
