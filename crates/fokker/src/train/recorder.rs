//! Whoever keeps what training hands over.

use super::checkpoint::Checkpoint;
use super::held_out::Best;
use super::metrics::Metrics;
use crate::Error;
use crate::objective::LossTerms;
use crate::score::network::NetworkScore;

/// Keeps what training hands over: its metrics, its checkpoints.
pub trait Recorder {
    /// After each step.
    fn step(&mut self, done: u64, terms: &LossTerms);
    /// After each logged stretch of steps.
    ///
    /// # Errors
    /// Whatever keeps the line from being kept; training stops.
    fn metrics(&mut self, metrics: &Metrics) -> Result<(), Error>;
    /// When a checkpoint is due.
    ///
    /// # Errors
    /// Whatever keeps it from being written; training stops.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error>;
    /// When the loss on held-out rows is the least so far: the loss, and the model.
    ///
    /// # Errors
    /// Whatever keeps it from being kept; training stops.
    fn best(&mut self, best: Best, score: &NetworkScore<f32>) -> Result<(), Error> {
        let _ = (best, score);
        Ok(())
    }
    /// Is training to stop after the step that it is in?
    fn stops(&self) -> bool {
        false
    }
}

/// Whoever wants to hear nothing: a recorder that keeps nothing, an observer that shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Recorder for Silent {
    fn step(&mut self, _: u64, _: &LossTerms) {}
    fn metrics(&mut self, _: &Metrics) -> Result<(), Error> {
        Ok(())
    }
    fn checkpoint(&mut self, _: &Checkpoint) -> Result<(), Error> {
        Ok(())
    }
}
