//! A run's `model.safetensors`, and `best.safetensors` beside it.

use std::path::Path;

use super::directory::Run;
use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::likelihood::{LOG_Z_DRAWS, LogZ, log_z};
use crate::model_file::{ModelInfo, write_model};
use crate::score::Score;
use crate::score::network::{NetworkScore, ScoreModel};
use crate::train::Checkpoint;

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

    /// The model as it was at a checkpoint: that of a run which is not finished, by its averaged weights.
    ///
    /// # Errors
    /// [`Error::File`] if the checkpoint is another network's; as [`log_z`].
    pub fn model_at(
        &self, checkpoint: &Checkpoint, config: &Config, data: &Data,
    ) -> Result<(ModelInfo, NetworkScore<f32>), Error> {
        let info = info(config, data, checkpoint.step);
        let model = ScoreModel::new(info.shape(), &info.sde, &info.network, info.score.parameterisation);
        let (expected, found) = (model.graph().parameter_count(), checkpoint.adam.ema.len());
        if found != expected {
            let reason = format!("{found} parameters, but the network of {} has {expected}", self.config().display());
            return Err(Error::File { path: self.checkpoints(), reason });
        }
        let score = NetworkScore::new(model, &checkpoint.adam.ema);
        let log_z = normaliser(&score, config)?;
        Ok((ModelInfo { log_z, ..info }, score))
    }

    fn write_score(
        &self, path: &Path, config: &Config, data: &Data, score: &NetworkScore<f32>, steps: u64,
    ) -> Result<(), Error> {
        let log_z = normaliser(score, config)?;
        self.record(path)?;
        write_model(path, &ModelInfo { log_z, ..info(config, data, steps) }, score)
    }
}

/// What a model's file says of it, but log Z(T).
fn info(config: &Config, data: &Data, steps: u64) -> ModelInfo {
    ModelInfo {
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
        log_z: None,
    }
}

/// log Z(T) of an energy model.
fn normaliser(score: &NetworkScore<f32>, config: &Config) -> Result<Option<LogZ>, Error> {
    let workers = score.model().workers(config.train.threads, 64)?;
    score.energy().map(|energy| log_z(energy, LOG_Z_DRAWS, config.seed, &workers)).transpose()
}
