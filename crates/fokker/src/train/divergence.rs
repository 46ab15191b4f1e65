//! What is done when training meets numbers that are not finite.

use serde::{Deserialize, Serialize};

/// What is done when a term, the gradient or a weight is infinite or NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDivergence {
    /// Training stops; the last checkpoint is kept.
    #[default]
    Stop,
    /// Training goes back to the last checkpoint and on from there at `train.rollback_rate` of its learning rate, `train.rollbacks` times at most.
    Rollback,
}
