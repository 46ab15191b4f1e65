//! Where configs and models come from.

use std::path::{Path, PathBuf};

use anyhow::Result;
use fokker::Error;
use fokker::config::Config;
use fokker::data::{DataConfig, ScalingConfig};
use fokker::model_file::{ModelInfo, read_model};
use fokker::score::network::NetworkScore;

use crate::args::Source;
use crate::fail::request;

/// The config that the arguments ask for, and a name for it.
pub fn config(source: &Source, default_preset: Option<&str>) -> Result<(String, Config)> {
    let preset = source.preset.as_deref().or(if source.config.is_none() { default_preset } else { None });
    let (name, mut config) = match (&source.config, preset) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.clone(), source })?;
            let stem = path.file_stem().map_or_else(|| "config".into(), |s| s.to_string_lossy().into_owned());
            (stem, Config::parse(&text, &path.display().to_string(), &source.set)?)
        }
        (None, Some(preset)) => (preset.to_owned(), Config::preset(preset, &source.set)?),
        (None, None) => return Err(request("train: name a config file or a --preset (see `fokker presets`)")),
    };
    if let Some(path) = &source.data {
        config.data = data_at(path, &config.data);
    }
    Ok((name, config))
}

/// The data at a path: a folder holds IDX files, a file rows. Other settings are kept where they still apply.
fn data_at(path: &Path, present: &DataConfig) -> DataConfig {
    let path = path.to_path_buf();
    if path.is_dir() {
        return DataConfig::Idx { path };
    }
    match present {
        DataConfig::File { array, held_out, scaling, .. } => {
            DataConfig::File { path, array: array.clone(), held_out: *held_out, scaling: *scaling }
        }
        _ => DataConfig::File { path, array: None, held_out: 0.1, scaling: ScalingConfig::default() },
    }
}

/// The model in a run directory, or in a model file.
pub fn model(run: &Path) -> Result<(ModelInfo, NetworkScore<f32>)> {
    let path: PathBuf = if run.is_dir() { run.join("model.safetensors") } else { run.to_path_buf() };
    Ok(read_model(&path)?)
}
