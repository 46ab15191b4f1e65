//! `fokker data`

mod describe;

use anyhow::Result;

use crate::args::Data;

/// Runs a subcommand of `fokker data`.
pub fn run(args: &Data) -> Result<()> {
    match args {
        Data::Describe(args) => describe::run(args),
    }
}
