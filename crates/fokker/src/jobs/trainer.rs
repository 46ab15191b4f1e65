//! A trainer by a config.

use std::sync::Arc;

use crate::Error;
use crate::collective::{Collective, single};
use crate::config::Config;
use crate::data::Data;
use crate::score::network::ScoreModel;
use crate::train::{Checkpoint, Trainer, Training};

/// The config's model, if it can take the data.
fn model(config: &Config, data: &Data) -> Result<ScoreModel, Error> {
    config.check(data.shape(), "config")?;
    Ok(config.model(data.shape()))
}

/// Where training starts from.
#[derive(Debug)]
pub(super) enum Start {
    /// Weights that are drawn.
    Fresh,
    /// These weights, which are the average's, too.
    Weights(Vec<f32>),
    /// Where training stood.
    State(Box<Checkpoint>),
}

/// A trainer by a config, for one of these ranks.
pub(super) fn trainer(
    config: &Config, data: &Arc<Data>, ranks: &Arc<dyn Collective>, start: Start,
) -> Result<Trainer, Error> {
    let model = model(config, data)?;
    let training = Training { model: &model, data, loss: &config.loss, train: &config.train, seed: config.seed, ranks };
    match start {
        Start::Fresh => training.fresh(),
        Start::Weights(weights) => training.from_weights(weights),
        Start::State(state) => training.from_checkpoint(*state),
    }
}

/// By a [`Config`], on one process; a model of one's own is trained by way of [`Training`].
impl Trainer {
    /// A fresh start.
    ///
    /// # Errors
    /// If the network cannot take the data; as [`Training::fresh`].
    pub fn new(config: &Config, data: &Arc<Data>) -> Result<Self, Error> {
        trainer(config, data, single(), Start::Fresh)
    }

    /// A fresh start from these weights, which are the average's, too.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if there are too few or too many.
    pub fn with_weights(config: &Config, data: &Arc<Data>, weights: Vec<f32>) -> Result<Self, Error> {
        trainer(config, data, single(), Start::Weights(weights))
    }

    /// Goes on from a checkpoint, as if training had never stopped.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if the checkpoint is of another network.
    pub fn with_state(config: &Config, data: &Arc<Data>, state: Checkpoint) -> Result<Self, Error> {
        trainer(config, data, single(), Start::State(Box::new(state)))
    }
}
