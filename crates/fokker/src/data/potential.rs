//! The `[data]` table of a potential.

use serde::{Deserialize, Serialize};

use super::ScalingConfig;
use crate::density::potential::PotentialName;

/// A fixed set of rows from the density e^{−U/kT}/Z of a potential ([`Potential`](crate::density::potential::Potential)), by simulation
/// or by exact draws.
///
/// All `frames` rows are trained on. Held out are further, independent **exact** draws, of trajectories too: a held-out likelihood is
/// then that of the density, not that of the trajectory's neighbourhood. [`Data::potential`](super::Data::potential) has the density.
///
/// ```
/// use fokker::data::{DataConfig, PotentialConfig};
/// use fokker::density::potential::PotentialName;
/// let config: DataConfig = toml::from_str("kind = \"potential\"\npotential = \"double-well\"\ndim = 4\nframes = 1000")?;
/// let expected = PotentialConfig {
///     potential: PotentialName::DoubleWell, dim: Some(4), frames: 1000, ..PotentialConfig::default()
/// };
/// assert_eq!(config, DataConfig::Potential(expected));
/// assert!(toml::from_str::<DataConfig>("kind = \"potential\"\npotential = \"tripple-well\"").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PotentialConfig {
    /// Which potential.
    pub potential: PotentialName,
    /// Dimension: of the double well 1 to 10,000, 2 unless it is given; 2 of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Temperature kT in the units of U, within a tenth of and ten times the potential's usual one, which it is unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kt: Option<f64>,
    /// How rows come about.
    pub sampling: Sampling,
    /// Number of training rows, at least 2.
    pub frames: usize,
    /// Steps of a trajectory from one row to the next, 50 unless it is given; frames × every is at most 10¹⁰.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
    /// A trajectory's time step; without it, the potential's usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dt: Option<f64>,
    /// A trajectory's mass, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mass: Option<f64>,
    /// A trajectory's friction, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friction: Option<f64>,
    /// Chooses the rows.
    pub seed: u64,
    /// Number of held-out rows as a part of `frames`, between 0 and 1; at least one row.
    pub held_out: f64,
    /// How columns are scaled, from the training rows alone.
    pub scaling: ScalingConfig,
}

impl Default for PotentialConfig {
    /// A trajectory of 100,000 frames of the Müller–Brown potential, scaled alike in all directions.
    fn default() -> Self {
        Self {
            potential: PotentialName::default(),
            dim: None,
            kt: None,
            sampling: Sampling::default(),
            frames: 100_000,
            every: None,
            dt: None,
            mass: None,
            friction: None,
            seed: 0,
            held_out: 0.1,
            scaling: ScalingConfig::Isotropic,
        }
    }
}

/// How the rows of a potential come about.
///
/// ```
/// use fokker::data::Sampling;
/// assert_eq!(serde_json::from_str::<Sampling>("\"exact\"")?, Sampling::Exact);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// One Langevin trajectory from the potential's start, nothing left out at its beginning: rows are correlated, and a barrier of many kT
    /// is never crossed (that of `gaussian-mixture` is 25).
    #[default]
    Trajectory,
    /// Independent draws of e^{−U/kT}/Z.
    Exact,
}
