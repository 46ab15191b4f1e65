//! The figures of one model.

use super::{Definition, Record, Value};
use crate::stats::{AtTime, Average, MeanSe};

/// A figure's value, and what it is the average of.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub definition: &'static Definition,
    /// Its value; `None` if this model has none.
    pub value: Option<Value>,
    /// The values at the points behind it, those of each time in turn (a single list if there are no times), by which models are
    /// compared in pairs; empty where they are not kept.
    pub points: Vec<Vec<f64>>,
}

impl Figure {
    /// A figure with its value.
    #[must_use]
    pub fn new(definition: &'static Definition, value: Value) -> Self {
        Self { definition, value: Some(value), points: Vec::new() }
    }

    /// A figure that this model does not have.
    #[must_use]
    pub fn absent(definition: &'static Definition) -> Self {
        Self { definition, value: None, points: Vec::new() }
    }

    /// The same with the values at its points.
    #[must_use]
    pub fn at_points(self, points: Vec<Vec<f64>>) -> Self {
        Self { points, ..self }
    }
}

/// What has been measured on one model, in the order in which it is shown.
///
/// ```
/// use fokker::figure::{Definition, Figure, Figures, Value};
/// static ROWS: Definition = Definition::count("rows");
/// static BITS: Definition = Definition::mean("bits").optional();
/// let figures: Figures = [Figure::new(&ROWS, Value::Count(7)), Figure::absent(&BITS)].into_iter().collect();
/// assert_eq!((figures.count("rows"), figures.mean("bits")), (Some(7), None));
/// assert_eq!(serde_json::to_string(&figures)?, "{\"rows\":7,\"bits\":null}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<Figure>);

impl FromIterator<Figure> for Figures {
    fn from_iter<I: IntoIterator<Item = Figure>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

impl Extend<Figure> for Figures {
    fn extend<I: IntoIterator<Item = Figure>>(&mut self, figures: I) {
        self.0.extend(figures);
    }
}

impl Figures {
    /// All of them, those without a value too.
    pub fn iter(&self) -> std::slice::Iter<'_, Figure> {
        self.0.iter()
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Figure> {
        self.0.iter_mut()
    }

    /// Leaves only some.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Figure) -> bool) {
        self.0.retain(keep);
    }

    /// The figure of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Figure> {
        self.0.iter().find(|figure| figure.definition.key == key)
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.get(key)?.value.as_ref()
    }

    /// A mean with its standard error.
    #[must_use]
    pub fn mean(&self, key: &str) -> Option<MeanSe> {
        self.value(key)?.as_mean()
    }

    /// A number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        self.value(key)?.as_number()
    }

    /// A whole number.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<usize> {
        self.value(key)?.as_count()
    }

    /// A word.
    #[must_use]
    pub fn word(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_word()
    }

    /// A profile over t; empty if there is none.
    #[must_use]
    pub fn profile(&self, key: &str) -> &[AtTime] {
        self.value(key).map_or(&[], Value::as_profile)
    }

    /// Numbers; empty if there are none.
    #[must_use]
    pub fn list(&self, key: &str) -> &[f64] {
        self.value(key).map_or(&[], Value::as_list)
    }

    /// Rows of named numbers; empty if there are none.
    #[must_use]
    pub fn records(&self, key: &str) -> &[Record] {
        self.value(key).map_or(&[], Value::as_records)
    }

    /// The values at the points behind a figure, by time; empty if they are not kept.
    #[must_use]
    pub fn points(&self, key: &str) -> &[Vec<f64>] {
        self.get(key).map_or(&[], |figure| &figure.points)
    }

    /// How the values at points become the figure of a key: what its `KEY_average` says, else their mean.
    ///
    /// ```
    /// use fokker::figure::Figures;
    /// use fokker::stats::Average;
    /// assert_eq!(Figures::default().average("residual"), Average::Mean);
    /// ```
    #[must_use]
    pub fn average(&self, key: &str) -> Average {
        self.word(&format!("{key}_average")).and_then(Average::named).unwrap_or(Average::Mean)
    }

    /// Is every figure there that no model is without?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.0.iter().all(|figure| figure.value.is_some() || figure.definition.optional)
    }

    /// The figures of several seeds as one, as each one's [`OverSeeds`](super::OverSeeds) says; a single seed's own. Those of means have no points.
    ///
    /// Seeds without a figure are left out of it.
    #[must_use]
    pub fn over_seeds(all: &[&Self]) -> Self {
        let Some(first) = all.first() else { return Self::default() };
        if all.len() == 1 {
            return (*first).clone();
        }
        let of = |figure: &Figure| {
            let values: Vec<&Value> = all.iter().filter_map(|figures| figures.value(figure.definition.key)).collect();
            let value = Value::over_seeds(&values, figure.definition.over_seeds);
            Figure { definition: figure.definition, value, points: Vec::new() }
        };
        first.0.iter().map(of).collect()
    }
}
