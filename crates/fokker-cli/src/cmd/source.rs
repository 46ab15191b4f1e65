//! Where configs and models come from.

use std::path::{Path, PathBuf};

use anyhow::Result;
use fokker::Error;
use fokker::config::Config;
use fokker::data::{Data, DataConfig, holds_images};
pub use fokker::jobs::load_data_for as data_for;
use fokker::jobs::{load_data, open_model};
use fokker::memory::read_text;
use fokker::model_file::ModelInfo;
use fokker::score::network::NetworkScore;

use crate::cmd::tables::help;
use crate::fail::request;
use crate::global;
use crate::print::{detail, notes};

/// Where a config comes from.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// A config file (TOML)
    #[arg(conflicts_with = "preset")]
    pub config: Option<PathBuf>,
    /// A built-in config; see `fokker presets`
    #[arg(long)]
    pub preset: Option<String>,
    /// Change a key of the config, for example --set train.steps=500
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Your data: a table or a folder of images
    #[arg(long, value_name = "PATH", help = help("Your data: a file ({}) or a folder of images; see `fokker data describe`"))]
    pub data: Option<PathBuf>,
    /// The same result on any number of threads, to the last bit
    #[arg(long)]
    pub deterministic: bool,
}

impl Source {
    /// What the config came from, as errors name it.
    pub fn origin(&self, default_preset: &str) -> String {
        match &self.config {
            Some(path) => path.display().to_string(),
            None => format!("preset {}", self.preset.as_deref().unwrap_or(default_preset)),
        }
    }
}

/// The config that the arguments ask for, and a name for it. `--data` comes before `--set`, which may refine it; alone, it is enough.
pub fn config(source: &Source, default_preset: Option<&str>) -> Result<(String, Config)> {
    let of_data = source.data.as_deref().map(preset_for);
    let preset = source.preset.as_deref().or(if source.config.is_none() { of_data.or(default_preset) } else { None });
    let (name, text) = match (&source.config, preset) {
        (Some(path), _) => {
            let text = read_text(path).map_err(|source| Error::read(path, source))?;
            (stem(path, "config"), Some(text))
        }
        (None, Some(preset)) => {
            // What was chosen for the data is called what the data are.
            let own = source.data.as_deref().filter(|_| source.preset.is_none());
            (own.map_or_else(|| preset.to_owned(), |data| stem(data, preset)), None)
        }
        (None, None) => {
            return Err(request("name a config file, a --preset (see `fokker presets`) or your own --data"));
        }
    };
    let origin = match (&source.config, preset) {
        (Some(path), _) => path.display().to_string(),
        (None, preset) => format!("preset {}", preset.unwrap_or_default()),
    };
    let read = |overrides: &[String]| match &text {
        Some(text) => Config::parse(text, &origin, overrides),
        None => Config::preset(preset.unwrap_or_default(), overrides),
    };
    let present = if source.config.is_none() && source.data.is_none() { None } else { Some(read(&[])) };
    let mut overrides = Vec::new();
    if let Some(path) = &source.data {
        overrides = data_at(path, &present.transpose()?.map_or_else(DataConfig::default, |config| config.data))?;
    } else if let (Some(file), Some(Ok(config))) = (&source.config, present)
        && let Some(path) = config.data.path().filter(|path| path.is_relative())
    {
        // A config's own paths are relative to it.
        let beside = file.parent().unwrap_or(Path::new("")).join(path);
        overrides.push(format!("data.path={}", toml::Value::from(text_of(&beside)?)));
    }
    if source.deterministic {
        overrides.push("train.deterministic=true".into());
    }
    overrides.extend(global::with_threads(&source.set));
    let mut config = read(&overrides)?;
    config.suggest_budget();
    detail!("config: {origin}; {} threads", threads(&config));
    // A run directory names its data wherever it is opened from.
    if let Some(path) = config.data.path_mut() {
        *path = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
        text_of(path)?;
    }
    Ok((name, config))
}

/// The data that a config names; what is worth a word about them is said.
pub fn data(config: &Config, origin: &str) -> Result<Data, Error> {
    let data = load_data(config, origin)?;
    notes(data.notes().iter().cloned());
    Ok(data)
}

/// The preset for the data at a path: a network for rows, or one for images.
fn preset_for(path: &Path) -> &'static str {
    if path.is_dir() || holds_images(path) { "images" } else { "table" }
}

/// The name of a file or folder, up to the first dot.
fn stem(path: &Path, otherwise: &str) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(otherwise).to_owned()
}

/// Threads that a config means.
fn threads(config: &Config) -> usize {
    config.with_threads().train.threads
}

/// Overrides for the data at a path: a folder holds images, and so does a file of images for a config of images; other files hold
/// rows. Other settings are kept where they still apply.
fn data_at(path: &Path, present: &DataConfig) -> Result<Vec<String>, Error> {
    let quoted = toml::Value::from(text_of(path)?).to_string();
    Ok(match present {
        DataConfig::Images { .. } if holds_images(path) => vec![format!("data.path={quoted}")],
        _ if path.is_dir() => vec![format!("data={{kind=\"images\",path={quoted}}}")],
        DataConfig::File(_) => vec![format!("data.path={quoted}")],
        _ => vec![format!("data={{kind=\"file\",path={quoted}}}")],
    })
}

/// A path as the text that a config can hold.
fn text_of(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| Error::Config {
        origin: format!("--data {}", path.display()),
        key: "data.path".into(),
        reason: "the name is not UTF-8, which a config cannot say: give the file or folder another, or a link to it"
            .into(),
    })
}

/// The config with the data at a path in place of its own.
pub fn with_data(config: &Config, path: &Path, origin: &str) -> Result<Config, Error> {
    Config::parse(&config.to_toml()?, origin, &data_at(path, &config.data)?)
}

/// The model in a run directory, or in a model file.
pub fn model(run: &Path) -> Result<(ModelInfo, NetworkScore<f32>)> {
    Ok(open_model(run)?)
}
