//! `fokker data`

mod describe;
mod fetch;

use anyhow::Result;

use crate::args::Data;

/// Runs a subcommand of `fokker data`.
pub fn run(command: &Data) -> Result<()> {
    match command {
        Data::Describe(args) => describe::run(args),
        Data::Fetch(args) => fetch::run(args),
    }
}
