//! One line of `metrics.jsonl`.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::objective::LossTerms;

/// What is logged of a stretch of steps: means over the stretch. A line has a key for each term that there is, `null` where it was
/// not part of the objective.
///
/// ```
/// use fokker::train::Metrics;
/// let line = r#"{"step":50,"dsm":0.5,"fp":null,"scalar":null,"gradient_norm":1.5,"learning_rate":0.001}"#;
/// let metrics: Metrics = serde_json::from_str(line)?;
/// assert_eq!((metrics.terms.get("dsm"), metrics.terms.get("fp")), (Some(0.5), None));
/// // What an earlier version did not know of is not there.
/// assert!(serde_json::to_string(&metrics)?.starts_with(r#"{"step":50,"dsm":0.5,"fp":null,"scalar":null,"#));
/// assert_eq!(serde_json::from_str::<Metrics>(&serde_json::to_string(&metrics)?)?, metrics);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Steps done.
    pub step: u64,
    /// The terms before their weights, each over the steps that had it.
    pub terms: LossTerms,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate at the last step.
    pub learning_rate: f64,
    /// The loss on held-out rows after the last step, where it was measured.
    pub held_out: Option<f64>,
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("step", &self.step)?;
        for (name, value) in self.terms.iter() {
            map.serialize_entry(name.key, &value)?;
        }
        map.serialize_entry("gradient_norm", &self.gradient_norm)?;
        map.serialize_entry("learning_rate", &self.learning_rate)?;
        if let Some(loss) = self.held_out {
            map.serialize_entry("held_out", &loss)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The keys that every line has, and the others.
        #[derive(Deserialize)]
        struct Line {
            step: u64,
            gradient_norm: f64,
            learning_rate: f64,
            #[serde(default)]
            held_out: Option<f64>,
            #[serde(flatten)]
            terms: BTreeMap<String, Option<f64>>,
        }
        let line = Line::deserialize(deserializer)?;
        let mut terms = LossTerms::default();
        match line.terms.into_iter().find_map(|(key, value)| (!terms.set(&key, value)).then_some(key)) {
            Some(key) => Err(de::Error::custom(format!("unknown field `{key}`"))),
            None => Ok(Self {
                step: line.step,
                terms,
                gradient_norm: line.gradient_norm,
                learning_rate: line.learning_rate,
                held_out: line.held_out,
            }),
        }
    }
}

/// Running sums between two lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sums {
    steps: f64,
    terms: LossTerms,
    /// Steps that had each term.
    counts: LossTerms,
    gradient_norm: f64,
}

impl Sums {
    pub fn add(&mut self, terms: &LossTerms, gradient_norm: f64) {
        self.steps += 1.0;
        self.gradient_norm += gradient_norm;
        for (name, value) in terms.values() {
            self.terms.set(name.key, self.terms.get(name.key).unwrap_or(0.0) + value);
            self.counts.set(name.key, self.counts.get(name.key).unwrap_or(0.0) + 1.0);
        }
    }

    pub fn take(&mut self, step: u64, learning_rate: f64, held_out: Option<f64>) -> Metrics {
        let sums = std::mem::take(self);
        let mut terms = LossTerms::default();
        for ((name, sum), (_, count)) in sums.terms.values().zip(sums.counts.values()) {
            terms.set(name.key, sum / count);
        }
        Metrics { step, terms, gradient_norm: sums.gradient_norm / sums.steps, learning_rate, held_out }
    }
}
