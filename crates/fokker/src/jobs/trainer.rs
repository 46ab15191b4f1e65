//! A trainer by a config.

use std::sync::Arc;

use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::score::network::ScoreModel;
use crate::train::{Checkpoint, Trainer, Training};

/// The config's model, if it can take the data.
fn model(config: &Config, data: &Data) -> Result<ScoreModel, Error> {
    config.check(data.shape(), "config")?;
    Ok(config.model(data.shape()))
}

/// What the config says of training that model.
fn training<'a>(config: &'a Config, model: &'a ScoreModel, data: &'a Arc<Data>) -> Training<'a> {
    Training { model, data, loss: &config.loss, train: &config.train, seed: config.seed }
}

/// By a [`Config`]; a model of one's own is trained by way of [`Training`].
impl Trainer {
    /// A fresh start.
    ///
    /// # Errors
    /// If the network cannot take the data; as [`Training::fresh`].
    pub fn new(config: &Config, data: &Arc<Data>) -> Result<Self, Error> {
        training(config, &model(config, data)?, data).fresh()
    }

    /// A fresh start from these weights, which are the average's, too.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if there are too few or too many.
    pub fn with_weights(config: &Config, data: &Arc<Data>, weights: Vec<f32>) -> Result<Self, Error> {
        training(config, &model(config, data)?, data).from_weights(weights)
    }

    /// Goes on from a checkpoint, as if training had never stopped.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if the checkpoint is of another network.
    pub fn with_state(config: &Config, data: &Arc<Data>, state: Checkpoint) -> Result<Self, Error> {
        training(config, &model(config, data)?, data).from_checkpoint(state)
    }
}
