//! Two models measured at the same points, compared by pairs: what both find hard costs the comparison nothing.

use serde::{Deserialize, Serialize, Serializer};

use super::{Definition, Figure, Figures, Paired, Shape};
use crate::stats::{AtTime, Average, MeanSe, geometric_mean, paired};

/// A profile's ratio to another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratios {
    /// At each time.
    pub at: Vec<AtTime>,
    /// Their geometric mean over the times.
    pub mean: MeanSe,
}

impl Ratios {
    fn of(average: Average, times: &[AtTime], numerators: &[Vec<f64>], denominators: &[Vec<f64>]) -> Self {
        let pairs = times.iter().zip(numerators).zip(denominators);
        let at = pairs.map(|((at, a), b)| AtTime::new(at.t, average.ratio(a, b))).collect();
        Self { at, mean: average.geometric_ratio(numerators, denominators) }
    }

    fn over_seeds(all: &[&Self]) -> Option<Self> {
        let first = all.first()?;
        let at = first.at.iter().enumerate().map(|(i, at)| {
            let values: Vec<f64> = all.iter().filter_map(|ratios| Some(ratios.at.get(i)?.mean)).collect();
            AtTime::new(at.t, geometric_mean(&values))
        });
        let mean = geometric_mean(&all.iter().map(|ratios| ratios.mean.mean).collect::<Vec<_>>());
        Some(Self { at: at.collect(), mean })
    }
}

/// How one model's figure differs from another's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Contrast {
    /// A mean less the other's.
    Less(MeanSe),
    /// A profile relative to the other's; NaN where both are 0.
    Ratio(Ratios),
}

impl Contrast {
    fn between(model: &Figures, figure: &Figure, other: &[Vec<f64>]) -> Option<Self> {
        let (definition, points) = (figure.definition, &figure.points);
        let value = figure.value.as_ref()?;
        Some(match definition.shape {
            Shape::Profile => Self::Ratio(Ratios::of(model.average(definition.key), value.as_profile(), points, other)),
            _ => Self::Less(paired(points.first()?, other.first()?)),
        })
    }

    fn over_seeds(all: &[&Self]) -> Option<Self> {
        Some(match all.first()? {
            Self::Less(_) => {
                Self::Less(MeanSe::of(&all.iter().filter_map(|c| Some(c.less()?.mean)).collect::<Vec<_>>()))
            }
            Self::Ratio(_) => {
                Self::Ratio(Ratios::over_seeds(&all.iter().filter_map(|c| c.ratio()).collect::<Vec<_>>())?)
            }
        })
    }

    /// The difference, if it is one.
    #[must_use]
    pub fn less(&self) -> Option<MeanSe> {
        if let Self::Less(difference) = self { Some(*difference) } else { None }
    }

    /// The ratio, if it is one.
    #[must_use]
    pub fn ratio(&self) -> Option<&Ratios> {
        if let Self::Ratio(ratios) = self { Some(ratios) } else { None }
    }
}

/// How one model's [paired](Paired::Yes) figures differ from another's, each with the standard error of the difference.
///
/// For one seed errors are over points, paired; for several over seeds ([`Difference::over_seeds`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference(Vec<(&'static Definition, Option<Contrast>)>);

impl Difference {
    /// How `model` differs from `other`; both must have been measured at the same points, and have kept their values there.
    ///
    /// ```
    /// use fokker::figure::{Difference, Figures};
    /// assert_eq!(Difference::between(&Figures::default(), &Figures::default()).less("nll"), None);
    /// ```
    #[must_use]
    pub fn between(model: &Figures, other: &Figures) -> Self {
        let figures = model.iter().filter(|figure| figure.definition.paired == Paired::Yes);
        Self(figures.map(|f| (f.definition, Contrast::between(model, f, other.points(f.definition.key)))).collect())
    }

    /// The mean over seeds (of ratios the geometric one), with standard errors over seeds; a single seed's own. `None` if there is none.
    #[must_use]
    pub fn over_seeds(all: &[&Self]) -> Option<Self> {
        let first = *all.first()?;
        if all.len() == 1 {
            return Some(first.clone());
        }
        let of = |definition: &'static Definition| {
            let found: Vec<&Contrast> = all.iter().filter_map(|difference| difference.get(definition.key)).collect();
            (definition, Contrast::over_seeds(&found))
        };
        Some(Self(first.0.iter().map(|(definition, _)| of(definition)).collect()))
    }

    /// The figures compared, and how they differ, as far as they do.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Definition, &Contrast)> {
        self.0.iter().filter_map(|(definition, contrast)| Some((*definition, contrast.as_ref()?)))
    }

    fn get(&self, key: &str) -> Option<&Contrast> {
        self.iter().find(|(definition, _)| definition.key == key).map(|(_, contrast)| contrast)
    }

    /// How a mean differs.
    #[must_use]
    pub fn less(&self, key: &str) -> Option<MeanSe> {
        self.get(key)?.less()
    }

    /// A profile's ratio.
    #[must_use]
    pub fn ratio(&self, key: &str) -> Option<&Ratios> {
        self.get(key)?.ratio()
    }

    /// How the mean of a definition differs: by its own points, or as the figure does that it goes with.
    #[must_use]
    pub fn of(&self, definition: &Definition) -> Option<MeanSe> {
        match definition.paired {
            Paired::No => None,
            Paired::Yes => self.less(definition.key),
            Paired::As(key) => self.less(key),
        }
    }
}

/// An object of the figures' keys; `null` where they cannot be compared.
impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(definition, contrast)| (definition.key, contrast)))
    }
}
