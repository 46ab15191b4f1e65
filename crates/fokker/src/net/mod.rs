//! Score networks, built as graphs that carry jets.

mod mlp;
mod ranges;
mod time;
mod unet;

use fokker_jet::{Function, Graph, NodeId, Shape};
use serde::{Deserialize, Serialize};

pub use ranges::{TimeRange, Windows};
pub use time::{TimeConfig, TimeFeatures};
pub use unet::{Skips, UnetConfig, UnetResampling};

use crate::sde::Sde;

/// The nonlinearity between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// What a network gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// The score, D numbers: a vector field, which need not be a gradient.
    #[default]
    Score,
    /// A log-density, one number, whose gradient in x is the score: an energy model.
    Energy,
}

impl Output {
    /// Is it the score? (Then a config need not say so.)
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if`")]
    pub fn is_score(&self) -> bool {
        *self == Self::Score
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
        /// The part of each hidden layer's values that is dropped in training (Srivastava et al. 2014, JMLR 15, 1929), the others being
        /// scaled up.
        #[serde(default, skip_serializing_if = "is_zero")]
        dropout: f64,
        /// How time enters.
        #[serde(default)]
        time: TimeConfig,
        /// What it gives.
        #[serde(default, skip_serializing_if = "Output::is_score")]
        output: Output,
        /// Width in t of the zone around each border of `range` in which one network becomes the next (0.02 if not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blend: Option<f64>,
        /// Intervals of t, each with a network of its own; none: one network for all t.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        range: Vec<TimeRange>,
    },
    /// A U-Net on images, told of time in every block.
    Unet(UnetConfig),
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// An error, the key and the reason, unless it is a part of what there is.
fn check_dropout(dropout: f64) -> Result<(), (String, String)> {
    if (0.0..1.0).contains(&dropout) {
        Ok(())
    } else {
        Err(("network.dropout".into(), format!("must be in [0, 1), not {dropout}")))
    }
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

/// An error, the key and the reason, unless the value is in `low..=high`.
fn within(key: &str, value: usize, low: usize, high: usize) -> Result<(), (String, String)> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err((key.to_owned(), format!("must be between {low} and {high}, not {value}")))
    }
}

impl NetworkConfig {
    /// Checks the sizes; the error is the key at fault and the reason.
    ///
    /// # Errors
    /// If a size is 0 or absurd, or the intervals of t are none.
    pub fn validate(&self) -> Result<(), (String, String)> {
        match self {
            Self::Mlp { width, depth, dropout, .. } => mlp::validate(*width, *depth, *dropout),
            Self::Unet(unet) => unet.validate(),
        }?;
        ranges::validate(self.ranges(), self.blend())?;
        for (k, range) in self.ranges().iter().enumerate() {
            self.of_range(range).map_err(|reason| ("network.range".into(), format!("interval {k}: {reason}")))?;
        }
        self.time().validate().map_err(|(key, reason)| (format!("network.time.{key}"), reason))
    }

    /// Checks that the intervals of t are those of a score that is used from `t_min` on; the error is the key at fault and the reason.
    ///
    /// # Errors
    /// If the first ends before `t_min`.
    pub fn check_t_min(&self, t_min: f64) -> Result<(), (String, String)> {
        ranges::check_t_min(self.ranges(), t_min)
    }

    /// Checks that the network can take data of this shape; the error is the key at fault and the reason.
    ///
    /// # Errors
    /// For a U-Net, if the data is no images, they cannot be halved as often as there are levels, or attention is asked for at a
    /// height that no level has.
    pub fn check(&self, shape: Shape) -> Result<(), (String, String)> {
        match self {
            Self::Mlp { .. } => Ok(()),
            Self::Unet(unet) => unet.check(shape),
        }
    }

    /// The shape in which data of this shape enters and leaves: a multilayer perceptron sees images as vectors.
    #[must_use]
    pub fn shape(&self, data: Shape) -> Shape {
        match self {
            Self::Mlp { .. } => Shape::vector(data.len()),
            Self::Unet(_) => data,
        }
    }

    /// The part of the hidden values that is dropped in training.
    #[must_use]
    pub fn dropout(&self) -> f64 {
        match self {
            Self::Mlp { dropout, .. } | Self::Unet(UnetConfig { dropout, .. }) => *dropout,
        }
    }

    /// The same network, to which nothing is dropped in training.
    #[must_use]
    pub fn without_dropout(&self) -> Self {
        let mut network = self.clone();
        match &mut network {
            Self::Mlp { dropout, .. } | Self::Unet(UnetConfig { dropout, .. }) => *dropout = 0.0,
        }
        network
    }

    /// How time enters, for this SDE.
    #[must_use]
    pub fn time_features(&self, sde: &Sde) -> TimeFeatures {
        TimeFeatures::new(self.time(), sde)
    }

    /// What it gives.
    #[must_use]
    pub fn output(&self) -> Output {
        match self {
            Self::Mlp { output, .. } | Self::Unet(UnetConfig { output, .. }) => *output,
        }
    }

    /// The intervals of t that have networks of their own; none for a single network.
    #[must_use]
    pub fn ranges(&self) -> &[TimeRange] {
        match self {
            Self::Mlp { range, .. } | Self::Unet(UnetConfig { range, .. }) => range,
        }
    }

    /// The windows by which the networks of the intervals are weighed.
    #[must_use]
    pub fn windows(&self) -> Windows {
        Windows::new(self.ranges(), self.blend())
    }

    fn blend(&self) -> Option<f64> {
        match self {
            Self::Mlp { blend, .. } | Self::Unet(UnetConfig { blend, .. }) => *blend,
        }
    }

    /// The network of an interval, or why it cannot be.
    fn of_range(&self, range: &TimeRange) -> Result<Self, String> {
        let mut one = self.clone();
        match &mut one {
            Self::Mlp { width, depth, dropout, blend, range: all, .. } => {
                (*width, *depth) = (range.width.unwrap_or(*width), range.depth.unwrap_or(*depth));
                (*blend, *all) = (None, Vec::new());
                mlp::validate(*width, *depth, *dropout).map_err(|(key, reason)| format!("{key}: {reason}"))?;
            }
            Self::Unet(UnetConfig { blend, range: all, .. }) => {
                if range.width.or(range.depth).is_some() {
                    return Err("width and depth of its own are for networks of kind mlp".into());
                }
                (*blend, *all) = (None, Vec::new());
            }
        }
        Ok(one)
    }

    fn time(&self) -> TimeConfig {
        match self {
            Self::Mlp { time, .. } | Self::Unet(UnetConfig { time, .. }) => *time,
        }
    }

    /// Adds the network to a graph: from x (of [`shape`](Self::shape)) and the time features to a node of x's shape, or of one number
    /// if it gives an energy. With intervals of t the [`windows`](Self::windows) are further inputs of the graph, of one number each.
    /// With `dropout` each mask is one after those; parameters are the same, in the same order.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) refuses the network, or [`check`](Self::check) x's shape.
    pub fn build(&self, graph: &mut Graph, x: NodeId, features: NodeId, dropout: bool) -> NodeId {
        let windows: Vec<_> = self.ranges().iter().map(|_| graph.input(1)).collect();
        let mut parts = Vec::new();
        for (k, (range, window)) in self.ranges().iter().zip(windows).enumerate() {
            let network = self.of_range(range).unwrap_or_else(|reason| panic!("network.range: {reason}"));
            let one = |graph: &mut Graph| network.build_one(graph, x, features, dropout);
            let named = |graph: &mut Graph| graph.named_below(&format!("range.{k}."), one);
            parts.push(graph.weighted(window, named));
        }
        let sum = parts.into_iter().reduce(|sum, part| graph.add(sum, part));
        sum.unwrap_or_else(|| self.build_one(graph, x, features, dropout))
    }

    /// A single network.
    fn build_one(&self, graph: &mut Graph, x: NodeId, features: NodeId, dropout: bool) -> NodeId {
        match self {
            Self::Mlp { width, depth, activation, skip, dropout: rate, output, .. } => {
                let outputs = if output.is_score() { graph.width(x) } else { 1 };
                let layers = mlp::Layers {
                    width: *width,
                    depth: *depth,
                    function: activation.function(),
                    skip: *skip,
                    dropout: dropout && *rate > 0.0,
                };
                mlp::build(graph, &[x, features], &layers, outputs)
            }
            Self::Unet(unet) => unet::build(unet, graph, x, features, dropout),
        }
    }
}
