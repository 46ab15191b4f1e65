//! What can be typed.

use clap::Parser;

use crate::cmd::Command;
use crate::global::Global;

/// Train, audit and use score-based diffusion models whose scores obey the Fokker-Planck equation.
#[derive(Debug, Parser)]
#[command(name = "fokker", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}
