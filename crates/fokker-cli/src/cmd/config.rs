//! `fokker config`

mod reference;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;

use crate::files::{require_folder, write_text};
use crate::print::{json, out};

/// `fokker config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// All keys of a config: meaning, default, values (Markdown)
    Reference {
        /// Write it to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// The JSON schema of a config, by which editors complete and check TOML
    Schema {
        /// Write it to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Prints or writes what a config may say.
pub fn run(config: &Config) -> Result<()> {
    match config {
        Config::Reference { output: Some(path) } => write(path, &reference::markdown()),
        Config::Reference { output: None } => {
            out!("{}", reference::markdown().trim_end());
            Ok(())
        }
        Config::Schema { output: Some(path) } => {
            write(path, &(serde_json::to_string_pretty(&fokker::config::schema())? + "\n"))
        }
        Config::Schema { output: None } => Ok(json(&fokker::config::schema())?),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    require_folder(path)?;
    write_text(path, text)
}
