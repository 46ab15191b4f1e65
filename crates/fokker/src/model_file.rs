//! `model.safetensors`: a trained model, with all that is needed to use it (see `docs/model-format.md`).

use std::path::Path;

use fokker_jet::Shape;
use fokker_jet::cpu::Parameters;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::{DataInfo, ImageShape, Scaling};
use crate::likelihood::LogZ;
use crate::memory;
use crate::net::NetworkConfig;
use crate::score::ScoreConfig;
use crate::score::network::{NetworkScore, ScoreModel};
use crate::sde::Sde;
use crate::tensor_file::{Kind, floats, open_sealed, read_bytes, view, write_sealed};

/// What the metadata of a model file says, as one JSON text under the key `fokker`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInfo {
    /// Version of the format.
    pub version: u32,
    /// Dimension D.
    pub dim: usize,
    /// The forward SDE.
    pub sde: Sde,
    /// The network.
    pub network: NetworkConfig,
    /// What its output stands for.
    pub score: ScoreConfig,
    /// From data to model coordinates.
    pub scaling: Scaling,
    /// Grey levels of the data, if it is images.
    pub levels: Option<u32>,
    /// Shape of the images, if the data is images.
    pub image: Option<ImageShape>,
    /// What the data was; `None` if that is not known (version 1).
    pub data: Option<DataInfo>,
    /// Steps trained.
    pub steps: u64,
    /// log Z(T), if it is an energy model (from version 3 on).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_z: Option<LogZ>,
}

impl ModelInfo {
    /// What the columns of the data are called, if they have names.
    #[must_use]
    pub fn columns(&self) -> Option<&[String]> {
        self.data.as_ref().and_then(|data| data.columns.as_deref())
    }

    /// The version of the format that a model of this network is written in.
    #[must_use]
    pub fn version_of(network: &NetworkConfig) -> u32 {
        match (network.ranges(), network.output().is_score()) {
            ([], true) => FORMAT_VERSION,
            ([], false) => ENERGY_VERSION,
            _ => RANGES_VERSION,
        }
    }

    /// The shape of a row: of the images, or a vector.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.image.map_or(Shape::vector(self.dim), Shape::from)
    }
}

/// The version of score networks' files; version 1, which is read, too, had no `data`.
pub const FORMAT_VERSION: u32 = 2;

/// The version of energy models' files, which say what the network gives, and log Z(T).
pub const ENERGY_VERSION: u32 = 3;

/// The version of files of networks for intervals of t (`network.range`), of scores and of energies.
pub const RANGES_VERSION: u32 = 4;

/// More than this is a damaged file.
const MOST_DIMENSIONS: usize = 10_000_000;

/// Writes a model: one tensor for each parameter, named as in the graph, and a digest of them and of what is said of them.
///
/// # Errors
/// [`Error::Io`]; [`Error::Sde`] for an SDE of the caller's own.
pub fn write_model(path: &Path, info: &ModelInfo, score: &NetworkScore<f32>) -> Result<(), Error> {
    info.sde.require_built_in()?;
    let specs = score.model().graph().parameters();
    let tensors = specs.iter().map(|spec| {
        let values = &score.parameters()[spec.offset..spec.offset + spec.len()];
        (spec.name.as_str(), view(values, &spec.shape))
    });
    let text =
        serde_json::to_string(info).map_err(|error| Error::File { path: path.into(), reason: error.to_string() })?;
    write_sealed(path, Kind::Model, tensors.collect(), &text)
}

/// Reads a model. Strict: a missing, extra or misshapen tensor is an error that names it, and so is a digest that is not the contents'.
///
/// # Errors
/// [`Error::Io`]; [`Error::File`] if it is not a model of this format; [`Error::Memory`].
pub fn read_model(path: &Path) -> Result<(ModelInfo, NetworkScore<f32>), Error> {
    parse_model(path, &read_bytes(path)?)
}

