//! What a config's `[score]` table says.

use serde::{Deserialize, Serialize};

use super::network::Parameterisation;

/// `[score]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreConfig {
    /// What the network's output stands for.
    pub parameterisation: Parameterisation,
}

impl Default for ScoreConfig {
    fn default() -> Self {
        Self { parameterisation: Parameterisation::Noise }
    }
}
