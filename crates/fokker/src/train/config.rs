//! What a config's `[train]` table says.

use serde::{Deserialize, Serialize};

use super::{AdamConfig, Schedule};

/// `[train]`: the optimisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Optimiser steps; 0: the model is what training would start from.
    pub steps: u64,
    /// Rows a step.
    pub batch: usize,
    /// Learning rate after warm-up.
    pub learning_rate: f64,
    /// Its shape over the steps.
    pub schedule: Schedule,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// Decay of the averaged weights, which are the model; less during the first steps (see [`Adam::step`](super::Adam::step)).
    pub ema_decay: f64,
    /// Threads; 0: as many as the machine has.
    pub threads: usize,
    /// The least number of rows (pixels, of images) that a worker takes through the network at a time; it takes more where they fit
    /// its cache.
    #[serde(alias = "panel_rows")]
    pub chunk_rows: usize,
    /// Makes sums independent of the number of threads.
    pub deterministic: bool,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Steps between checkpoints; rounded up to a multiple of `log_every`.
    pub checkpoint_every: u64,
    /// Adam.
    pub adam: AdamConfig,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 10_000,
            batch: 512,
            learning_rate: 1e-3,
            schedule: Schedule::default(),
            warmup: 100,
            ema_decay: 0.999,
            threads: 0,
            chunk_rows: 64,
            deterministic: false,
            log_every: 50,
            checkpoint_every: 1000,
            adam: AdamConfig::default(),
        }
    }
}
