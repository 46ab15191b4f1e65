//! `sweep.html`: a sweep's settings as a chart and a table, and which of them to take.

use fokker::study::{Axis, SweepFigures, SweepPoint, SweepRound};

use crate::axis::Scale;
use crate::chart::LineChart;
use crate::made::Made;
use crate::page::{Illustration, Listing, Page};
use crate::rows::rows_in_words;
use crate::series::{Point, STYLE_FP, Series};
use crate::table::{Row, Table};
use crate::text::{capitalised, mean_se};

/// Curves that a chart can show apart.
const MOST_CURVES: usize = 6;

/// A page about a sweep.
#[derive(Clone, Copy, Debug)]
pub struct SweepReport<'a> {
    /// What was found.
    pub figures: &'a SweepFigures,
    /// The config that all settings share, as TOML.
    pub config: &'a str,
    /// When and by what the page was made.
    pub made: &'a Made,
    /// Number of training and of held-out rows; `None` for a generator.
    pub rows: [Option<usize>; 2],
}

impl SweepReport<'_> {
    /// The page as one HTML file.
    #[must_use]
    pub fn render(&self) -> String {
        let found = self.figures;
        let [train, held_out] = self.rows;
        let rows = format!("Data: {}", rows_in_words(train, held_out));
        let mut page = Page::new(format!("{}: a sweep over {}", found.config, keys(&found.axes)))
            .made(self.made, &[rows])
            .lead(&capitalised(&recommendation(found)));
        for round in found.rounds.iter().rev() {
            let steps = round.steps.map(|steps| format!("{steps} steps"));
            page = page.section(steps.as_deref().unwrap_or("Settings"), "");
            if let Some(chart) = chart(found, round) {
                page = page.illustration(Illustration::svg(
                    chart.svg(),
                    "Bars are standard errors over seeds, or over points where there is one seed.",
                ));
            }
            page = page.table(table(found, round));
        }
        page.section("Config", "").listing(&Listing { name: "Resolved config", text: self.config }).render()
    }
}

/// The keys that are swept over.
fn keys(axes: &[Axis]) -> String {
    axes.iter().map(|axis| axis.key.as_str()).collect::<Vec<_>>().join(" and ")
}

/// Which setting to take, and what cannot be told from it.
///
/// ```
/// use fokker::{audit::{Audit, AuditConfig}, figure::{Better, Definition, Figure, Value}, stats::MeanSe};
/// use fokker::study::{Arm, SweepFigures, SweepPoint, SweepRound};
/// static NLL: Definition = Definition::mean("nll").named("negative log-likelihood", "nats").better(Better::Lower).paired();
/// let point = |name: &str, values: [f64; 3]| {
///     let figure = Figure::new(&NLL, Value::Mean(MeanSe::of(&values))).at_points(vec![values.to_vec()]);
///     let figures = [figure].into_iter().collect();
///     let audit = Audit { seed: 0, settings: AuditConfig::default(), figures, closest: vec![], steps: None, columns: None };
///     SweepPoint { arm: Arm::new(name, name), audits: vec![Some(audit)] }
/// };
/// let points = vec![point("a=1", [1.0, 2.0, 3.0]), point("a=2", [1.1, 1.8, 3.2]), point("a=3", [2.0, 3.0, 4.1])];
/// let rounds = vec![SweepRound { steps: None, points }];
/// let found = SweepFigures { config: "ring8".into(), by: &NLL, axes: vec![], rounds };
/// assert_eq!(
///     fokker_report::recommendation(&found),
///     "take a=1: negative log-likelihood 2.00 ± 0.58 nats, the lowest of 3; not told from it by two standard errors: a=2",
/// );
/// ```
#[must_use]
pub fn recommendation(found: &SweepFigures) -> String {
    let best = found.last().and_then(|last| Some((last, last.best(found.by)?)));
    let Some((last, best)) = best else {
        return "the training of every setting failed: nothing can be recommended".into();
    };
    let value = best.value(found.by).map_or_else(String::new, |value| mean_se(value.mean, value.se));
    let tied = last.tied(found.by);
    let unit = if found.by.unit.is_empty() { String::new() } else { format!(" {}", found.by.unit) };
    let end = if found.by.better == fokker::figure::Better::Higher { "highest" } else { "lowest" };
    let rest = match (last.points.len(), tied.len()) {
        (1, _) => String::new(),
        (_, 0) => "; all others are worse by more than two standard errors".into(),
        _ => {
            let names: Vec<&str> = tied.iter().map(|point| point.arm.name.as_str()).collect();
            format!("; not told from it by two standard errors: {}", names.join("; "))
        }
    };
    format!("take {}: {} {value}{unit}, the {end} of {}{rest}", best.arm.name, found.by.label, last.points.len())
}

