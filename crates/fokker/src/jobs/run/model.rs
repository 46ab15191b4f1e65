//! A run's `model.safetensors`, and `best.safetensors` beside it.

use std::path::Path;

use super::directory::Run;
use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::likelihood::{LOG_Z_DRAWS, log_z};
use crate::model_file::{ModelInfo, write_model};
use crate::score::Score;
use crate::score::network::NetworkScore;

impl Run {
    /// Writes `model.safetensors`, a model after so many steps, with log Z(T) if it is an energy model.
    ///
    /// # Errors
    /// [`Error::Write`]; as [`log_z`].
    pub fn write_model(
        &self, config: &Config, data: &Data, score: &NetworkScore<f32>, steps: u64,
    ) -> Result<(), Error> {
        self.write_score(&self.model(), config, data, score, steps)
    }

    /// As [`write_model`](Self::write_model), `best.safetensors`.
    pub(in crate::jobs) fn write_best(
        &self, config: &Config, data: &Data, score: &NetworkScore<f32>, steps: u64,
    ) -> Result<(), Error> {
        self.write_score(&self.best(), config, data, score, steps)
    }

    fn write_score(
        &self, path: &Path, config: &Config, data: &Data, score: &NetworkScore<f32>, steps: u64,
    ) -> Result<(), Error> {
        let workers = score.model().workers(config.train.threads, 64)?;
        let log_z = score.energy().map(|energy| log_z(energy, LOG_Z_DRAWS, config.seed, &workers)).transpose()?;
        let info = ModelInfo {
            version: ModelInfo::version_of(&config.network),
            dim: data.dim(),
            sde: config.sde.clone(),
            network: config.network.clone(),
            score: config.score,
            scaling: data.scaling().clone(),
            levels: data.levels(),
            image: data.image_shape(),
            data: Some(data.info()),
            steps,
            log_z,
        };
        self.record(path)?;
        write_model(path, &info, score)
    }
}
