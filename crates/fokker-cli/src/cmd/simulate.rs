//! `fokker simulate`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::builder::{PossibleValue, PossibleValuesParser};
use fokker::jobs::{self, SimulateOptions, Simulated};
use fokker::simulate::Integrator;

use crate::cmd::tables::help;
use crate::fail::option;
use crate::global;
use crate::numbers::grouped;
use crate::print::say;
use crate::progress::Progress;

/// `fokker simulate`
#[derive(Debug, clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Simulate {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// Chains
    #[arg(short, value_name = "CHAINS")]
    pub n: usize,
    /// Steps of each chain
    #[arg(long)]
    pub steps: u64,
    /// Steps from one frame to the next, and to the first
    #[arg(long, value_name = "STEPS")]
    pub save_every: u64,
    /// The file to write
    #[arg(
        short, long, value_name = "FILE",
        help = help(
            "The file to write ({name}), once all frames are done; until then they are kept in FILE.part. Arrays hold \
             frames x chains x dimensions"
        )
    )]
    pub output: PathBuf,
    /// How steps are taken
    #[arg(long, default_value = Integrator::default().name, value_parser = integrators())]
    pub integrator: String,
    /// The time step
    #[arg(long)]
    pub dt: Option<f64>,
    /// The temperature kT (default: that of the run's potential, else 1)
    #[arg(long)]
    pub kt: Option<f64>,
    /// The mass (default: that of the run's potential, else 1)
    #[arg(long)]
    pub mass: Option<f64>,
    /// The friction, one over time (default: that of the run's potential, else 1)
    #[arg(long)]
    pub friction: Option<f64>,
    /// The diffusion time of the density, in (0, 1] (default: the SDE's t_min)
    #[arg(long)]
    pub t: Option<f64>,
    /// Where chains start, in the units of the training data: one row, or CHAINS (default: samples of the model)
    #[arg(
        long, value_name = "FILE",
        help = help("Where chains start, in the units of the training data ({}): one row, or CHAINS (default: samples of the model)")
    )]
    pub start: Option<PathBuf>,
    /// Seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Go on from FILE.part, if it is there
    #[arg(long)]
    pub resume: bool,
}

/// The names of the integrators, each with a line about it.
fn integrators() -> PossibleValuesParser {
    let names = Integrator::all().iter().map(|of| PossibleValue::new(of.name).help(of.about));
    names.collect::<Vec<_>>().into()
}

/// Simulates with the force of a model. If chains blow up, exit status 1.
pub fn run(args: &Simulate) -> Result<()> {
    let options = SimulateOptions {
        // One of those that clap was told.
        integrator: Integrator::named(&args.integrator).unwrap_or_default(),
        dt: args.dt,
        kt: args.kt,
        mass: args.mass,
        friction: args.friction,
        t: args.t,
        start: args.start.clone(),
        seed: args.seed,
        resume: args.resume,
        threads: global::threads(),
        ..SimulateOptions::of(args.n, args.steps, args.save_every)
    };
    let found = jobs::simulate(&args.run, &args.output, &options, &Progress::default()).map_err(option)?;
    report(args, &found)
}

/// Says what was found; an error if chains blew up.
fn report(args: &Simulate, found: &Simulated) -> Result<()> {
    let (output, chains) = (args.output.display(), found.chains);
    let acceptance = found.acceptance.map_or(String::new(), |part| format!(", acceptance {part:.3}"));
    say!("{output}: {} frames of {} chains{acceptance}", grouped(found.frames), grouped(chains as u64));
    match found.first {
        None => Ok(()),
        Some((chain, step)) => bail!(
            "{} of {chains} chains blew up (the first, chain {chain}, at step {step}) and are NaN from there on; the other \
             frames are in {output}; a smaller --dt than {} may keep them",
            found.blown_up,
            args.dt.map_or("the potential's".to_owned(), |dt| dt.to_string()),
        ),
    }
}
