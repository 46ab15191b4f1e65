//! The values of the terms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::loss::NAMES;
use super::term::TermName;

/// The objective's terms at one step, or their means over several: each by its name, before its weight. A term that the objective
/// or the step does not have has no value.
///
/// ```
/// use fokker::objective::LossTerms;
/// let mut terms = LossTerms::default();
/// terms.set("dsm", 0.5);
/// assert_eq!((terms.get("dsm"), terms.get("fp")), (Some(0.5), None));
/// assert!(LossTerms::names().iter().any(|name| name.key == "fp"));
/// assert!(LossTerms::regularisers().eq(["loss.fp", "loss.scalar", "loss.conservativity", "loss.second_order", "loss.consistency"]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "BTreeMap<String, f64>", try_from = "BTreeMap<String, f64>")]
pub struct LossTerms([Option<f64>; NAMES.len()]);

impl LossTerms {
    /// The names of all terms that there are.
    #[must_use]
    pub fn names() -> &'static [TermName] {
        &NAMES
    }

    /// The tables of the config, dotted, without which there is no regulariser: one for each term but denoising score matching.
    pub fn regularisers() -> impl Iterator<Item = String> {
        NAMES.iter().filter(|name| name.weight.is_some()).map(|name| format!("loss.{}", name.key))
    }

    fn place(key: &str) -> Option<usize> {
        NAMES.iter().position(|name| name.key == key)
    }

    /// A term's value, if it has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<f64> {
        Self::place(key).and_then(|place| self.0[place])
    }

    /// Gives a term a value. `false` if there is no such term.
    pub fn set(&mut self, key: &str, value: impl Into<Option<f64>>) -> bool {
        let place = Self::place(key);
        if let Some(place) = place {
            self.0[place] = value.into();
        }
        place.is_some()
    }

    /// All terms with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static TermName, Option<f64>)> + '_ {
        NAMES.iter().zip(self.0)
    }

    /// The terms that have a value.
    pub fn values(&self) -> impl Iterator<Item = (&'static TermName, f64)> + '_ {
        self.iter().filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}

/// The terms that have a value, by their keys.
impl From<LossTerms> for BTreeMap<String, f64> {
    fn from(terms: LossTerms) -> Self {
        terms.values().map(|(name, value)| (name.key.to_owned(), value)).collect()
    }
}

impl TryFrom<BTreeMap<String, f64>> for LossTerms {
    type Error = String;

    fn try_from(values: BTreeMap<String, f64>) -> Result<Self, String> {
        let mut terms = Self::default();
        match values.into_iter().find_map(|(key, value)| (!terms.set(&key, value)).then_some(key)) {
            Some(key) => Err(format!("unknown term `{key}`")),
            None => Ok(terms),
        }
    }
}
