//! What an audit found.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AuditConfig, definitions, verdict};
use crate::distance::Closest;
use crate::figure::{Definition, Figures};

/// Everything measured on one model; `audit.json`.
///
/// The figures' keys and meanings are in `docs/json.md`. Two models audited with the same settings and seed are measured at the same
/// points: [`Difference`](crate::figure::Difference) compares them by pairs.
///
/// ```
/// use fokker::audit::{Audit, AuditConfig};
/// let audit = Audit { seed: 7, settings: AuditConfig::default(), figures: Default::default(), closest: vec![], steps: None, columns: None };
/// assert!(serde_json::to_string(&audit)?.starts_with("{\"seed\":7,"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// The seed of the audit's draws.
    pub seed: u64,
    /// What was asked for.
    pub settings: AuditConfig,
    /// What was found. The values at the points behind them are in a file of their own.
    pub figures: Figures,
    /// The samples most like a training row, for pictures; in no file.
    pub closest: Vec<Closest>,
    /// Steps of training behind the model, where it is a run's.
    pub steps: Option<u64>,
    /// What the columns of the data are called, if they have names.
    pub columns: Option<Vec<String>>,
}

impl Audit {
    /// The mean over models of several seeds, as each figure's definition says; a single one itself. `None` if there is none.
    #[must_use]
    pub fn over_seeds(all: &[&Self]) -> Option<Self> {
        let first = *all.first()?;
        if all.len() == 1 {
            return Some(first.clone());
        }
        let figures = Figures::over_seeds(&all.iter().map(|audit| &audit.figures).collect::<Vec<_>>());
        let steps = first.steps.filter(|_| all.iter().all(|audit| audit.steps == first.steps));
        Some(Self {
            seed: first.seed,
            settings: first.settings.clone(),
            figures,
            closest: Vec::new(),
            steps,
            columns: first.columns.clone(),
        })
    }

    /// Reads an audit, and more figures beside its own.
    pub(crate) fn read_json(
        json: &serde_json::Value, more: impl IntoIterator<Item = &'static Definition>,
    ) -> Result<Self, String> {
        let part = |key: &str| json.get(key).ok_or_else(|| format!("missing field `{key}`"));
        let wrong = |error: serde_json::Error| error.to_string();
        Ok(Self {
            seed: Deserialize::deserialize(part("seed")?).map_err(wrong)?,
            settings: Deserialize::deserialize(part("settings")?).map_err(wrong)?,
            figures: Figures::read(json, definitions().into_iter().chain(more))?,
            closest: Vec::new(),
            steps: json.get("steps").and_then(serde_json::Value::as_u64),
            columns: json.get("column_names").and_then(|names| Deserialize::deserialize(names).ok()),
        })
    }
}

impl Serialize for Audit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seed", &self.seed)?;
        map.serialize_entry("settings", &self.settings)?;
        map.serialize_entry("steps", &self.steps)?;
        map.serialize_entry("column_names", &self.columns)?;
        self.figures.serialize_into(&mut map)?;
        // For readers of the file; they follow from the figures.
        let answers = self.answers();
        map.serialize_entry("verdict", &verdict(&answers))?;
        map.serialize_entry("answers", &answers)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Audit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Self::read_json(&json, []).map_err(de::Error::custom)
    }
}
