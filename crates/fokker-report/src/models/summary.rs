//! The table of figures.

use fokker::figure::{Better, Definition, Difference, Figure};
use fokker::stats::{AtTime, MeanSe};

use super::model::Model;
use super::notes::notes;
use crate::cell::cell;
use crate::table::{Row, Table};
use crate::text::mean_se;

/// What stands for a figure that there is not.
const NONE: &str = "—";

/// The figures, and how the other models' differ from the first's where that is known point by point.
pub(super) fn summary(models: &[Model<'_>], differences: &[Difference], more: &[String]) -> Table {
    let figures = models.first().into_iter().flat_map(|model| model.figures.iter());
    let shown: Vec<&Figure> = figures.filter(|figure| figure.definition.shown.on_page()).collect();
    let mut rows: Vec<Row> = shown.iter().filter_map(|figure| row(figure.definition, models, differences)).collect();
    for figure in shown.iter().filter(|figure| figure.definition.look.is_some_and(|look| look.rows)) {
        rows.extend(at_times(figure.definition, models, differences));
    }
    let mut header: Vec<String> =
        std::iter::once(String::new()).chain(models.iter().map(|model| model.name.to_owned())).collect();
    let compared = compared(differences);
    match models {
        _ if compared.is_empty() => {}
        [] | [_] => {}
        [_, _] => header.push("difference, paired".into()),
        [reference, others @ ..] => {
            let others = compared.iter().filter_map(|&i| others.get(i));
            header.extend(others.map(|model| format!("{} less {}, paired", model.name, reference.name)));
        }
    }
    let notes = notes(models, compared.len()).into_iter().chain(more.iter().cloned()).collect();
    Table { caption: "Measured on held-out points".into(), header, rows, notes }
}

/// The places of the differences of which anything is known.
fn compared(differences: &[Difference]) -> Vec<usize> {
    (0..differences.len()).filter(|&i| differences[i].iter().next().is_some()).collect()
}

/// The row of a figure that is one number; none if no model has it.
fn row(definition: &'static Definition, models: &[Model<'_>], differences: &[Difference]) -> Option<Row> {
    let shown: Vec<Option<String>> = models.iter().map(|model| cell(model.figures, definition)).collect();
    if shown.iter().all(Option::is_none) {
        return None;
    }
    let less: Vec<Option<MeanSe>> = differences.iter().map(|difference| difference.of(definition)).collect();
    let last = compared(differences).into_iter().map(|i| less[i].map(|d| mean_se(d.mean, d.se)));
    let or_none = |cell: Option<String>| cell.unwrap_or_else(|| NONE.into());
    let row = Row::new(std::iter::once(definition.name()).chain(shown.into_iter().chain(last).map(or_none)));
    Some(marked(row, definition.better, &less, 0.0))
}

/// A profile at each time, with the ratios to the first model's where there are several.
fn at_times(definition: &Definition, models: &[Model<'_>], differences: &[Difference]) -> Vec<Row> {
    let symbol = definition.look.map_or(definition.key, |look| look.symbol);
    let profile = |model: &Model<'_>| -> Vec<AtTime> { model.figures.profile(definition.key).to_vec() };
    let times = models.first().map(profile).unwrap_or_default();
    let row = |(i, at): (usize, &AtTime)| {
        let shown = models.iter().map(|m| profile(m).get(i).map_or(NONE.into(), |r| mean_se(r.mean, r.se)));
        let at_time = |difference: &Difference| difference.ratio(definition.key)?.at.get(i).copied();
        let ratios: Vec<Option<MeanSe>> =
            differences.iter().map(|d| at_time(d).map(|r| MeanSe { mean: r.mean, se: r.se })).collect();
        let times = |r: MeanSe| format!("× {}", mean_se(r.mean, r.se));
        let last = compared(differences).into_iter().map(|i| ratios[i].map_or(NONE.into(), times));
        let row = Row::new(std::iter::once(format!("{symbol} at t = {}", at.t)).chain(shown).chain(last));
        marked(row, definition.better, &ratios, 1.0)
    };
    times.iter().enumerate().map(row).collect()
}

/// The row with what is better than the first model's value by more than two standard errors marked, or the first if all others are worse
/// by as much. `than` is what two equal models differ by.
fn marked(row: Row, better: Better, differences: &[Option<MeanSe>], than: f64) -> Row {
    let sign = match better {
        Better::Lower => 1.0,
        Better::Higher => -1.0,
        Better::Neither => return row,
    };
    // By how much each is worse, 0 where that cannot be told.
    let told = |d: MeanSe| if beyond_errors(d, than) { sign * (d.mean - than) } else { 0.0 };
    let worse: Vec<(usize, f64)> =
        differences.iter().enumerate().filter_map(|(i, d)| d.map(|d| (i, told(d)))).collect();
    if !worse.is_empty() && worse.iter().all(|(_, worse)| *worse > 0.0) {
        return row.best(1);
    }
    worse.into_iter().filter(|(_, worse)| *worse < 0.0).fold(row, |row, (i, _)| row.best(i + 2))
}

/// Whether two models differ by more than two standard errors; `than` is what equal ones differ by.
pub(super) fn beyond_errors(difference: MeanSe, than: f64) -> bool {
    (difference.mean - than).abs() > 2.0 * difference.se
}
