//! One seed's figures.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Arm;
use crate::audit::Audit;
use crate::figure::Difference;

/// What was measured of the models of one seed, and how they differ.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedFigures {
    /// The seed.
    pub seed: u64,
    /// The models, in the order of the arms.
    pub models: Vec<Audit>,
    /// How each model but the first differs from the first, by pairs of points.
    pub differences: Vec<Difference>,
}

impl SeedFigures {
    /// The figures of models that were audited at the same points.
    #[must_use]
    pub fn new(seed: u64, models: Vec<Audit>) -> Self {
        let differences = match models.split_first() {
            Some((reference, others)) => {
                others.iter().map(|model| Difference::between(&model.figures, &reference.figures)).collect()
            }
            None => Vec::new(),
        };
        Self { seed, models, differences }
    }

    /// How one model, by its place, differs from another; `None` if there is no such place.
    #[must_use]
    pub fn difference(&self, model: usize, reference: usize) -> Option<Difference> {
        Some(Difference::between(&self.models.get(model)?.figures, &self.models.get(reference)?.figures))
    }
}

/// The seed's figures with the keys that the arms give them.
pub(super) struct Keyed<'a> {
    pub arms: &'a [Arm],
    pub seed: &'a SeedFigures,
}

impl Serialize for Keyed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seed", &self.seed.seed)?;
        figures(&mut map, self.arms, &self.seed.models, &self.seed.differences)?;
        map.end()
    }
}

/// Writes the models by the arms' keys, then how they differ: of two arms the one difference, of more those to the first by their keys.
pub(super) fn figures<M: SerializeMap>(
    map: &mut M, arms: &[Arm], models: &[Audit], differences: &[Difference],
) -> Result<(), M::Error> {
    map.serialize_entry("models", &ByKey(arms, models))?;
    match differences {
        [one] => map.serialize_entry("difference", one),
        more => map.serialize_entry("differences", &ByKey(arms.get(1..).unwrap_or(&[]), more)),
    }
}

/// What arms have, by their keys.
struct ByKey<'a, T>(&'a [Arm], &'a [T]);

impl<T: Serialize> Serialize for ByKey<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|arm| &arm.key).zip(self.1))
    }
}
