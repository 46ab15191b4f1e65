//! The subcommands.

mod arms;
mod audit;
mod bench;
mod compare;
mod completions;
mod config;
mod data;
mod doctor;
mod eval;
mod export;
mod logp;
mod made;
mod man;
mod presets;
mod report;
mod sample;
mod shown;
mod simulate;
mod source;
mod sweep;
mod tables;
mod train;

use anyhow::Result;

use crate::global;
use crate::print::detail;
use crate::ranks::{self, World};
use crate::signals;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Train with and without the score-FPE term on the same data, audit both, write a report: the main job
    Compare(compare::Compare),
    /// Train and audit at every combination of some keys' values: which is best, and how sure that is
    Sweep(sweep::Sweep),
    /// Train one model, or go on with an interrupted run
    Train(train::Train),
    /// Measure residual, conservativity and likelihood of a trained model
    Audit(audit::Audit),
    /// One page about any number of runs that have been audited
    Report(report::Report),
    /// Log-likelihood of the rows of a file
    Logp(logp::Logp),
    /// Draw samples
    Sample(sample::Sample),
    /// Langevin dynamics with the force of a trained model
    Simulate(simulate::Simulate),
    /// Exact derivatives of the score at given points, in f64
    Eval(eval::Eval),
    /// Write a model's weights for PyTorch
    Export(export::Export),
    /// Get data, look at data
    #[command(subcommand)]
    Data(data::Data),
    /// List the built-in configs, or print one
    Presets(presets::Presets),
    /// What a config may say: all keys, or a schema for editors
    #[command(subcommand)]
    Config(config::Config),
    /// Measure speed
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Say whether this machine is ready: processor, threads, memory, data, a self-test
    Doctor(doctor::Doctor),
    /// Print a script by which a shell completes what is typed
    Completions(completions::Completions),
    /// Print or write the pages of the manual
    Man(man::Man),
}

impl Command {
    /// Does it keep what is done when it is to stop?
    fn keeps(&self) -> bool {
        use Command::{Audit, Compare, Logp, Sample, Simulate, Sweep, Train};
        matches!(self, Compare(_) | Sweep(_) | Train(_) | Audit(_) | Logp(_) | Sample(_) | Simulate(_))
    }

    /// Can several processes share it?
    pub fn is_shared(&self) -> bool {
        use Command::{Audit, Compare, Logp, Sample, Sweep, Train};
        let of_collectives = || match self {
            Self::Doctor(args) => args.mpi,
            Self::Bench(args) => args.is_shared(),
            _ => false,
        };
        matches!(self, Compare(_) | Sweep(_) | Train(_) | Audit(_) | Logp(_) | Sample(_)) || of_collectives()
    }
}

/// Runs a subcommand.
pub fn run(command: Command, world: &World) -> Result<()> {
    // What cannot be shared the first does alone.
    if !command.is_shared() && !ranks::is_first() {
        return Ok(());
    }
    if command.keeps() {
        signals::catch()?;
    }
    let kernels = fokker::jet::cpu::instructions();
    let (budget, cores) = (fokker::memory::shown(fokker::memory::budget()), bench::threads(global::threads()));
    detail!("fokker {}: {kernels} kernels, {cores} threads, memory budget {budget}", env!("CARGO_PKG_VERSION"));
    match command {
        Command::Compare(args) => compare::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Logp(args) => logp::run(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Bench(args) => bench::run(&args, world),
        Command::Doctor(args) => doctor::run(&args, world),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
