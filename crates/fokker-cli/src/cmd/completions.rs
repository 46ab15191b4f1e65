//! `fokker completions`

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Args;
use crate::print;

/// `fokker completions`
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script of a shell.
pub fn run(args: &Completions) -> Result<()> {
    let mut script = Vec::new();
    generate(args.shell, &mut Args::command(), "fokker", &mut script);
    print::bytes(&script);
    Ok(())
}
