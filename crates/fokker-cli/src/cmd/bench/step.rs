//! `fokker bench step`

use std::path::PathBuf;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use fokker::config::Config;
use fokker::data::Data;
use fokker::jet::cpu::MOST_THREADS;
use fokker::objective::{Estimator, LossTerms};
use fokker::train::Trainer;
use serde::Serialize;

use super::resident::Resident;
use super::setup::{median, model_toml, require, threads};
use crate::cmd::source::{self, Source};
use crate::fail::request;
use crate::files::{require_json, write_json};
use crate::global;
use crate::print::out;

/// Kinds of training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum StepKind {
    /// Denoising score matching alone
    Dsm,
    /// With the vector residual
    Vector,
    /// With the residual by slices
    Sliced,
    /// With the residual of an energy model's log-density
    LogDensity,
}

impl StepKind {
    /// Do networks of an energy, or of a score, have such a step?
    fn is_of(self, energy: bool) -> bool {
        match self {
            Self::Dsm => true,
            Self::Vector | Self::Sliced => !energy,
            Self::LogDensity => energy,
        }
    }
}

/// `fokker bench step`
#[derive(Debug, clap::Args)]
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
    /// The least number of rows that a worker takes through the network at a time
    #[arg(long, default_value_t = 64)]
    pub chunk_rows: usize,
    /// Steps that are timed, after a tenth as many that are not
    #[arg(long, default_value_t = 100)]
    pub steps: usize,
    /// Time this kind alone; may be repeated (default: all that the network has)
    #[arg(long, value_enum, value_name = "KIND")]
    pub only: Vec<StepKind>,
    /// Write the figures to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What `bench step --json` writes.
#[derive(Debug, Serialize)]
struct StepFigures {
    format: &'static str,
    /// The built-in config whose network it is; null: a multilayer perceptron.
    preset: Option<String>,
    dim: usize,
    /// Null where a preset says what the network is.
    width: Option<usize>,
    depth: Option<usize>,
    parameters: usize,
    batch: usize,
    threads: usize,
    steps: usize,
    /// Median milliseconds of a step; null where `--only` leaves it out.
    dsm: Option<f64>,
    fp_vector: Option<f64>,
    fp_sliced: Option<f64>,
    fp_log_density: Option<f64>,
    /// GFLOP/s of large matrix products by the `gemm` crate on as many threads, in this run; null where it is not built in (feature
    /// `gemm-baseline`).
    gemm_gflops: Option<f64>,
    /// The most memory that the process ever had, MiB; null where the system does not tell.
    peak_rss_mib: Option<f64>,
    /// The same less what it had before the first trainer was built.
    step_growth_mib: Option<f64>,
}

/// Times a training step of the peers' network with `likelihood` weights, one probe and Adam.
pub fn run(args: &BenchStep) -> Result<()> {
    require("--steps", args.steps)?;
    require("--dim", args.dim)?;
    if global::threads() > MOST_THREADS {
        return Err(request(format!("--threads {}: must be at most {MOST_THREADS}", global::threads())));
    }
    if let Some(path) = &args.json {
        require_json(path)?;
    }
    let before = Resident::read();
    let job = Job::new(args)?;
    let is_energy = !job.config.network.output().is_score();
    let asked = |kind: StepKind| if args.only.is_empty() { kind.is_of(is_energy) } else { args.only.contains(&kind) };
    let [dsm, fp_vector, fp_sliced, fp_log_density] =
        [StepKind::Dsm, StepKind::Vector, StepKind::Sliced, StepKind::LogDensity]
            .map(|kind| asked(kind).then(|| time(&job, kind)).transpose());
    let (dsm, fp_vector, fp_sliced, fp_log_density) = (dsm?, fp_vector?, fp_sliced?, fp_log_density?);
    let after = Resident::read();
    let figures = StepFigures {
        format: "fokker-bench-step 3",
        preset: args.preset.clone(),
        dim: job.data.dim(),
        width: args.preset.is_none().then_some(args.width),
        depth: args.preset.is_none().then_some(args.depth),
        parameters: job.config.model(job.data.shape()).graph().parameter_count(),
        batch: args.batch,
        threads: threads(global::threads()),
        steps: args.steps,
        dsm,
        fp_vector,
        fp_sliced,
        fp_log_density,
        gemm_gflops: gemm_baseline(threads(global::threads()))?,
        peak_rss_mib: after.map(|after| after.peak),
        step_growth_mib: after.zip(before).map(|(after, before)| after.peak - before.now),
    };
    if let Some(dsm) = dsm {
        out!("dsm            {dsm:>9.3} ms");
    }
    for (name, time) in [("fp_vector", fp_vector), ("fp_sliced", fp_sliced), ("fp_log_density", fp_log_density)] {
        match (time, dsm) {
            (Some(time), Some(dsm)) => out!("{name:<14} {time:>9.3} ms  ({:.2} x dsm)", time / dsm),
            (Some(time), None) => out!("{name:<14} {time:>9.3} ms"),
            (None, _) => {}
        }
    }
    if let Some(gflops) = figures.gemm_gflops {
        out!("gemm           {gflops:>9.1} GFLOP/s");
    }
    if let Some(path) = &args.json {
        write_json(path, &figures)?;
    }
    Ok(())
}

