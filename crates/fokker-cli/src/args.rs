//! What can be typed.

mod data;

use std::path::PathBuf;

pub use data::{Data, DataDescribe, DataSet, Fetch};

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Train, audit and use score-based diffusion models whose scores obey the Fokker-Planck equation.
#[derive(Debug, Parser)]
#[command(name = "fokker", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The most memory to take, for example 4GiB (default: half of the machine's)
    #[arg(long, global = true, value_name = "SIZE", value_parser = fokker::memory::parse)]
    pub memory: Option<u64>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train with and without the score-FPE term on the same data, audit both, write a report: the main job
    Compare(Compare),
    /// Train one model, or go on with an interrupted run
    Train(Train),
    /// Measure residual, conservativity and likelihood of a trained model
    Audit(Audit),
    /// Log-likelihood of the rows of a file
    Logp(Logp),
    /// Draw samples
    Sample(Sample),
    /// Exact derivatives of the score at given points, in f64
    Eval(Eval),
    /// Write a model's weights for PyTorch
    Export(Export),
    /// Get data, look at data
    #[command(subcommand)]
    Data(Data),
    /// List the built-in configs, or print one
    Presets(Presets),
    /// Measure speed
    #[command(subcommand)]
    Bench(Bench),
}

/// Where a config comes from.
#[derive(Debug, ClapArgs)]
pub struct Source {
    /// A config file (TOML)
    #[arg(conflicts_with = "preset")]
    pub config: Option<PathBuf>,
    /// A built-in config; see `fokker presets`
    #[arg(long)]
    pub preset: Option<String>,
    /// Change a key of the config, for example --set train.steps=500
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Your data: a file (.npy, .npz, .csv, .parquet) or a folder of images; see `fokker data describe`
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The same result on any number of threads, to the last bit
    #[arg(long)]
    pub deterministic: bool,
}

/// `fokker compare`
#[derive(Debug, ClapArgs)]
pub struct Compare {
    /// The config (default: preset ring8)
    #[command(flatten)]
    pub source: Source,
    /// Number of seeds; figures are their means
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Folder for the report and the models (default: fokker-NAME); what an interrupted compare left there is gone on with
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace what an earlier compare wrote there
    #[arg(long)]
    pub force: bool,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `fokker train`
#[derive(Debug, ClapArgs)]
pub struct Train {
    /// The config
    #[command(flatten)]
    pub source: Source,
    /// The run directory to write
    #[arg(short, long, value_name = "RUN", required_unless_present = "resume")]
    pub output: Option<PathBuf>,
    /// Replace the run that is there: what its manifest says fokker wrote, and nothing else
    #[arg(long)]
    pub force: bool,
    /// Go on with an interrupted run, as if it had never stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "preset", "set", "data", "output", "init", "force"])]
    pub resume: Option<PathBuf>,
    /// Start from the weights of a file: a fokker model, a PyTorch checkpoint or safetensors
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// What the network's layers are called in that file (TOML; see docs/model-format.md)
    #[arg(long, value_name = "MAP", requires = "init")]
    pub names: Option<PathBuf>,
}

/// `fokker export`
#[derive(Debug, ClapArgs)]
pub struct Export {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// The file to write (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// What the network's layers are to be called (TOML; see docs/model-format.md; default: as in model.safetensors)
    #[arg(long, value_name = "MAP")]
    pub names: Option<PathBuf>,
}

/// `fokker audit`
#[derive(Debug, ClapArgs)]
pub struct Audit {
    /// The run directory
    pub run: PathBuf,
    /// Audit on this data (default: what the model was trained on); if it is something else, all its rows are held out
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Change a key of the audit, for example --set audit.points=10000
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Write all figures to this file (default: RUN/audit.json)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `fokker logp`
#[derive(Debug, ClapArgs)]
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

/// Samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GridName {
    /// Equal steps in the logarithm of the signal-to-noise ratio
    LogSnr,
    /// Equal steps in t
    Uniform,
    /// Equal steps in (sigma/m)^(1/7)
    Karras,
}

/// `fokker sample`
#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("what").required(true)))]
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

/// What `eval` can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum What {
    /// s, rows x D
    Score,
    /// The time derivative of s, rows x D
    Dt,
    /// div s, rows
    Div,
    /// The residual of the score FPE, rows x D
    Residual,
    /// J, rows x D x D; entry i, j is the derivative of component i along coordinate j
    Jacobian,
}

