//! What training carries from step to step beside weights and moments.

use serde::{Deserialize, Serialize};

use super::held_out::Best;
use super::metrics::Sums;

/// What training carries from step to step beside weights and moments: the sums behind the next line of the metrics, and the least loss on
/// held-out rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    pub(super) sums: Sums,
    /// The least held-out loss, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}