/// As [`read_model`], from the bytes of a file; `path` is what messages call it.
///
/// # Errors
/// As [`read_model`].
///
/// ```
/// let error = fokker::model_file::parse_model("x.safetensors".as_ref(), b"nothing").unwrap_err();
/// assert!(error.to_string().starts_with("x.safetensors: not a safetensors file"));
/// ```
pub fn parse_model(path: &Path, bytes: &[u8]) -> Result<(ModelInfo, NetworkScore<f32>), Error> {
    let bad = |reason: String| Error::File { path: path.into(), reason };
    let (tensors, text) = open_sealed(bytes, Kind::Model).map_err(&bad)?;
    let info = parse_info(&text).map_err(&bad)?;
    let model = ScoreModel::new(info.shape(), &info.sde, &info.network, info.score.parameterisation);
    // No more than the file can hold, whatever the metadata says.
    let mut parameters = Vec::with_capacity(model.graph().parameter_count().min(bytes.len() / size_of::<f32>()));
    for spec in model.graph().parameters() {
        let tensor = tensors.tensor(&spec.name).map_err(|_| bad(format!("tensor {} is missing", spec.name)))?;
        if tensor.shape() != spec.shape {
            return Err(bad(format!("tensor {}: shape {:?}, expected {:?}", spec.name, tensor.shape(), spec.shape)));
        }
        parameters.extend(floats(&tensor).map_err(|reason| bad(format!("tensor {}: {reason}", spec.name)))?);
    }
    let known = |name: &str| model.graph().parameters().iter().any(|spec| spec.name == name);
    if let Some(extra) = tensors.names().into_iter().find(|name| !known(name)) {
        return Err(bad(format!("tensor {extra} does not belong to the network")));
    }
    let more = Parameters::<f32>::bytes(model.graph());
    memory::require(&path.display().to_string(), more.saturating_add(2 * bytes.len() as u64))?;
    Ok((info, NetworkScore::new(model, &parameters)))
}

/// The metadata, checked before anything is built from it.
fn parse_info(text: &str) -> Result<ModelInfo, String> {
    /// The one entry that every version has.
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_str(text).map_err(|error| format!("metadata: {error}"))?;
    if !(1..=RANGES_VERSION).contains(&version) {
        return Err(format!("format version {version}; this program reads versions 1 to {RANGES_VERSION}"));
    }
    let info: ModelInfo = serde_json::from_str(text).map_err(|error| format!("metadata: {error}"))?;
    if version == 1 && info.data.is_some() {
        return Err("metadata: unknown field `data` in format version 1".into());
    }
    let (is_energy, has_ranges) = (!info.network.output().is_score(), !info.network.ranges().is_empty());
    if has_ranges != (version == RANGES_VERSION) {
        return Err(format!("metadata: a model with `network.range` has version {RANGES_VERSION}, and no other has"));
    }
    if (is_energy != (version == ENERGY_VERSION) && !has_ranges) || is_energy != info.log_z.is_some() {
        return Err(format!("metadata: an energy model has version {ENERGY_VERSION} and `log_z`, and no other has"));
    }
    info.sde.validate().map_err(|error| format!("metadata: sde: {error}"))?;
    info.network.validate().map_err(|(key, reason)| format!("metadata: {key}: {reason}"))?;
    let times = info.network.check_t_min(info.sde.t_min());
    times.map_err(|(key, reason)| format!("metadata: {key}: {reason}"))?;
    let stands_for = info.score.parameterisation.check(info.network.output());
    stands_for.map_err(|reason| format!("metadata: score.parameterisation: {reason}"))?;
    if !(1..=MOST_DIMENSIONS).contains(&info.dim) {
        return Err(format!("metadata: dim: must be between 1 and {MOST_DIMENSIONS}, not {}", info.dim));
    }
    if info.scaling.dim() != info.dim {
        return Err(format!("metadata: scaling: of dimension {}, not {}", info.scaling.dim(), info.dim));
    }
    if info.image.is_some_and(|shape| shape.dim() != info.dim) {
        return Err(format!("metadata: image: its size is not {}", info.dim));
    }
    if let Some(data) = &info.data {
        data.check(info.dim, info.image).map_err(|reason| format!("metadata: data: {reason}"))?;
    }
    info.network.check(info.shape()).map_err(|(key, reason)| format!("metadata: {key}: {reason}"))?;
    Ok(info)
}
