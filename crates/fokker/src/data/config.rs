//! The `[data]` table of a configuration.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{PotentialConfig, TableConfig};

/// What a configuration's `[data]` table says; its `kind` chooses the variant.
///
/// Unknown keys and wrong types are refused; every key but a path has a default, that of some being not to be there.
///
/// ```
/// use fokker::data::DataConfig;
/// let config: DataConfig = toml::from_str("kind = \"moons\"\nnoise = 0.05")?;
/// assert_eq!(config, DataConfig::Moons { noise: 0.05 });
/// assert!(toml::from_str::<DataConfig>("kind = \"moons\"\nnois = 0.05").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DataConfig {
    /// Gaussians of equal weight on a circle in the plane; the density is known.
    Ring {
        /// Number of Gaussians, 1 to 10,000.
        #[serde(default = "default::modes")]
        modes: usize,
        /// Radius of the circle.
        #[serde(default = "default::radius")]
        radius: f64,
        /// Standard deviation of each Gaussian.
        #[serde(default = "default::std")]
        std: f64,
    },
    /// The standard normal law; the density is known.
    Normal {
        /// Dimension, 1 to 1,000,000.
        #[serde(default = "default::dim")]
        dim: usize,
    },
    /// A random Gaussian mixture with full covariances; the density is known.
    Mixture {
        /// Dimension, 1 to 1,024.
        #[serde(default = "default::dim")]
        dim: usize,
        /// Number of Gaussians; components × dim² is at most 10⁷.
        #[serde(default = "default::components")]
        components: usize,
        /// Chooses the mixture.
        #[serde(default)]
        seed: u64,
    },
    /// Uniform on the dark squares of a board [−half_width, half_width]², whose lower left square is dark.
    Checkerboard {
        /// Squares along each side, 1 to 1,024.
        #[serde(default = "default::cells")]
        cells: usize,
        /// Half of the board's side.
        #[serde(default = "default::half_width")]
        half_width: f64,
    },
    /// Spiral arms in the plane that start at the origin and reach radius 2.
    Spirals {
        /// Number of arms, 1 to 10,000.
        #[serde(default = "default::arms")]
        arms: usize,
        /// Turns of each arm, up to 1,000.
        #[serde(default = "default::turns")]
        turns: f64,
        /// Standard deviation of the Gaussian noise added to both coordinates.
        #[serde(default = "default::noise")]
        noise: f64,
    },
    /// Two interleaved half circles of radius 4/3 in [−2, 2] × [−1, 1].
    Moons {
        /// Standard deviation of the Gaussian noise added to both coordinates.
        #[serde(default = "default::noise")]
        noise: f64,
    },
    /// A finite number of rows, drawn once from a generator, to train on; held-out rows are fresh draws of it.
    Finite {
        /// Number of rows, 1 to 10,000,000.
        rows: usize,
        /// Chooses the rows.
        #[serde(default)]
        seed: u64,
        /// The generator.
        of: Box<DataConfig>,
    },
    /// A table of numbers, one row per point, from a file.
    File(TableConfig),
    /// Images, recognised by their files: the MNIST family, CIFAR, ImageNet 32×32, a folder of image files, NumPy arrays.
    ///
    /// Pixels stay 8-bit; a row draws (u + U) / 128 − 1 with U uniform in (0, 1). An array of floating-point images is continuous
    /// data: its range becomes [−1, 1]. What is recognised, and how, is told in the documentation of [`data`](super).
    Images {
        /// The folder or file, relative to the working folder.
        path: PathBuf,
        /// Whether each training row that is drawn is mirrored, left to right, with probability 1/2; held-out rows never are.
        #[serde(default)]
        flip: bool,
        /// Image files are cropped to their central square and resized to this many pixels a side, 1 to 4,096; without it all must
        /// have one size. Only for folders of image files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<usize>,
        /// The part of the images that is held out, between 0 and 1, where the format has no test images of its own.
        #[serde(default = "default::held_out")]
        held_out: f64,
    },
    /// A fixed set of rows from a potential at a temperature, simulated or drawn; the density is known at t = 0.
    Potential(PotentialConfig),
    /// Data that the caller handed over ([`Data::from_rows`](super::Data::from_rows), [`Data::from_images`](super::Data::from_images)):
    /// what a saved run says of it. It cannot be loaded ([`DataError::InMemory`](super::DataError::InMemory)).
    Memory {},
}

impl DataConfig {
    /// The file or folder that the data are read from, if they are.
    ///
    /// ```
    /// use fokker::data::{DataConfig, TableConfig};
    /// assert_eq!(DataConfig::File(TableConfig::new("x.csv")).path(), Some("x.csv".as_ref()));
    /// assert_eq!(DataConfig::default().path(), None);
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(TableConfig { path, .. }) | Self::Images { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(TableConfig { path, .. }) | Self::Images { path, .. } => Some(path),
            _ => None,
        }
    }
}

/// How the columns of a [`DataConfig::File`] or a [`DataConfig::Potential`] become model coordinates.
///
/// ```
/// use fokker::data::{DataConfig, ScalingConfig};
/// let config: DataConfig = toml::from_str("kind = \"file\"\npath = \"x.npy\"\nscaling = \"min-max\"")?;
/// assert!(matches!(config, DataConfig::File(table) if table.scaling == ScalingConfig::MinMax));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScalingConfig {
    /// Mean 0 and standard deviation 1 per column.
    #[default]
    Standardise,
    /// Mean 0 per column, and one scale for all of them, the mean of their standard deviations: angles and the ratios of lengths are kept.
    Isotropic,
    /// The range of each column becomes [−1, 1].
    MinMax,
    /// As they are.
    None,
}

impl Default for DataConfig {
    /// The ring of eight Gaussians.
    fn default() -> Self {
        Self::Ring { modes: default::modes(), radius: default::radius(), std: default::std() }
    }
}

mod default {
    pub(super) fn modes() -> usize {
        8
    }
    pub(super) fn radius() -> f64 {
        1.5
    }
    pub(super) fn std() -> f64 {
        0.15
    }
    pub(super) fn dim() -> usize {
        5
    }
    pub(super) fn components() -> usize {
        6
    }
    pub(super) fn cells() -> usize {
        4
    }
    pub(super) fn half_width() -> f64 {
        2.0
    }
    pub(super) fn arms() -> usize {
        2
    }
    pub(super) fn turns() -> f64 {
        1.5
    }
    pub(super) fn noise() -> f64 {
        0.1
    }
    pub(super) fn held_out() -> f64 {
        0.1
    }
}
