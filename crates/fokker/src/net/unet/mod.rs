//! The U-Net: residual blocks on ever fewer pixels and back, with skips between equal numbers of pixels.
//!
//! Ronneberger et al. 2015 (arXiv 1505.04597), as of Ho et al. 2020 (DDPM, arXiv 2006.11239) and Song et al. 2021 (DDPM++ and
//! NCSN++, arXiv 2011.13456, appendix H).

mod block;
mod build;
mod check;

use serde::{Deserialize, Serialize};

use super::{Output, TimeConfig, TimeRange};
pub(super) use build::build;

/// A U-Net; the `[network]` table of a config with `kind = "unet"`. The defaults are those of DDPM++, at half its width.
///
/// With `rescale` and `resampling = "residual"` it is DDPM++, with `fir` and `input_pyramid` as well the `input_skip` form of NCSN++;
/// with `skips = "level"` and `resampling = "plain"` it is the leanest U-Net that has a skip at each level.
///
/// ```
/// use fokker::net::NetworkConfig;
/// use fokker_jet::Shape;
/// let network: NetworkConfig = toml::from_str("kind = \"unet\"\nwidth = 32\nmultipliers = [1, 2]\nattention = [14]")?;
/// let digits = Shape { height: 28, width: 28, channels: 1 };
/// assert!(network.check(digits).is_ok());
/// let (key, _) = network.check(Shape::vector(784)).unwrap_err();
/// assert_eq!(key, "network.kind");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UnetConfig {
    /// Channels that a multiplier of 1 stands for. The time embedding has four times as many features.
    pub width: usize,
    /// Channels of each level, in units of `width`; each level has half the height and width of the one before.
    pub multipliers: Vec<usize>,
    /// Residual blocks of a level on the way down.
    pub blocks: usize,
    /// Heights (in pixels) of the levels that have self-attention.
    pub attention: Vec<usize>,
    /// How one level becomes the next.
    pub resampling: UnetResampling,
    /// Resamples with the filter (1, 3, 3, 1) in place of means and nearest neighbours.
    pub fir: bool,
    /// Adds the input, resampled and through a 1 × 1 convolution, to each level on the way down (`input_skip`, summed).
    pub input_pyramid: bool,
    /// Divides the sums of residual blocks and of attention by √2.
    pub rescale: bool,
    /// Part of the channels' pixels that is dropped within each residual block, in training alone (Srivastava et al. 2014).
    pub dropout: f64,
    /// Most groups of a normalisation: there are min(`groups`, channels/4), or the next lower number that divides the channels.
    pub groups: usize,
    /// Which values the way up sees again.
    pub skips: Skips,
    /// How time enters.
    pub time: TimeConfig,
    /// What it gives.
    #[serde(skip_serializing_if = "Output::is_score")]
    pub output: Output,
    /// Width in t of the zone around each border of `range` in which one network becomes the next (0.02 if not said).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blend: Option<f64>,
    /// Intervals of t, each with a network of its own; none: one network for all t.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub range: Vec<TimeRange>,
}

impl Default for UnetConfig {
    fn default() -> Self {
        Self {
            width: 64,
            multipliers: vec![1, 2, 2],
            blocks: 2,
            attention: Vec::new(),
            resampling: UnetResampling::default(),
            fir: false,
            input_pyramid: false,
            rescale: true,
            dropout: 0.0,
            groups: 32,
            skips: Skips::default(),
            time: TimeConfig::default(),
            output: Output::default(),
            blend: None,
            range: Vec::new(),
        }
    }
}

/// How one level becomes the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnetResampling {
    /// By a residual block of its own, which resamples both of its branches (Brock et al. 2019, arXiv 1809.11096).
    #[default]
    Residual,
    /// By the filter alone: no convolution, no parameters.
    Plain,
}

/// Which values the way up sees again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Skips {
    /// Those of the input layer, of every block and of every resampling: a level has one block more on the way up than on the way
    /// down, and between the two stand a block, attention and another block.
    #[default]
    Each,
    /// That of each level's last block: a level has as many blocks on the way up as on the way down, and the lowest level, which
    /// is gone through once, is all there is between the two.
    Level,
}

impl UnetConfig {
    /// Channels of a level.
    fn channels(&self, level: usize) -> usize {
        self.width * self.multipliers[level]
    }

    /// Groups of a normalisation of so many channels.
    fn groups(&self, channels: usize) -> usize {
        let most = self.groups.min(channels / 4).max(1);
        (1..=most).rev().find(|&groups| channels.is_multiple_of(groups)).unwrap_or(1)
    }
}
