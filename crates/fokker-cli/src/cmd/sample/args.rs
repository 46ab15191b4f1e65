//! What `fokker sample` is told.

use std::path::PathBuf;

/// Samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SamplerName {
    /// The probability-flow ODE, adaptive
    ProbabilityFlow,
    /// The reverse SDE by Euler-Maruyama
    EulerMaruyama,
    /// The reverse of a discretised forward process
    ReverseDiffusion,
    /// Reverse diffusion with Langevin steps after each step
    PredictorCorrector,
    /// The probability-flow ODE by Heun's method
    Heun,
    /// The probability-flow ODE by DPM-Solver++(2M)
    DpmSolverPp,
}

/// Grids of times.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum GridName {
    /// Equal steps in the logarithm of the signal-to-noise ratio
    LogSnr,
    /// Equal steps in t
    Uniform,
    /// Equal steps in (sigma/m)^(1/7)
    Karras,
}

/// `fokker sample`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct Sample {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// How many
    #[arg(short, value_name = "N", group = "what")]
    pub n: Option<usize>,
    /// Map these rows, in the units of the training data, to latents (.npy, .npz, .csv, .parquet)
    #[arg(long, value_name = "FILE", group = "what")]
    pub encode: Option<PathBuf>,
    /// Map these latents to data: the inverse of --encode
    #[arg(long, value_name = "FILE", group = "what")]
    pub decode: Option<PathBuf>,
    /// The file to write (.npy, .npz, .csv, .parquet; .png for images)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How (default: probability-flow; reverse-diffusion with --inpaint)
    #[arg(long, value_enum)]
    pub sampler: Option<SamplerName>,
    /// Fixed steps (default: 500; 50 for heun and dpm-solver-pp; 200 with --inpaint)
    #[arg(long)]
    pub steps: Option<usize>,
    /// Where fixed steps lie (default: log-snr)
    #[arg(long, value_enum)]
    pub grid: Option<GridName>,
    /// Keep the noise that is left after fixed steps
    #[arg(long)]
    pub no_denoise: bool,
    /// Langevin steps of predictor-corrector after each step (default: 1)
    #[arg(long, value_name = "STEPS")]
    pub corrector_steps: Option<usize>,
    /// Signal-to-noise ratio of the Langevin steps, below 1 (default: 0.16)
    #[arg(long)]
    pub snr: Option<f64>,
    /// Tolerance of the probability-flow ODE (default: 1e-5)
    #[arg(long)]
    pub tolerance: Option<f64>,
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
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}
