//! What `compare` prints: every arm's figures, and how they differ from the first's.

use fokker::audit::Audit;
use fokker::figure::{Cell, Definition, Difference, Figure, Look, Notation, Shape};
use fokker::stats::{AtTime, Average};
use fokker::study::Comparison;
use fokker_report::{mean_se, narrow_cell, sentences};

use crate::print::out;

/// Both models' figures, or all that there are, each difference with its standard error.
pub fn print(comparison: &Comparison) {
    let seeds = comparison.seeds.len();
    out!("{} ({seeds} seed{})", comparison.config, if seeds == 1 { "" } else { "s, means" });
    profiles(comparison);
    out!("");
    scalars(comparison);
    out!("");
    for line in sentences(&comparison.verdicts()) {
        out!("{line}");
    }
}

/// The figures that are shown here.
fn shown(comparison: &Comparison) -> impl Iterator<Item = &'static Definition> {
    let figures = comparison.models.first().into_iter().flat_map(|model| model.figures.iter());
    figures.map(|figure: &Figure| figure.definition).filter(|definition| definition.shown.on_terminal())
}

/// The profiles over t that are shown here.
fn looks(comparison: &Comparison) -> Vec<(&'static Definition, Look)> {
    let known = |definition: &&Definition| {
        comparison.models.iter().any(|model| !model.figures.profile(definition.key).is_empty())
    };
    shown(comparison).filter(known).filter_map(|definition| Some((definition, definition.look?))).collect()
}

/// Columns of a profile are so wide.
fn width(look: &Look) -> usize {
    match look.notation {
        Notation::Decimal => 11,
        Notation::Scientific => 10,
    }
}

/// The profiles over t, and their ratios.
fn profiles(comparison: &Comparison) {
    let looks = looks(comparison);
    let names = || comparison.arms.iter().map(|arm| arm.name.as_str());
    // One line: a cell of its own and, of each profile, one for each model.
    let line = |first: &str, cell: &dyn Fn(&'static Definition, &Look, usize) -> String| {
        let group = |(definition, look): &(&'static Definition, Look)| {
            let cells = (0..names().count()).map(|i| format!("{:>1$}", cell(definition, look, i), width(look)));
            cells.collect::<Vec<_>>().join(" ")
        };
        out!("{first:>8}  {}", looks.iter().map(group).collect::<Vec<_>>().join("  "));
    };
    line("", &|_, look, i| if i == 0 { look.narrow.into() } else { String::new() });
    line("t", &|_, _, i| names().nth(i).unwrap_or_default().to_owned());
    let times = looks.first().and_then(|(first, _)| Some(comparison.models.first()?.figures.profile(first.key)));
    for (row, at) in times.unwrap_or_default().iter().enumerate() {
        line(&at.t.to_string(), &|definition, look, i| {
            let value = comparison.models[i].figures.profile(definition.key).get(row);
            value.map_or_else(
                || "-".into(),
                |value: &AtTime| match look.notation {
                    Notation::Decimal => format!("{:.4}", value.mean),
                    Notation::Scientific => format!("{:.2e}", value.mean),
                },
            )
        });
    }
    if let Some((reference, others)) = comparison.arms.split_first() {
        for (arm, difference) in others.iter().zip(&comparison.differences) {
            let cells = looks.iter().map(|(definition, look)| {
                let room = names().count() * (width(look) + 1) - 1;
                format!("{:>room$}", ratio(difference, definition))
            });
            let name = format!("{}/{}", arm.name, reference.name);
            out!("{name:>8}  {}", cells.collect::<Vec<_>>().join("  "));
        }
    }
    if let Some(model) = comparison.models.first() {
        remarks(model);
    }
}

/// What is said of profiles that are roots of means.
pub fn remarks(audit: &Audit) {
    for Figure { definition, .. } in audit.figures.iter() {
        let root = definition.look.and_then(|look| look.root);
        if let Some(root) = root.filter(|_| audit.figures.average(definition.key) == Average::RootMean) {
            out!("{}", root.remark);
        }
    }
}

/// A profile's ratio to the first arm's, over all times.
fn ratio(difference: &Difference, definition: &Definition) -> String {
    let ratio = difference.ratio(definition.key).map(|ratios| ratios.mean).filter(|mean| mean.mean.is_finite());
    ratio.map_or_else(|| "-".into(), |mean| mean_se(mean.mean, mean.se))
}

/// The figures that are one number: first those that may be compared by pairs.
fn scalars(comparison: &Comparison) {
    let names = comparison.arms.iter().map(|arm| format!(" {:>20}", arm.name));
    let differences = comparison
        .arms
        .iter()
        .skip(1)
        .map(|arm| format!(" {:>22}", format!("{} - {}, paired", arm.name, comparison.arms[0].name)));
    out!("{:<34}{}", "", names.chain(differences).collect::<String>());
    let all: Vec<&Definition> = shown(comparison).filter(|definition| definition.look.is_none()).collect();
    let (means, words): (Vec<&Definition>, Vec<&Definition>) =
        all.into_iter().partition(|definition| definition.shape == Shape::Mean && definition.cell == Cell::Plain);
    for definition in means {
        let differences = comparison.differences.iter().map(|difference| {
            let of = difference.of(definition).map_or_else(String::new, |d| mean_se(d.mean, d.se));
            format!(" {of:>22}")
        });
        row(comparison, definition, &differences.collect::<String>());
    }
    words.into_iter().for_each(|definition| row(comparison, definition, ""));
}

/// A figure of every arm; nothing if none has it.
fn row(comparison: &Comparison, definition: &Definition, differences: &str) {
    if let Cell::OutOf(_) = definition.cell {
        let some = |model: &Audit| model.figures.count(definition.key).is_some_and(|count| count > 0);
        if !comparison.models.iter().any(some) {
            return;
        }
    }
    let cells: Vec<Option<String>> =
        comparison.models.iter().map(|model| narrow_cell(&model.figures, definition)).collect();
    if cells.iter().all(Option::is_none) {
        return;
    }
    let cells: String = cells.into_iter().map(|cell| format!(" {:>20}", cell.unwrap_or_else(|| "-".into()))).collect();
    out!("{:<34}{cells}{differences}", definition.short_name());
}
