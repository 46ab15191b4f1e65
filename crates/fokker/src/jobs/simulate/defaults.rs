//! What the model's data say about the dynamics.

use std::path::Path;

use crate::model_file::ModelInfo;
use crate::simulate::Dynamics;

/// Δt, kT, mass and friction of the potential whose trajectory the model was trained on, from the run's config or the model's metadata;
/// `None` if its data are not of a potential. No kind of data says so yet.
pub(super) fn defaults(_run: &Path, _info: &ModelInfo) -> Option<Dynamics> {
    None
}
