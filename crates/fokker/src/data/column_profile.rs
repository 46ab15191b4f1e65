//! Columns that a density makes little of: constant ones, counters, whole numbers, categories.

use super::ColumnName;
use super::column_name::listed;

/// A column of up to so many different values that are whole numbers may be one of categories.
const CATEGORIES: usize = 12;

/// Different values that are counted, at most.
const COUNTED: usize = 1000;

/// What a column's values are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueKind {
    /// One value alone.
    Constant,
    /// From one row to the next by the same step: a number of the row, or a time.
    Counter,
    /// Few different whole numbers.
    Categories,
    /// Whole numbers.
    Whole,
    /// Anything else.
    Real,
}

/// What is seen of a column, row after row. Missing values (NaN) are left out.
///
/// ```
/// use fokker::data::{ColumnProfile, ValueKind};
/// let mut profile = ColumnProfile::default();
/// [3.0, 3.0, 3.0].iter().for_each(|&value| profile.add(value));
/// assert_eq!(profile.kind(), ValueKind::Constant);
/// ```
#[derive(Clone, Debug)]
pub struct ColumnProfile {
    count: usize,
    /// Different values, in order, as long as they are few.
    different: Vec<f64>,
    whole: bool,
    last: Option<f64>,
    step: Option<f64>,
    even: bool,
}

impl Default for ColumnProfile {
    fn default() -> Self {
        Self { count: 0, different: Vec::new(), whole: true, last: None, step: None, even: true }
    }
}

impl ColumnProfile {
    /// Takes in a value.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1;
        self.whole &= value.fract() == 0.0;
        if let Some(last) = self.last.replace(value) {
            let step = *self.step.get_or_insert(value - last);
            self.even &= step != 0.0 && (value - last - step).abs() <= 1e-9 * step.abs().max(value.abs());
        }
        if self.different.len() <= COUNTED
            && let Err(place) = self.different.binary_search_by(|known| known.total_cmp(&value))
        {
            self.different.insert(place, value);
        }
    }

    /// What the values are like.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self.different.len() {
            0 => ValueKind::Real,
            1 if self.count > 1 => ValueKind::Constant,
            _ if self.even && self.count > 2 => ValueKind::Counter,
            // Where every row has a value of its own there is nothing to tell by.
            few if few <= CATEGORIES && 4 * few <= self.count && self.whole => ValueKind::Categories,
            few if self.whole && 2 * few.min(COUNTED) <= self.count => ValueKind::Whole,
            _ => ValueKind::Real,
        }
    }

    /// How many different values there are; `None` if they are many.
    #[must_use]
    pub fn different(&self) -> Option<usize> {
        Some(self.different.len()).filter(|&count| count <= COUNTED)
    }

    /// The step that all values are multiples of, counted from the least: 1 for whole numbers; `None` if there is none.
    pub(super) fn quantum(&self) -> Option<f64> {
        if self.whole {
            return Some(1.0);
        }
        self.different()?;
        let gaps = || self.different.windows(2).map(|pair| pair[1] - pair[0]);
        let least = gaps().fold(f64::INFINITY, f64::min);
        let multiple = |gap: f64| ((gap / least).round() - gap / least).abs() < 1e-6;
        (least.is_finite() && gaps().all(multiple)).then_some(least)
    }
}

/// What is said of columns of a kind, after their names: of one, and of several. `KEYS` stands for what a config calls them.
const SAID: [(ValueKind, [&str; 2], &str); 4] = [
    (ValueKind::Constant, ["has", "have"], "the same value in every row and no density: data.drop = KEYS"),
    (ValueKind::Counter, ["counts", "count"], "the rows by even steps, as an index or a time does: data.drop = KEYS"),
    (
        ValueKind::Categories,
        ["has", "have"],
        "few different whole numbers: if they are categories, which have no density, data.drop = KEYS; if they are counted, \
         data.dequantise = KEYS",
    ),
    (
        ValueKind::Whole,
        ["has", "have"],
        "whole numbers, on which a density can pile up without limit: data.dequantise = KEYS",
    ),
];

