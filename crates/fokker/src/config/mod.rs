//! What a run is: TOML in, one resolved [`Config`] out.

mod change;
mod keys;
mod parse;
mod presets;
mod validate;

use fokker_jet::Shape;
use serde::{Deserialize, Serialize};

pub use crate::audit::AuditConfig;
pub use keys::{Key, keys, schema};
pub use presets::{PRESETS, Preset};

use crate::Error;
use crate::data::{DataConfig, nearest};
use crate::memory;
use crate::net::NetworkConfig;
use crate::objective::LossConfig;
pub use crate::score::ScoreConfig;
use crate::score::network::ScoreModel;
use crate::sde::Sde;
use crate::study::Arm;
use crate::train::TrainConfig;

/// A run: data, SDE, network, objective, training, audit. Every key is read by something; unknown keys are errors.
///
/// ```
/// use fokker::config::Config;
/// let config = Config::preset("ring8", &["train.steps=100".into()])?;
/// assert_eq!(config.train.steps, 100);
/// let error = Config::preset("ring8", &["network.widht=3".into()]).unwrap_err();
/// assert!(error.to_string().contains("network.widht"));
/// # Ok::<(), fokker::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Fixes every random number of the run.
    #[serde(default)]
    pub seed: u64,
    /// The most memory that the run may take, as `"4 GiB"`; absent: a share of the machine's ([`memory`](mod@crate::memory)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Where rows come from.
    pub data: DataConfig,
    /// The forward SDE.
    pub sde: Sde,
    /// The network.
    pub network: NetworkConfig,
    /// What the network's output stands for.
    #[serde(default)]
    pub score: ScoreConfig,
    /// The objective.
    pub loss: LossConfig,
    /// The optimisation.
    pub train: TrainConfig,
    /// What is measured afterwards.
    #[serde(default)]
    pub audit: AuditConfig,
    /// The ways to train that `compare` compares: `[[arm]]` tables; none: with and without the score-FPE term.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arm: Vec<Arm>,
}

impl Config {
    /// Reads a config; `origin` names it in errors, `overrides` are `key=value` with dotted keys and TOML values. Of the tables `sde`,
    /// `network` (with `score`), `loss` (with `arm`) and `train` those that are left out are the preset's for the kind of data.
    ///
    /// ```
    /// use fokker::config::Config;
    /// let config = Config::parse("data = { kind = \"file\", path = \"mine.csv\" }", "mine.toml", &[])?;
    /// assert_eq!(config.network, Config::preset("table", &[])?.network);
    /// # Ok::<(), fokker::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] naming the key and the reason.
    pub fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Self, Error> {
        let config = parse::parse(text, origin, overrides)?;
        validate::validate(&config, origin)?;
        Ok(config)
    }

    /// A built-in preset.
    ///
    /// # Errors
    /// [`Error::Config`] if there is none of this name or an override does not fit.
    pub fn preset(name: &str, overrides: &[String]) -> Result<Self, Error> {
        let preset = PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| Error::Config {
            origin: "--preset".into(),
            key: name.into(),
            reason: match nearest(name, PRESETS.iter().map(|preset| preset.name)) {
                Some(meant) => format!("no such preset; is `{meant}` meant?"),
                None => format!("no such preset; there are {}", presets::names()),
            },
        })?;
        Self::parse(preset.toml, &format!("preset {name}"), overrides)
    }

    /// The config as TOML, every default written out.
    ///
    /// # Errors
    /// [`Error::Config`] if it cannot be written as TOML; [`Error::Sde`] for an SDE of the caller's own.
    pub fn to_toml(&self) -> Result<String, Error> {
        self.sde.require_built_in()?;
        toml::to_string(self).map_err(|error| Error::Config {
            origin: "config".into(),
            key: "(whole)".into(),
            reason: error.to_string(),
        })
    }

    /// Checks that the network can take data of this shape; `origin` names the config in errors.
    ///
    /// # Errors
    /// [`Error::Config`] naming the key and the reason.
    pub fn check(&self, shape: Shape, origin: &str) -> Result<(), Error> {
        self.network.check(shape).map_err(|(key, reason)| Error::Config { origin: origin.into(), key, reason })
    }

    /// Makes the key `memory` the process's budget, unless an option has set one already.
    pub fn suggest_budget(&self) {
        // Checked when the config was read.
        if let Some(Ok(bytes)) = self.memory.as_deref().map(memory::parse) {
            memory::suggest_budget(bytes);
        }
    }

    /// The same run with the number of threads that 0, all of the machine's, stands for: sums depend on it, so a run that is to be gone on
    /// with must say it.
    ///
    /// ```
    /// use fokker::config::Config;
    /// let config = Config::preset("ring8", &["train.threads=0".into()])?;
    /// assert!(config.with_threads().train.threads > 0);
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn with_threads(&self) -> Self {
        let mut config = self.clone();
        if config.train.threads == 0 {
            config.train.threads = std::thread::available_parallelism().map_or(1, usize::from);
        }
        config
    }

    /// The score model for data of this shape.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the shape.
    #[must_use]
    pub fn model(&self, shape: Shape) -> ScoreModel {
        ScoreModel::new(shape, &self.sde, &self.network, self.score.parameterisation)
    }

    /// The first key, dotted, that has another value in `other`; `None` if the two are one.
    ///
    /// ```
    /// use fokker::config::Config;
    /// let one = Config::preset("ring8", &[])?;
    /// let other = Config::preset("ring8", &["train.steps=7".into()])?;
    /// assert_eq!((one.difference(&other).as_deref(), one.difference(&one)), (Some("train.steps"), None));
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let table = |config: &Self| toml::Table::try_from(config).unwrap_or_default();
        if self == other { None } else { Some(parse::difference(&table(self), &table(other)).join(".")) }
    }
}
