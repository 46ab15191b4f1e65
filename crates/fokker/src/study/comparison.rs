//! All seeds of all arms.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::seed::{Keyed, figures};
use super::{Arm, SeedFigures};
use crate::audit::Audit;
use crate::figure::Difference;

/// What a study found; what `compare --json` writes.
///
/// Of two arms it has the entry `difference`, of the second from the first; of any other number `differences`, each of an arm from the
/// first, by its key.
///
/// ```
/// use fokker::{audit::{Audit, AuditConfig}, study::{Arm, Comparison, SeedFigures}};
/// let audit = || Audit { seed: 0, settings: AuditConfig::default(), figures: Default::default(), closest: vec![], steps: None, columns: None };
/// let seed = SeedFigures::new(0, vec![audit(), audit()]);
/// let found = Comparison::new("ring8", &Arm::dsm_and_fp(), vec![seed]).ok_or("no seed")?;
/// let json = serde_json::to_value(&found)?;
/// assert_eq!((&json["config"], &json["models"]["fp"]["seed"]), (&"ring8".into(), &0.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Preset or file that the config came from.
    pub config: String,
    /// What was compared; the first is the reference.
    pub arms: Vec<Arm>,
    /// Means over the seeds, in the order of the arms; with more than one seed, standard errors are over seeds.
    pub models: Vec<Audit>,
    /// How each arm but the first differs from the first: of one seed by pairs of points, of several by pairs of seeds.
    pub differences: Vec<Difference>,
    /// Each seed's figures.
    pub seeds: Vec<SeedFigures>,
}

/// The version of [`Comparison`] that this crate writes.
pub const FORMAT: &str = "fokker-compare 2";

impl Comparison {
    /// Gathers the seeds; `None` if there is none, or one has not as many models as there are arms.
    #[must_use]
    pub fn new(config: &str, arms: &[Arm], seeds: Vec<SeedFigures>) -> Option<Self> {
        if seeds.iter().any(|seed| seed.models.len() != arms.len()) {
            return None;
        }
        let model = |i: usize| Audit::over_seeds(&seeds.iter().map(|seed| &seed.models[i]).collect::<Vec<_>>());
        let models = (0..arms.len()).map(model).collect::<Option<Vec<_>>>()?;
        let difference =
            |i: usize| Difference::over_seeds(&seeds.iter().map(|seed| &seed.differences[i]).collect::<Vec<_>>());
        let differences = (0..arms.len().saturating_sub(1)).map(difference).collect::<Option<Vec<_>>>()?;
        (!seeds.is_empty()).then(|| Self { config: config.into(), arms: arms.to_vec(), models, differences, seeds })
    }

    /// How one arm, by its place, differs from any other; `None` if there is no such place.
    #[must_use]
    pub fn difference(&self, arm: usize, reference: usize) -> Option<Difference> {
        let all = self.seeds.iter().map(|seed| seed.difference(arm, reference)).collect::<Option<Vec<_>>>()?;
        Difference::over_seeds(&all.iter().collect::<Vec<_>>())
    }
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", FORMAT)?;
        map.serialize_entry("config", &self.config)?;
        figures(&mut map, &self.arms, &self.models, &self.differences)?;
        let seeds: Vec<_> = self.seeds.iter().map(|seed| Keyed { arms: &self.arms, seed }).collect();
        map.serialize_entry("verdicts", &self.verdicts())?;
        map.serialize_entry("seeds", &seeds)?;
        map.end()
    }
}
