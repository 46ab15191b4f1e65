//! What can be typed.

use clap::Parser;

use crate::cmd::Command;

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
