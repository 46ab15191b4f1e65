//! What the benchmarks have in common: the peers' network, the middle of some times, numbers that make sense.

use anyhow::Result;
use fokker::config::Config;
use fokker::jet::{Shape, cpu::Parameters};
use fokker::memory;
use fokker::rng::Streams;
use fokker::score::network::NetworkScore;

use crate::fail::request;

/// The most times that something is timed, and the most dimensions (of normal data).
const MOST: usize = 1_000_000;

/// Refuses a number that is 0 or absurd.
pub fn require(option: &str, value: usize) -> Result<()> {
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(request(format!("{option} {value}: must be between 1 and {MOST}")))
}

/// Threads that are meant: 0 stands for all.
pub fn threads(asked: usize) -> usize {
    if asked == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { asked }
}

/// The middle one of some times, at least one.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The tables of a config that fix data and score: N(0, I), VP down to `t_min`, and the network that the peers have, on (x, t)
/// joined, SiLU layers, its output taken as the score.
pub fn model_toml(dim: usize, width: usize, depth: usize, t_min: f64) -> String {
    format!(
        "[data]\nkind = \"normal\"\ndim = {dim}\n\
         [sde]\nkind = \"vp\"\nt_min = {t_min:e}\n\
         [network]\nkind = \"mlp\"\nwidth = {width}\ndepth = {depth}\ntime = {{ kind = \"plain\" }}\n\
         [score]\nparameterisation = \"score\"\n"
    )
}

/// That model from t = 1e-3 on at fresh weights, and its config.
pub fn fresh_model(dim: usize, width: usize, depth: usize) -> Result<(Config, NetworkScore<f32>)> {
    let text = format!("{}[loss]\n[train]\nsteps = 1\n", model_toml(dim, width, depth, 1e-3));
    let config = Config::parse(&text, "bench", &[])?;
    let model = config.model(Shape::vector(dim));
    // The weights, in two places, and packed.
    let flat = memory::product(&[model.graph().parameter_count(), 2, size_of::<f32>()]);
    memory::require("--width", Parameters::<f32>::bytes(model.graph()).saturating_add(flat))?;
    let weights = model.initial_parameters(&mut Streams::new(config.seed).named("weights"));
    Ok((config, NetworkScore::new(model, &weights)))
}