/// Units of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Units {
    /// The model's coordinates: the data's, shifted and scaled
    Model,
    /// Those of the training data; derivatives are those of the density in these units
    Data,
}

/// `fokker eval`
#[derive(Debug, ClapArgs)]
pub struct Eval {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// Points, rows x D (.npy, .npz, .csv, .parquet); for a model of images also images, as for train
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// The units of the points and of the derivatives
    #[arg(long, value_enum, default_value = "model")]
    pub units: Units,
    /// Take points however far they are from where the model was trained
    #[arg(long)]
    pub unchecked: bool,
    /// The time
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub t: f64,
    /// What to compute
    #[arg(long, value_enum, value_delimiter = ',', default_value = "score,dt,div,residual")]
    pub what: Vec<What>,
    /// The file to write (.npz), one array for each quantity
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

/// `fokker presets`
#[derive(Debug, ClapArgs)]
pub struct Presets {
    /// Print this one, as TOML
    pub name: Option<String>,
}

/// `fokker bench`
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Median time of a training step, random draws and Adam included
    Step(BenchStep),
    /// Speed of the residual of the score FPE at given points
    Residual(BenchResidual),
    /// Speed and error of log-likelihoods whose truth is known
    Logp(BenchLogp),
}

/// Kinds of training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepKind {
    /// Denoising score matching alone
    Dsm,
    /// With the vector residual
    Vector,
    /// With the residual by slices
    Sliced,
}

/// `fokker bench step`
#[derive(Debug, ClapArgs)]
pub struct BenchStep {
    /// The network and data of a built-in config in place of a multilayer perceptron on normal data
    #[arg(long, conflicts_with_all = ["dim", "width", "depth"])]
    pub preset: Option<String>,
    /// The data of the preset
    #[arg(long, value_name = "PATH", requires = "preset")]
    pub data: Option<PathBuf>,
    /// Dimension of the data
    #[arg(long, default_value_t = 2)]
    pub dim: usize,
    /// Features of a hidden layer
    #[arg(long, default_value_t = 128)]
    pub width: usize,
    /// Hidden layers
    #[arg(long, default_value_t = 3)]
    pub depth: usize,
    /// Rows a step
    #[arg(long, default_value_t = 512)]
    pub batch: usize,
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// The least number of rows that a worker takes through the network at a time
    #[arg(long, default_value_t = 64)]
    pub chunk_rows: usize,
    /// Steps that are timed, after a tenth as many that are not
    #[arg(long, default_value_t = 100)]
    pub steps: usize,
    /// Time this kind alone; may be repeated (default: all)
    #[arg(long, value_enum, value_name = "KIND")]
    pub only: Vec<StepKind>,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `fokker bench residual`
#[derive(Debug, ClapArgs)]
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
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Times that all rows are evaluated, after once untimed
    #[arg(long, default_value_t = 10)]
    pub repeats: usize,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `fokker bench logp`
#[derive(Debug, ClapArgs)]
pub struct BenchLogp {
    /// Points x
    #[arg(long, default_value_t = 1000)]
    pub points: usize,
    /// Absolute and relative tolerance of the ODE
    #[arg(long, default_value_t = 1e-5)]
    pub tolerance: f64,
    /// Hutchinson probes; 0: the exact divergence
    #[arg(long, default_value_t = 0)]
    pub probes: usize,
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
