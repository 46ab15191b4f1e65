//! What a figure's value is.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::{OverSeeds, Shape};
use crate::stats::{AtTime, MeanSe};

/// A row of named numbers, in its own order.
///
/// ```
/// use fokker::figure::Record;
/// let record = Record(vec![("row".into(), 3.into()), ("far".into(), 7.into())]);
/// assert_eq!(serde_json::to_string(&record)?, "{\"row\":3,\"far\":7}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record(pub Vec<(String, Number)>);

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, number)| (name, number)))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Record(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A figure's value. Two values that are not numbers are equal.
///
/// ```
/// use fokker::figure::Value;
/// assert_eq!(Value::Number(f64::NAN), Value::Number(f64::NAN));
/// assert_eq!(serde_json::to_string(&Value::Number(f64::NAN))?, "null");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A mean with its standard error.
    Mean(MeanSe),
    /// A number; NaN where it is not known.
    Number(f64),
    /// A whole number.
    Count(usize),
    /// A word.
    Word(String),
    /// A mean with its standard error at each of some times.
    Profile(Vec<AtTime>),
    /// Numbers.
    List(Vec<f64>),
    /// Rows of named numbers.
    Records(Vec<Record>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mean(a), Self::Mean(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b || a.is_nan() && b.is_nan(),
            (Self::Count(a), Self::Count(b)) => a == b,
            (Self::Word(a), Self::Word(b)) => a == b,
            (Self::Profile(a), Self::Profile(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Records(a), Self::Records(b)) => a == b,
            _ => false,
        }
    }
}

impl Value {
    /// Reads a value of this shape.
    pub(super) fn read(shape: Shape, json: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Ok(match shape {
            Shape::Mean => Self::Mean(Deserialize::deserialize(json)?),
            Shape::Number => Self::Number(Option::deserialize(json)?.unwrap_or(f64::NAN)),
            Shape::Count => Self::Count(Deserialize::deserialize(json)?),
            Shape::Word => Self::Word(Deserialize::deserialize(json)?),
            Shape::Profile => Self::Profile(Deserialize::deserialize(json)?),
            Shape::List => Self::List(Deserialize::deserialize(json)?),
            Shape::Records => Self::Records(Deserialize::deserialize(json)?),
        })
    }

    /// What the values of several seeds, of one shape, become; of a single one it is that.
    pub(super) fn over_seeds(all: &[&Self], rule: OverSeeds) -> Option<Self> {
        let first = *all.first()?;
        if all.len() == 1 || rule == OverSeeds::First {
            return Some(first.clone());
        }
        Some(match (first, rule) {
            (Self::Count(_), OverSeeds::Sum) => Self::Count(all.iter().filter_map(|value| value.as_count()).sum()),
            (Self::List(_), OverSeeds::All) => {
                Self::List(all.iter().flat_map(|value| value.as_list()).copied().collect())
            }
            (Self::Records(_), OverSeeds::None) => Self::Records(Vec::new()),
            (Self::Number(_), _) => Self::Number(mean(all, |value| value.as_number().unwrap_or(f64::NAN)).mean),
            (Self::Profile(times), _) => {
                let at = |(i, at): (usize, &AtTime)| {
                    let of = |value: &Self| value.as_profile().get(i).map_or(f64::NAN, |at| at.mean);
                    AtTime::new(at.t, mean(all, of))
                };
                Self::Profile(times.iter().enumerate().map(at).collect())
            }
            (Self::Mean(_), _) => Self::Mean(mean(all, |value| value.as_mean().map_or(f64::NAN, |m| m.mean))),
            _ => first.clone(),
        })
    }

    /// The mean, if it is one.
    #[must_use]
    pub fn as_mean(&self) -> Option<MeanSe> {
        if let Self::Mean(mean) = self { Some(*mean) } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn as_count(&self) -> Option<usize> {
        if let Self::Count(count) = self { Some(*count) } else { None }
    }

    /// The word, if it is one.
    #[must_use]
    pub fn as_word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    /// The profile; empty if it is none.
    #[must_use]
    pub fn as_profile(&self) -> &[AtTime] {
        if let Self::Profile(profile) = self { profile } else { &[] }
    }

    /// The numbers; empty if it is none.
    #[must_use]
    pub fn as_list(&self) -> &[f64] {
        if let Self::List(list) = self { list } else { &[] }
    }

    /// The rows; empty if it is none.
    #[must_use]
    pub fn as_records(&self) -> &[Record] {
        if let Self::Records(records) = self { records } else { &[] }
    }
}

/// The mean over seeds of one number of each.
fn mean(all: &[&Value], of: impl Fn(&Value) -> f64) -> MeanSe {
    MeanSe::of(&all.iter().map(|value| of(value)).collect::<Vec<_>>())
}
