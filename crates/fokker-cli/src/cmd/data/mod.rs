//! `fokker data`

mod describe;
mod fetch;

use anyhow::Result;

/// `fokker data`
#[derive(Debug, clap::Subcommand)]
pub enum Data {
    /// Download a public data set, or files of your own server, and verify every byte
    Fetch(fetch::Fetch),
    /// Say what the data at a path are: what is recognised, how many, their size and range
    Describe(describe::DataDescribe),
}

/// Runs a subcommand of `fokker data`.
pub fn run(command: &Data) -> Result<()> {
    match command {
        Data::Describe(args) => describe::run(args),
        Data::Fetch(args) => fetch::run(args),
    }
}
