//! What `fokker sample` is told.

use std::path::PathBuf;

use super::options::SamplerOptions;
use crate::cmd::tables::help;

/// `fokker sample`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct Sample {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// How many
    #[arg(short, value_name = "N", group = "what")]
    pub n: Option<usize>,
    /// Rows to map to latents
    #[arg(
        long, value_name = "FILE", group = "what",
        help = help("Map these rows, in the units of the training data, to latents ({})")
    )]
    pub encode: Option<PathBuf>,
    /// Map these latents to data: the inverse of --encode
    #[arg(long, value_name = "FILE", group = "what")]
    pub decode: Option<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE", help = help("The file to write ({}; .png for images)"))]
    pub output: PathBuf,
    /// `--sampler` and its settings
    #[command(flatten)]
    pub options: SamplerOptions,
    /// Keep the states at K times, too: the array `trajectory`, K x N x D, and its `times` (.npz only)
    #[arg(long, value_name = "K")]
    pub trajectory: Option<usize>,
    /// Hold coordinates to the values of this file, which has NaN where they are free: one row, or N
    #[arg(long, value_name = "FILE")]
    pub inpaint: Option<PathBuf>,
    /// How often --inpaint goes over each step: more is truer and slower (default: 10)
    #[arg(long, value_name = "TIMES")]
    pub resample: Option<usize>,
    /// Seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Go on with the rows that an interrupted call left in FILE.part
    #[arg(long)]
    pub resume: bool,
}
