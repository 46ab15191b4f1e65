//! Score networks, built as graphs that carry jets.

mod mlp;
mod time;

use fokker_jet::{Function, Graph, NodeId};
use serde::{Deserialize, Serialize};

pub use time::{TimeConfig, TimeFeatures};

use crate::sde::Sde;

/// The nonlinearity between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// a σ(a).
    Silu,
    /// tanh a.
    Tanh,
}

impl Activation {
    /// The same as an elementwise function.
    #[must_use]
    pub fn function(self) -> Function {
        match self {
            Self::Silu => Function::Silu,
            Self::Tanh => Function::Tanh,
        }
    }
}

/// The architecture of a score network; the `[network]` table of a config.
///
/// ```
/// use fokker::net::NetworkConfig;
/// let network: NetworkConfig = toml::from_str("kind = \"mlp\"\nwidth = 64\ndepth = 2")?;
/// assert!(toml::from_str::<NetworkConfig>("kind = \"mlp\"\nwidht = 64").is_err());
/// # let _ = network;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum NetworkConfig {
    /// A multilayer perceptron on (x, time features).
    Mlp {
        /// Features of each hidden layer.
        #[serde(default = "width")]
        width: usize,
        /// Number of hidden layers.
        #[serde(default = "depth")]
        depth: usize,
        /// Nonlinearity.
        #[serde(default = "activation")]
        activation: Activation,
        /// Adds each hidden layer's input to its output, from the second on (He et al. 2015, arXiv 1512.03385).
        #[serde(default)]
        skip: bool,
        /// How time enters.
        #[serde(default)]
        time: TimeConfig,
    },
}

fn width() -> usize {
    128
}
fn depth() -> usize {
    3
}
fn activation() -> Activation {
    Activation::Silu
}

impl NetworkConfig {
    /// Checks the sizes; the error is the key at fault and the reason.
    ///
    /// # Errors
    /// If a size is 0 or absurd.
    pub fn validate(&self) -> Result<(), (String, String)> {
        let Self::Mlp { width, depth, time, .. } = *self;
        let within = |key: &str, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err((key.to_owned(), format!("must be between {low} and {high}, not {value}")))
            }
        };
        within("network.width", width, 1, 65_536)?;
        within("network.depth", depth, 1, 1000)?;
        if width * width * depth > 1 << 30 {
            return Err(("network.width".into(), "width² × depth must be at most 2^30".into()));
        }
        if let TimeConfig::LogSigma { frequencies } = time {
            within("network.time.frequencies", frequencies, 0, 1000)?;
        }
        Ok(())
    }

    /// How time enters, for this SDE.
    #[must_use]
    pub fn time_features(&self, sde: &Sde) -> TimeFeatures {
        let Self::Mlp { time, .. } = self;
        TimeFeatures::new(*time, sde)
    }

    /// Adds the network to a graph: from x (`dim`) and the time features to `dim` outputs.
    pub fn build(&self, graph: &mut Graph, x: NodeId, features: NodeId, dim: usize) -> NodeId {
        let Self::Mlp { width, depth, activation, skip, .. } = *self;
        mlp::build(graph, &[x, features], width, depth, activation.function(), skip, dim)
    }
}
