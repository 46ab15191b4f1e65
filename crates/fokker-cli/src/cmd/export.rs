//! `fokker export`

use std::path::PathBuf;

use anyhow::Result;
use fokker::jobs;

use crate::fail::option;
use crate::numbers::grouped;
use crate::print::say;

/// `fokker export`
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// The file to write (.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// What the network's layers are to be called (TOML; see docs/model-format.md; default: as in model.safetensors)
    #[arg(long, value_name = "MAP")]
    pub names: Option<PathBuf>,
}

/// Writes a model's weights under other names, with PyTorch's order of axes.
pub fn run(args: &Export) -> Result<()> {
    let (tensors, numbers) = jobs::export(&args.run, args.names.as_deref(), &args.output).map_err(option)?;
    say!("{}: {tensors} tensors, {} numbers", args.output.display(), grouped(numbers));
    Ok(())
}