/// What is worth a word about the columns of a table, and what can be done; of those that are dequantised it is done.
pub(super) fn remarks(profiles: &[ColumnProfile], names: Option<&[String]>, dequantised: &[bool]) -> Vec<String> {
    let is_done = |at: usize| dequantised.get(at).is_some_and(|done| *done);
    let said = |(kind, [has, have], what): &(ValueKind, [&str; 2], &str)| {
        let columns: Vec<ColumnName> = (0..profiles.len())
            .filter(|&at| profiles[at].kind() == *kind && !is_done(at))
            .map(|at| ColumnName::at(at, names))
            .collect();
        let (word, verb) = match columns.len() {
            0 => return None,
            1 => ("column", has),
            _ => ("columns", have),
        };
        let called = listed(&columns.iter().map(ToString::to_string).collect::<Vec<_>>());
        let keys = listed(&columns.iter().map(|column| format!("{:?}", column.key())).collect::<Vec<_>>());
        Some(format!("{word} {called} {verb} {}", what.replace("KEYS", &format!("[{keys}]"))))
    };
    SAID.iter().filter_map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: impl IntoIterator<Item = f64>) -> ColumnProfile {
        let mut profile = ColumnProfile::default();
        values.into_iter().for_each(|value| profile.add(value));
        profile
    }

    #[test]
    fn kinds_of_columns() {
        let scattered = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / 997.0;
        for (kind, values) in [
            (ValueKind::Constant, vec![7.0; 30]),
            (ValueKind::Counter, (0..30).map(|i| 5.0 + 0.1 * f64::from(i)).collect()),
            (ValueKind::Categories, (0..30).map(|i| f64::from(i * i % 4)).collect()),
            (ValueKind::Whole, (0..300).map(|i| f64::from(i * i % 101)).collect()),
            (ValueKind::Real, (0..300).map(scattered).collect()),
            // Large whole numbers, hardly any of them twice, are as good as real.
            (ValueKind::Real, (0..300).map(|i| scattered(i).round() * 1e3 + f64::from(i)).collect()),
        ] {
            assert_eq!(profile(values.clone()).kind(), kind, "{values:?}");
            // A missing value more changes nothing.
            assert_eq!(profile(values.into_iter().chain([f64::NAN])).kind(), kind);
        }
    }

    #[test]
    fn a_column_without_values_is_of_no_kind() {
        assert_eq!(profile([f64::NAN, f64::NAN]).kind(), ValueKind::Real);
        assert_eq!(profile([3.0]).kind(), ValueKind::Real);
    }

    #[test]
    fn steps() {
        assert_eq!(profile([1.0, 5.0, 2.0]).quantum(), Some(1.0));
        assert!(profile([0.5, 1.25, 0.75]).quantum().is_some_and(|step| (step - 0.25).abs() < 1e-12));
        assert_eq!(profile([0.1, 0.73, 0.3]).quantum(), None);
    }

    #[test]
    fn what_is_said_names_the_columns_and_what_to_do() {
        let profiles = [profile([7.0; 9]), profile((0..40).map(|i| f64::from(i % 3))), profile([0.1, 0.5, 0.2])];
        let names = ["site", "kind", "mass"].map(String::from);
        let said = remarks(&profiles, Some(&names), &[]);
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("column 1 (site)") && said[0].ends_with("data.drop = [\"site\"]"), "{said:?}");
        assert!(said[1].contains("column 2 (kind)") && said[1].ends_with("data.dequantise = [\"kind\"]"), "{said:?}");
        assert_eq!(remarks(&profiles, Some(&names), &[false, true, false]).len(), 1);
        assert!(remarks(&profiles[1..], None, &[])[0].contains("column 1 has few"));
    }
}
