//! `fokker bench logp`

use std::path::PathBuf;

use std::time::Instant;

use anyhow::Result;
use fokker::Workers;
use fokker::density::mixture::Mixture;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::likelihood::{self, LikelihoodOptions, log_prob};
use fokker::memory;
use fokker::rng::Streams;
use fokker::sde::Coefficients;
use fokker::solve::{Outcome, Tolerance};
use fokker::stats::MeanSe;
use serde::Serialize;

use super::ring::{MODES, RADIUS, Ring, STD};
use super::setup::fresh_model;
use crate::fail::request;
use crate::files::{require_json, write_json};
use crate::global;
use crate::print::out;

/// `fokker bench logp`
#[derive(Debug, clap::Args)]
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
    /// Write the figures to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The most probes.
const MOST_PROBES: usize = 100_000;

/// The most points.
const MOST_POINTS: usize = 1 << 24;

/// Features of a hidden layer and number of such layers, as the peer has them.
const WIDTH: usize = 128;
const DEPTH: usize = 3;

/// What `bench logp --json` writes.
#[derive(Debug, Serialize)]
struct LogpFigures {
    format: &'static str,
    points: usize,
    tolerance: f64,
    /// Probes of the divergence; 0: exact.
    probes: usize,
    threads: usize,
    /// Seconds for all points.
    seconds: f64,
    /// Evaluations of the score and its divergence for one point.
    evaluations: Spread,
    /// |log p − log q| at one point, nats; null where no point has a log p.
    error: Option<Spread>,
    outcomes: Outcomes,
}

/// Mean and greatest of some numbers that are not negative.
#[derive(Clone, Copy, Debug, Serialize)]
struct Spread {
    mean: f64,
    max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        Self {
            mean: MeanSe::of(values).mean,
            max: values.iter().copied().fold(0.0, |most, v| if v > most || v.is_nan() { v } else { most }),
        }
    }
}

/// How many points ended how.
#[derive(Debug, Default, Serialize)]
struct Outcomes {
    converged: usize,
    step_limit: usize,
    non_finite: usize,
    precision_floor: usize,
    far_out: usize,
}

impl Outcomes {
    fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            *match outcome {
                Outcome::Converged => &mut counts.converged,
                Outcome::StepLimit { .. } => &mut counts.step_limit,
                Outcome::NonFinite { .. } => &mut counts.non_finite,
                Outcome::PrecisionFloor => &mut counts.precision_floor,
                Outcome::FarOut { .. } => &mut counts.far_out,
            } += 1;
        }
        counts
    }
}

/// Times log p, under VP from `t_min` to 1, of draws of the ring of eight Gaussians diffused to `t_min`; the score has a
/// network's cost and the ring's true values ([`Ring`]), so that the error shows, too.
pub fn run(args: &BenchLogp) -> Result<()> {
    let BenchLogp { points, tolerance, probes, .. } = *args;
    if !(1..=MOST_POINTS).contains(&points) {
        return Err(request(format!("--points: must be between 1 and {MOST_POINTS}")));
    }
    if probes > MOST_PROBES {
        return Err(request(format!("--probes {probes}: must be at most {MOST_PROBES}")));
    }
    memory::require("--points", likelihood::bytes(points, 2, probes.max(1)))?;
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(request(format!("--tolerance {tolerance}: must be positive")));
    }
    if let Some(path) = &args.json {
        require_json(path)?;
    }
    let (config, network) = fresh_model(2, WIDTH, DEPTH)?;
    let score = Ring::new(network);
    let mixture = Mixture::ring(MODES, RADIUS, STD)?;
    let c = config.sde.at(config.sde.t_min());
    let x = diffused_points(&mixture, &c, points, Streams::new(config.seed))?;
    let divergence = match probes {
        0 => Divergence::Exact {},
        probes => Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher },
    };
    let options =
        LikelihoodOptions { tolerance: Tolerance::both(tolerance), divergence, ..LikelihoodOptions::for_dim(2) };
    let workers = Workers::new(global::threads(), config.train.chunk_rows)?;
    let clock = Instant::now();
    let found = log_prob(&score, &x, &options, &workers, &|_| {})?;
    let seconds = clock.elapsed().as_secs_f64();
    let q = mixture.diffused(&c);
    let errors: Vec<f64> = x
        .chunks_exact(2)
        .zip(&found.values)
        .filter(|(_, value)| value.is_finite())
        .map(|(x, value)| (value - q.log_density(x)).abs())
        .collect();
    #[allow(clippy::cast_precision_loss)]
    let evaluations: Vec<f64> = found.evaluations.iter().map(|&n| n as f64).collect();
    let figures = LogpFigures {
        format: "fokker-bench-logp 1",
        points,
        tolerance,
        probes,
        threads: workers.threads(),
        seconds,
        evaluations: Spread::of(&evaluations),
        error: (!errors.is_empty()).then(|| Spread::of(&errors)),
        outcomes: Outcomes::of(&found.outcomes),
    };
    print(&figures);
    if let Some(path) = &args.json {
        write_json(path, &figures)?;
    }
    Ok(())
}

/// Draws of the mixture diffused to the time of `c`, `points × 2`.
fn diffused_points(mixture: &Mixture, c: &Coefficients, points: usize, streams: Streams) -> Result<Vec<f64>> {
    let (mut x, mut noise) = (vec![0.0; 2 * points], vec![0.0; 2 * points]);
    mixture.sample(&mut streams.named("bench"), &mut x);
    Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?.sample(&mut streams.named("bench-noise"), &mut noise);
    x.iter_mut().zip(&noise).for_each(|(x, z)| *x = c.m * *x + c.sigma * z);
    Ok(x)
}

fn print(figures: &LogpFigures) {
    let LogpFigures { seconds, evaluations, error, outcomes, .. } = figures;
    out!("seconds     {seconds:>9.3}");
    out!("evaluations {:>9.1} mean  {:>9.0} max", evaluations.mean, evaluations.max);
    match error {
        Some(error) => out!("error       {:>9.2e} mean  {:>9.2e} max  (nats)", error.mean, error.max),
        None => out!("error       {:>9}", "-"),
    }
    let Outcomes { converged, step_limit, non_finite, precision_floor, far_out } = outcomes;
    out!(
        "converged {converged}, at the precision's floor {precision_floor}, step limit {step_limit}, not finite {non_finite}, far out {far_out}"
    );
}
