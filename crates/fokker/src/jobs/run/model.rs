//! A run's `model.safetensors`.

use super::directory::Run;
use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::likelihood::{LOG_Z_DRAWS, log_z};
use crate::model_file::{ModelInfo, write_model};
use crate::score::Score;
use crate::score::network::NetworkScore;

impl Run {
    /// Writes `model.safetensors`, with log Z(T) if it is an energy model.
    ///
    /// # Errors
    /// [`Error::Write`]; as [`log_z`].
    pub fn write_model(&self, config: &Config, data: &Data, score: &NetworkScore<f32>) -> Result<(), Error> {
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
            steps: config.train.steps,
            log_z,
        };
        self.record(&self.model())?;
        write_model(&self.model(), &info, score)
    }
}
