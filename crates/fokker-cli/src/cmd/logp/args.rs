//! What `fokker logp` is told.

use std::path::PathBuf;

/// `fokker logp`
#[derive(Debug, clap::Args)]
pub struct Logp {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// Rows to evaluate, in the units of the training data (.npy, .npz, .csv, .parquet; all but .npz may be longer than memory); for a
    /// model of images also images, as for train
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// The file to write (.csv, .npy, .npz, .parquet), once all rows are done; until then they are kept in FILE.part
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
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
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}