fn table(found: &SweepFigures, round: &SweepRound) -> Table {
    let best = round.best(found.by);
    let row = |point: &SweepPoint| {
        let value = point.value(found.by).map_or_else(|| "failed".into(), |value| mean_se(value.mean, value.se));
        let less = best.filter(|best| best.arm.key != point.arm.key).and_then(|best| point.less(best, found.by));
        let less = less.map_or_else(|| "—".into(), |less| mean_se(less.mean, less.se));
        let seconds = point.seconds().map_or_else(|| "—".into(), |seconds| format!("{seconds:.1}"));
        Row::new([point.arm.name.clone(), value, less, seconds])
    };
    Table {
        caption: format!("Settings by {}", found.by.label),
        header: ["".into(), found.by.name(), "less the best's, paired".into(), "training, s".into()].to_vec(),
        rows: round.ranked(found.by).into_iter().map(|place| row(&round.points[place])).collect(),
        notes: Vec::new(),
    }
}

/// The figure against the axis that has most numbers, a curve for each combination of the others; none if no axis has two numbers, or there
/// are more curves than can be told apart.
fn chart(found: &SweepFigures, round: &SweepRound) -> Option<LineChart> {
    let numbers = |axis: &&Axis| axis.values.iter().filter(|value| value.parse::<f64>().is_ok()).count();
    let axis = found.axes.iter().max_by_key(numbers).filter(|axis| numbers(axis) > 1)?;
    let mut series: Vec<Series> = Vec::new();
    for point in &round.points {
        let assignment = |set: &&String| set.split_once('=').is_some_and(|(key, _)| key == axis.key);
        let x = point.arm.sets.iter().find(assignment).and_then(|set| set.split_once('=')?.1.parse::<f64>().ok());
        let (Some(x), Some(value)) = (x, point.value(found.by)) else { continue };
        let others: Vec<&str> = point.arm.sets.iter().filter(|set| !assignment(set)).map(String::as_str).collect();
        let name = if others.is_empty() { found.by.label.to_owned() } else { others.join(", ") };
        let se = if value.se.is_finite() { value.se } else { 0.0 };
        let place = Point { x, y: value.mean, se };
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(place),
            None => series.push(Series {
                name,
                points: vec![place],
                style: if others.is_empty() { STYLE_FP } else { series.len() },
            }),
        }
    }
    let xs = || series.iter().flat_map(|series| &series.points).map(|point| point.x);
    let wide = xs().all(|x| x > 0.0) && xs().fold(0.0, f64::max) > 8.0 * xs().fold(f64::INFINITY, f64::min);
    (!series.is_empty() && series.len() <= MOST_CURVES).then(|| LineChart {
        title: capitalised(found.by.label),
        x_label: axis.key.clone(),
        y_label: if found.by.unit.is_empty() { found.by.key } else { found.by.unit }.into(),
        x_scale: if wide { Scale::Log } else { Scale::Linear },
        y_scale: Scale::Linear,
        series,
    })
}
