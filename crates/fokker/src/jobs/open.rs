//! What a job works on: a model, the data that a config names, a place to write to.

use std::path::{Path, PathBuf};

use super::error::JobError;
use crate::Error;
use crate::config::Config;
use crate::data::{Data, DataError, Fingerprint, is_table, table_endings};
use crate::input::require_names;
use crate::memory;
use crate::model_file::{ModelInfo, read_model};
use crate::score::network::NetworkScore;

/// The data that a config names, which its network can take; errors name the config by `origin`, and its key.
///
/// # Errors
/// [`Error::Config`], [`Error::Data`].
///
/// ```
/// use fokker::{config::Config, jobs::load_data};
/// let mut config = Config::preset("ring8", &[])?;
/// assert_eq!(load_data(&config, "ring8")?.dim(), 2);
/// config.data = fokker::data::DataConfig::Normal { dim: 0 };
/// assert!(load_data(&config, "mine.toml").unwrap_err().to_string().starts_with("mine.toml: data.dim"));
/// # Ok::<(), fokker::Error>(())
/// ```
pub fn load_data(config: &Config, origin: &str) -> Result<Data, Error> {
    checked(Data::load(&config.data), config, origin)
}

/// The same in the coordinates of a model.
///
/// # Errors
/// As [`load_data`]; [`DataError::Columns`] if the columns are not called what the model's are.
pub fn load_data_for(config: &Config, origin: &str, info: &ModelInfo) -> Result<Data, Error> {
    require_names(info, &config.data)?;
    checked(Data::load_for(&config.data, &info.scaling, info.columns()), config, origin)
}

fn checked(data: Result<Data, DataError>, config: &Config, origin: &str) -> Result<Data, Error> {
    let data = data.map_err(|error| match error {
        DataError::Parameter { key, value, reason } => Error::Config {
            origin: origin.into(),
            key: format!("data.{key}"),
            reason: format!("{reason}, not {value}"),
        },
        other => Error::from(other),
    })?;
    config.check(data.shape(), origin)?;
    Ok(data)
}

/// The model in a run directory, or in a model file.
///
/// # Errors
/// [`JobError::NoModel`] if the folder holds none; as [`read_model`].
pub fn open_model(run: &Path) -> Result<(ModelInfo, NetworkScore<f32>), JobError> {
    let path = model_file(run);
    if run.is_dir() && !path.exists() {
        let name = run.display();
        let reason = if run.join("config.toml").is_file() {
            format!(": no model.safetensors in it: its training is not finished (`fokker train --resume {name}`)")
        } else {
            " is not a run: no model.safetensors in it".into()
        };
        return Err(JobError::NoModel { path: run.into(), reason });
    }
    Ok(read_model(&path)?)
}

/// The model file of a run directory, or the file itself.
///
/// ```
/// use std::path::Path;
/// assert_eq!(fokker::jobs::model_file(Path::new("a.safetensors")), Path::new("a.safetensors"));
/// ```
#[must_use]
pub fn model_file(run: &Path) -> PathBuf {
    if run.is_dir() { run.join("model.safetensors") } else { run.to_path_buf() }
}

/// The fingerprint of a model's file, by which results say what they belong to.
pub(super) fn model_print(run: &Path) -> Result<String, JobError> {
    let (path, mut print) = (model_file(run), Fingerprint::default());
    print.bytes(&memory::read(&path).map_err(|source| Error::read(&path, source))?);
    Ok(Fingerprint::text(print.digest()))
}

/// Refuses a file that cannot be written because its folder is none, before the work that would go into it.
pub(super) fn require_place(path: &Path) -> Result<(), JobError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
        let reason = if path.is_dir() { "is a folder" } else { "its folder does not exist" };
        return Err(JobError::Place { path: path.into(), reason });
    }
    Ok(())
}

/// Refuses a file to be written whose name ends in none of `formats` (without the dot).
pub(super) fn require_format(path: &Path, format: &str) -> Result<(), JobError> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(format)) {
        return Ok(());
    }
    Err(JobError::ending(path, &format!(".{format}")))
}

/// Refuses a file to write whose name is not that of a table.
pub(super) fn require_table(path: &Path) -> Result<(), JobError> {
    if is_table(path) { Ok(()) } else { Err(JobError::ending(path, &table_endings(&[]))) }
}
