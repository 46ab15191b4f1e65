//! Are samples like rows that the model was not trained on?

use serde_json::Number;

use super::{Answer, Judgement};
use crate::data::ColumnName;
use crate::figure::{Figures, Record};
use crate::numerals::{number, p_value};

/// A p-value that is not put down to chance.
const SMALL: f64 = 0.01;

/// A Kolmogorov–Smirnov distance that matters.
const FAR: f64 = 0.1;

/// Columns that are named.
const NAMED: usize = 5;

pub(super) fn answer(figures: &Figures, names: Option<&[String]>) -> Option<Answer> {
    let p = figures.list("samples.ode_data.p_values").first().copied().filter(|p| p.is_finite())?;
    let columns = differing(figures.records("columns"));
    let far = columns.iter().any(|column| column.distance > FAR);
    let listed: Vec<String> = columns
        .iter()
        .take(NAMED)
        .map(|Differing { at, distance, p }| {
            format!("{} (KS {}, p = {})", ColumnName::at(*at, names), number(*distance), p_value(*p))
        })
        .collect();
    let more = if columns.len() > NAMED { format!(" and {} more", columns.len() - NAMED) } else { String::new() };
    let in_columns = if columns.is_empty() {
        "no column by itself differs".to_owned()
    } else {
        format!("columns {}{more} differ", listed.join(", "))
    };
    let (judgement, word) = match (columns.is_empty(), far) {
        (true, _) if p >= SMALL => (Judgement::Good, "samples cannot be told from held-out rows"),
        (_, false) => (Judgement::Fair, "samples can be told from held-out rows, by little"),
        (_, true) => (Judgement::Bad, "samples differ from held-out rows"),
    };
    let w2 = figures.mean("samples.ode_data.sliced_w2").map(|w2| number(w2.mean));
    let chance = figures.mean("samples.data_data.sliced_w2").map(|w2| number(w2.mean));
    let distance = w2
        .zip(chance)
        .map_or_else(String::new, |(w2, chance)| format!("; sliced W₂ {w2}, data against other data {chance}"));
    let evidence = format!("energy distance p = {}{distance}; {in_columns}", p_value(p));
    Some(Answer { question: "Are samples like the data?", judgement, word: word.into(), evidence })
}

/// A column in which samples differ.
struct Differing {
    at: usize,
    distance: f64,
    p: f64,
}

/// Columns that differ by Holm's procedure (Holm 1979), the most different first.
fn differing(records: &[Record]) -> Vec<Differing> {
    let mut all: Vec<Differing> = records.iter().filter_map(read).collect();
    all.sort_by(|a, b| a.p.total_cmp(&b.p));
    let count = all.len();
    let kept = all.iter().enumerate().take_while(|(place, column)| column.p * ((count - place) as f64) < SMALL).count();
    all.truncate(kept);
    all.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    all
}

fn read(record: &Record) -> Option<Differing> {
    let entry = |key: &str| record.0.iter().find(|(name, _)| name == key).and_then(|(_, value)| Number::as_f64(value));
    Some(Differing { at: entry("column")? as usize, distance: entry("ks")?, p: entry("p")? })
}
