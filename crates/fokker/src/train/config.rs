//! What a config's `[train]` table says.

use fokker_jet::cpu::MOST_THREADS;
use serde::{Deserialize, Serialize};

use super::adam::AdamConfig;
use super::divergence::OnDivergence;
use super::held_out::HeldOutConfig;
use super::schedule::Schedule;

/// `[train]`: the optimisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// Makes sums independent of the number of threads, and of ranks.
    pub deterministic: bool,
    /// Shards that a batch is cut into where sums do not depend on the number of threads, and where there are several ranks, which take whole
    /// shards: no more ranks than shards. The sums depend on it.
    pub shards: usize,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// Minutes after which there is a checkpoint in any case, the first after one at most; 0: by steps alone. Nothing but what is kept depends on it.
    pub checkpoint_minutes: f64,
    /// What is done when a term, the gradient or a weight is not finite.
    pub on_divergence: OnDivergence,
    /// Of `rollback`: the factor on the learning rate each time.
    pub rollback_rate: f64,
    /// Of `rollback`: how many times, at most.
    pub rollbacks: u32,
    /// The loss on held-out rows, by which the best model is kept and training may be stopped; absent: neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOutConfig>,
    /// Adam.
    pub adam: AdamConfig,
}

/// The most shards: a batch has no more rows of use.
const MOST_SHARDS: usize = 1 << 16;

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
            shards: 8,
            log_every: 50,
            checkpoint_every: 1000,
            checkpoint_minutes: 10.0,
            on_divergence: OnDivergence::default(),
            rollback_rate: 0.5,
            rollbacks: 3,
            held_out: None,
            adam: AdamConfig::default(),
        }
    }
}

impl TrainConfig {
    /// Steps from one measurement of the held-out loss to the next: they have lines of the metrics.
    pub(super) fn held_out_every(&self, held_out: &HeldOutConfig) -> u64 {
        held_out.every.max(1).div_ceil(self.log_every.max(1)).saturating_mul(self.log_every.max(1))
    }

    /// Refuses numbers out of their range; the error is the key at fault and the reason.
    ///
    /// # Errors
    /// For the first such key.
    ///
    /// ```
    /// use fokker::train::TrainConfig;
    /// assert!(TrainConfig::default().validate().is_ok());
    /// let (key, _) = TrainConfig { batch: 0, ..TrainConfig::default() }.validate().unwrap_err();
    /// assert_eq!(key, "train.batch");
    /// ```
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let (adam, share) = (&self.adam, 0.0..1.0);
        let threads = format!("must be at most {MOST_THREADS}");
        let rules = [
            ((1..=1 << 24).contains(&self.batch), "train.batch", "must be between 1 and 2^24"),
            ((1..=65_536).contains(&self.chunk_rows), "train.chunk_rows", "must be between 1 and 65536"),
            (self.threads <= MOST_THREADS, "train.threads", &threads),
            ((1..=MOST_SHARDS).contains(&self.shards), "train.shards", "must be between 1 and 65536"),
            (positive(self.learning_rate), "train.learning_rate", "must be positive and finite"),
            (share.contains(&self.ema_decay), "train.ema_decay", "must be in [0, 1)"),
            (share.contains(&adam.beta1), "train.adam.beta1", "must be in [0, 1)"),
            (share.contains(&adam.beta2), "train.adam.beta2", "must be in [0, 1)"),
            (positive(adam.epsilon), "train.adam.epsilon", "must be positive and finite"),
            (adam.clip >= 0.0, "train.adam.clip", "must be at least 0"),
            (
                adam.weight_decay >= 0.0 && adam.weight_decay.is_finite(),
                "train.adam.weight_decay",
                "must be at least 0 and finite",
            ),
            (self.log_every > 0, "train.log_every", "must be at least 1"),
            (self.checkpoint_minutes >= 0.0, "train.checkpoint_minutes", "must be at least 0"),
            (
                self.rollback_rate > 0.0 && self.rollback_rate <= 1.0,
                "train.rollback_rate",
                "must be above 0 and at most 1",
            ),
        ];
        self.held_out.as_ref().map_or(Ok(()), HeldOutConfig::validate)?;
        rules.into_iter().find(|(good, ..)| !good).map_or(Ok(()), |(_, key, reason)| Err((key, reason.into())))
    }
}
