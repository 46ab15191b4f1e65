//! `fokker bench`

// The products take addresses.
mod collective;
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

use crate::ranks::World;
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
    /// Time of what ranks do together, by the bytes that go: latency and bandwidth; under mpirun
    Collective(collective::BenchCollective),
}

impl Bench {
    /// Is it for several processes?
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Collective(_))
    }
}

/// Runs a benchmark.
pub fn run(bench: &Bench, world: &World) -> Result<()> {
    match bench {
        Bench::Step(args) => step::run(args),
        Bench::Residual(args) => residual::run(args),
        Bench::Logp(args) => logp::run(args),
        Bench::Collective(args) => collective::run(args, world),
    }
}
