//! `fokker export`

use std::path::PathBuf;

use anyhow::Result;
use fokker::weights::{NameMap, write_weights};

use super::{out, require_folder, source};
use crate::fail::request;

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
    let path = &args.output;
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("safetensors")) {
        return Err(request(format!("-o {}: the file to write ends in .safetensors", path.display())));
    }
    require_folder(path)?;
    let (_, score) = source::model(&args.run)?;
    let names = args.names.as_deref().map(NameMap::read).transpose()?.unwrap_or_default();
    let graph = score.model().graph();
    write_weights(path, graph, score.parameters(), &names)?;
    out!("{}: {} tensors, {} numbers", path.display(), graph.parameters().len(), graph.parameter_count());
    Ok(())
}
