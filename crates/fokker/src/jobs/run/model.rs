//! A run's `model.safetensors`.

use super::directory::Run;
use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::model_file::{FORMAT_VERSION, ModelInfo, write_model};
use crate::score::network::NetworkScore;

impl Run {
    /// Writes `model.safetensors`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_model(&self, config: &Config, data: &Data, score: &NetworkScore<f32>) -> Result<(), Error> {
        let info = ModelInfo {
            version: FORMAT_VERSION,
            dim: data.dim(),
            sde: config.sde.clone(),
            network: config.network.clone(),
            score: config.score,
            scaling: data.scaling().clone(),
            levels: data.levels(),
            image: data.image_shape(),
            data: Some(data.info()),
            steps: config.train.steps,
        };
        self.record(&self.model())?;
        write_model(&self.model(), &info, score)
    }
}
