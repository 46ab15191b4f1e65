//! A model's weights for other programs.

use std::path::Path;

use super::error::JobError;
use super::open::{open_model, require_format, require_place};
use crate::weights::{NameMap, write_weights};

/// Writes the weights of a model (a run directory, or its `model.safetensors`) under other names, with PyTorch's order of axes, to a
/// `.safetensors` file; returns how many tensors and numbers there are.
///
/// `names` is a TOML file that says what the network's layers are to be called (see `docs/model-format.md`); without it they keep the
/// names that they have in `model.safetensors`.
///
/// # Errors
/// [`JobError::Output`], [`JobError::Place`], [`JobError::NoModel`]; as [`NameMap::read`] and [`write_weights`].
pub fn export(model: &Path, names: Option<&Path>, output: &Path) -> Result<(usize, usize), JobError> {
    require_format(output, "safetensors")?;
    require_place(output)?;
    let (_, score) = open_model(model)?;
    let names = names.map(NameMap::read).transpose()?.unwrap_or_default();
    let graph = score.model().graph();
    write_weights(output, graph, score.parameters(), &names)?;
    Ok((graph.parameters().len(), graph.parameter_count()))
}
