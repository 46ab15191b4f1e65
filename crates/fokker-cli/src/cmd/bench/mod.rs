//! `fokker bench`

// The products take addresses.
#[cfg(feature = "gemm-baseline")]
#[allow(unsafe_code)]
mod gemm_baseline;
mod logp;
mod resident;
mod residual;
mod ring;
mod setup;
mod step;

use anyhow::Result;

pub use setup::threads;

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
