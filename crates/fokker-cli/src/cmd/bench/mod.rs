//! `fokker bench`

// The products take addresses.
#[cfg(feature = "gemm-baseline")]
#[allow(unsafe_code)]
mod gemm_baseline;
mod logp;
mod resident;
mod residual;
mod ring;
mod step;

use anyhow::Result;
use fokker::config::Config;
use fokker::memory;
use fokker::rng::Streams;
use fokker::score::network::NetworkScore;
use fokker_jet::cpu::Parameters;

use crate::fail::request;

/// `fokker bench`
#[derive(Debug, clap::Subcommand)]
pub enum Bench {
    /// Median time of a training step, random draws and Adam included
    Step(step::BenchStep),
    /// Speed of the residual of the score FPE at given points
    Residual(residual::BenchResidual),
    /// Speed and error of log-likelihoods whose truth is known
    Logp(logp::BenchLogp),
}

/// Runs a benchmark.
pub fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Step(args) => step::run(args),
        Bench::Residual(args) => residual::run(args),
        Bench::Logp(args) => logp::run(args),
    }
}

/// The most times that something is timed, and the most dimensions (of normal data).
const MOST: usize = 1_000_000;

/// Refuses a number that is 0 or absurd.
fn require(option: &str, value: usize) -> Result<()> {
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(request(format!("{option} {value}: must be between 1 and {MOST}")))
}

/// Threads that are meant: 0 stands for all.
fn threads(asked: usize) -> usize {
    if asked == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { asked }
}

/// The middle one of some times, at least one.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The tables of a config that fix data and score: N(0, I), VP down to `t_min`, and the network that the peers have, on (x, t)
/// joined, SiLU layers, its output taken as the score.
fn model_toml(dim: usize, width: usize, depth: usize, t_min: f64) -> String {
    format!(
        "[data]\nkind = \"normal\"\ndim = {dim}\n\
         [sde]\nkind = \"vp\"\nt_min = {t_min:e}\n\
         [network]\nkind = \"mlp\"\nwidth = {width}\ndepth = {depth}\ntime = {{ kind = \"plain\" }}\n\
         [score]\nparameterisation = \"score\"\n"
    )
}

/// That model from t = 1e-3 on at fresh weights, and its config.
fn fresh_model(dim: usize, width: usize, depth: usize) -> Result<(Config, NetworkScore<f32>)> {
    let text = format!("{}[loss]\n[train]\nsteps = 1\n", model_toml(dim, width, depth, 1e-3));
    let config = Config::parse(&text, "bench", &[])?;
    let model = config.model(fokker_jet::Shape::vector(dim));
    // The weights, in two places, and packed.
    let flat = memory::product(&[model.graph().parameter_count(), 2, size_of::<f32>()]);
    memory::require("--width", Parameters::<f32>::bytes(model.graph()).saturating_add(flat))?;
    let weights = model.initial_parameters(&mut Streams::new(config.seed).named("weights"));
    Ok((config, NetworkScore::new(model, &weights)))
}