/// What large matrix products reach on so many threads.
#[cfg(feature = "gemm-baseline")]
fn gemm_baseline(threads: usize) -> Result<Option<f64>> {
    super::gemm_baseline::gflops(threads).map(Some)
}

/// Not built in.
#[cfg(not(feature = "gemm-baseline"))]
fn gemm_baseline(_: usize) -> Result<Option<f64>> {
    Ok(None)
}

/// What is trained.
struct Job<'a> {
    args: &'a BenchStep,
    config: Config,
    data: Arc<Data>,
}

impl<'a> Job<'a> {
    /// The preset's network with a vector residual at every step, or the peers' network with `likelihood` weights and one probe.
    fn new(args: &'a BenchStep) -> Result<Self> {
        let BenchStep { dim, width, depth, batch, chunk_rows, .. } = *args;
        let threads = threads(global::threads());
        let (config, origin) = match &args.preset {
            Some(preset) => {
                let source = Source {
                    config: None,
                    preset: Some(preset.clone()),
                    set: vec![
                        "train.steps=1000000".into(),
                        format!("train.batch={batch}"),
                        format!("train.threads={threads}"),
                        format!("train.chunk_rows={chunk_rows}"),
                    ],
                    data: args.data.clone(),
                    deterministic: false,
                };
                let (name, config) = source::config(&source, None)?;
                (config, source.origin(&name))
            }
            None => {
                let text = format!(
                    "{}\
                     [loss]\nweighting = \"likelihood\"\n\
                     [loss.fp]\nweight = 0.15\ntime_weight = \"likelihood\"\n\
                     divergence = {{ kind = \"hutchinson\", probes = 1, distribution = \"gaussian\" }}\n\
                     [train]\nsteps = 1000000\nbatch = {batch}\nlearning_rate = 2e-4\nschedule = \"constant\"\nwarmup = 0\n\
                     threads = {threads}\nchunk_rows = {chunk_rows}\nadam = {{ clip = 0.0 }}\n",
                    model_toml(dim, width, depth, 1e-5),
                );
                (Config::parse(&text, "bench", &[])?, "bench".to_owned())
            }
        };
        let data = Arc::new(source::data(&config, &origin)?);
        Ok(Self { args, config, data })
    }

    fn trainer(&self, kind: StepKind) -> Result<Trainer> {
        let mut config = match kind {
            StepKind::Dsm => self.config.changed(&LossTerms::regularisers().collect::<Vec<_>>(), &[], "bench")?,
            StepKind::Vector | StepKind::Sliced | StepKind::LogDensity => self.config.clone(),
        };
        if let Some(fp) = &mut config.loss.fp {
            fp.every = 1;
            fp.estimator = match kind {
                StepKind::Sliced => Estimator::Sliced,
                StepKind::LogDensity => Estimator::LogDensity,
                _ => Estimator::Vector,
            };
        } else if kind != StepKind::Dsm {
            return Err(request("--preset: it has no score-FPE term to time"));
        }
        config
            .loss
            .check(config.network.output())
            .map_err(|(key, reason)| request(format!("--only: {key} {reason}")))?;
        Ok(Trainer::new(&config, &self.data)?)
    }
}

/// Median milliseconds of a step.
fn time(job: &Job<'_>, kind: StepKind) -> Result<f64> {
    let steps = job.args.steps;
    let mut trainer = job.trainer(kind)?;
    for _ in 0..steps.div_ceil(10) {
        trainer.step()?;
    }
    let mut times = Vec::with_capacity(steps);
    for _ in 0..steps {
        let start = Instant::now();
        trainer.step()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}
