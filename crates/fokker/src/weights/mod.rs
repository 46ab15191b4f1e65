//! Weights from and for other programs: PyTorch's checkpoints and safetensors, under other names and with other orders of axes.
//!
//! What the files must hold and how a [`NameMap`] is written is in `docs/model-format.md`, section 10.

mod file;
mod layout;
mod names;
mod number;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use fokker_jet::Graph;

pub use layout::Layout;
pub use names::{NameMap, Theirs};

use self::file::TensorFile;
use crate::Error;
use crate::memory;
use crate::model_file::read_model;
use crate::net::NetworkConfig;
use crate::score::network::ScoreModel;
use crate::tensor_file::{view, write_tensors};

/// Names that a message lists before it is cut off.
const LISTED: usize = 10;

/// The parameters of a model, in the order of its graph, from a file: a fokker model (of the same network, without a map), a PyTorch
/// checkpoint (`torch.save`) or safetensors. Numbers of 64 and 16 bits are converted. Strict: every tensor of the network must be
/// there, and no other but those that the map says to ignore.
///
/// # Errors
/// [`Error::Io`]; [`Error::File`] naming the tensors that are missing, superfluous, misshapen or not finite; [`Error::Config`] if the
/// map does not fit the network; [`Error::Memory`].
pub fn read_weights(
    path: &Path, model: &ScoreModel, network: &NetworkConfig, names: Option<&NameMap>,
) -> Result<Vec<f32>, Error> {
    let bad = |reason: String| Error::File { path: path.into(), reason };
    let file = TensorFile::open(path, names.and_then(NameMap::key))?;
    if file.is_model() {
        return match names {
            Some(_) => Err(bad("is a fokker model, whose names need no map".into())),
            None => own(path, model, network),
        };
    }
    let names = names.cloned().unwrap_or_default();
    let wanted = names.of(model.graph().parameters())?;
    let missing = wanted.iter().map(|theirs| &theirs.name).filter(|name| !file.has(name));
    let known: Vec<&str> = wanted.iter().map(|theirs| theirs.name.as_str()).collect();
    let extra = file.names().filter(|name| !known.contains(name) && !names.ignores(name));
    let [missing, extra] = [listed(missing), listed(extra)];
    let complaints: Vec<String> = [("missing", missing), ("superfluous", extra)]
        .into_iter()
        .filter_map(|(what, list)| list.map(|list| format!("{what}: {list}")))
        .collect();
    if !complaints.is_empty() {
        return Err(bad(complaints.join("; ")));
    }
    let count = model.graph().parameter_count();
    memory::require(&path.display().to_string(), memory::product(&[count, size_of::<f32>()]))?;
    let mut flat = Vec::with_capacity(count);
    for (spec, Theirs { name, layout }) in model.graph().parameters().iter().zip(&wanted) {
        let named = |reason: String| bad(format!("tensor {name}: {reason}"));
        let shape = layout.shape(&spec.shape).map_err(named)?;
        let found = file.shape(name).unwrap_or_default();
        if found != shape {
            return Err(named(format!("shape {found:?}, expected {shape:?} for {} of {:?}", spec.name, spec.shape)));
        }
        let values = file.floats(name).map_err(named)?;
        if values.iter().any(|v| !v.is_finite()) {
            return Err(named("holds a value that is not finite in 32 bits".into()));
        }
        flat.extend(layout.to_ours(&values, &spec.shape));
    }
    Ok(flat)
}

/// Writes parameters as safetensors under the map's names, with the map's order of axes (PyTorch's, unless it says otherwise).
///
/// # Errors
/// [`Error::Io`]; [`Error::Config`] if the map does not fit the network.
pub fn write_weights(path: &Path, graph: &Graph, parameters: &[f32], names: &NameMap) -> Result<(), Error> {
    let theirs = names.of(graph.parameters())?;
    let mut tensors = Vec::new();
    for (spec, Theirs { name, layout }) in graph.parameters().iter().zip(&theirs) {
        let named = |reason: String| Error::File { path: path.into(), reason: format!("tensor {name}: {reason}") };
        let values = layout.to_theirs(&parameters[spec.offset..spec.offset + spec.len()], &spec.shape);
        tensors.push((name, layout.shape(&spec.shape).map_err(named)?, values));
    }
    let views = tensors.iter().map(|(name, shape, values)| (name.as_str(), view(values, shape)));
    write_tensors(path, views, HashMap::from([("format".to_owned(), "pt".to_owned())]))
}

/// From a model of our own, which must be of the same network; dropout, which has no weights, may differ.
fn own(path: &Path, model: &ScoreModel, network: &NetworkConfig) -> Result<Vec<f32>, Error> {
    let (info, score) = read_model(path)?;
    if info.network.without_dropout() != network.without_dropout() || info.shape().len() != model.dim() {
        let reason = "a model of another network: dimension, or network.* other than network.dropout, differ";
        return Err(Error::File { path: path.into(), reason: reason.into() });
    }
    Ok(score.parameters().to_vec())
}

/// The names in order, shortened; `None` if there is none.
fn listed<S: AsRef<str>>(names: impl Iterator<Item = S>) -> Option<String> {
    let mut all: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
    all.sort();
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!all.is_empty()).then(|| all.join(", ") + &rest)
}
