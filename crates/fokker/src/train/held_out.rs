//! The loss on held-out rows while a model is trained: when it learns its rows by heart, this is what turns.

use std::sync::Arc;

use fokker_jet::cpu::{Parameters, Workers};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::{Data, HeldOutRows, RowsOptions, ScalingConfig};
use crate::objective::{LossConfig, Objective, Step};
use crate::rng::Streams;
use crate::score::network::ScoreModel;

/// `[train.held_out]`: denoising score matching of the averaged weights on held-out rows, the same rows, times and noise each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeldOutConfig {
    /// Steps from one measurement to the next; rounded up to a multiple of `train.log_every`.
    pub every: u64,
    /// Draws of a held-out row, a time and noise.
    pub rows: usize,
    /// Training stops when so many measurements in a row were no better than the best; 0: it goes on to its last step.
    pub patience: u64,
    /// Which weights are the model in the end.
    pub keep: Keep,
}

impl Default for HeldOutConfig {
    fn default() -> Self {
        Self { every: 500, rows: 4096, patience: 0, keep: Keep::default() }
    }
}

/// Which of the averaged weights are a run's model: the best by the loss on held-out rows are kept beside the last ones in any case.
///
/// ```
/// assert_eq!(fokker::train::Keep::default(), fokker::train::Keep::Last);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those of the last step.
    #[default]
    Last,
    /// Those whose loss on held-out rows was the least.
    Best,
}

/// The most rows of a measurement.
const MOST_ROWS: usize = 1 << 20;

impl HeldOutConfig {
    /// Refuses numbers out of their range; the error is the key at fault and the reason.
    pub(super) fn validate(&self) -> Result<(), (&'static str, String)> {
        let rules = [
            (self.every > 0, "train.held_out.every", "must be at least 1"),
            ((1..=MOST_ROWS).contains(&self.rows), "train.held_out.rows", "must be between 1 and 1048576"),
        ];
        rules.into_iter().find(|(good, ..)| !good).map_or(Ok(()), |(_, key, reason)| Err((key, reason.into())))
    }
}

/// The least held-out loss so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Steps done when it was measured.
    pub step: u64,
    /// The loss.
    pub loss: f64,
}

/// Measures the loss on held-out rows.
#[derive(Debug)]
pub(super) struct HeldOut {
    model: ScoreModel,
    objective: Objective<f32>,
    gradient: Vec<f32>,
}

impl HeldOut {
    /// `over` lays the objective over the ranks.
    pub fn new(
        config: &HeldOutConfig, model: &ScoreModel, data: &Data, loss: &LossConfig, seed: u64, workers: &Arc<Workers>,
        over: &impl Fn(Objective<f32>) -> Result<Objective<f32>, Error>,
    ) -> Result<Self, Error> {
        let dim = data.dim();
        let (mut stream, mut values) = (Streams::new(seed).named("held-out rows"), vec![0.0_f32; config.rows * dim]);
        values.chunks_exact_mut(dim).for_each(|row| data.draw_held_out(&mut stream, row));
        let given = HeldOutRows::Given(values[..dim].iter().map(|&x| f64::from(x)).collect());
        let options = RowsOptions { held_out: given, scaling: ScalingConfig::None, ..RowsOptions::default() };
        let rows = Arc::new(Data::from_rows(&values, dim, &options)?);
        // The rows' own targets: averaged ones would be of the few rows that are held out.
        let plain = LossConfig { reference_batch: 0, ..loss.plain() };
        let objective = over(Objective::new(model, &rows, &plain, config.rows, seed, workers)?)?;
        Ok(Self { model: model.clone(), objective, gradient: vec![0.0; model.graph().parameter_count()] })
    }

    /// The loss of these weights.
    pub fn loss(&mut self, weights: &[f32]) -> f64 {
        let parameters = Parameters::new(self.model.graph(), weights.to_vec());
        self.objective.evaluate(Step(0), &parameters, &mut self.gradient).get("dsm").unwrap_or(f64::NAN)
    }
}
