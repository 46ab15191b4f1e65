//! How training went.

use fokker::objective::{LossTerms, TermName};
use fokker::train::Metrics;

use super::model::style;
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::page::Illustration;
use crate::series::{Point, Series};
use crate::text::capitalised;

/// A chart against the step of each term that any of the runs had, of the loss on held-out rows if it was measured, of the learning rate and
/// of the gradient's norm; each run has its name and the lines of its metrics.
///
/// ```
/// use fokker::{objective::LossTerms, train::Metrics};
/// let line = |step| {
///     let mut terms = LossTerms::default();
///     terms.set("dsm", 1.0 / step as f64);
///     Metrics { step, terms, gradient_norm: 1.0, learning_rate: 1e-3, held_out: Some(0.5) }
/// };
/// let lines: Vec<Metrics> = (1..9).map(line).collect();
/// assert_eq!(fokker_report::training_charts(&[("run", &lines)]).len(), 4);
/// assert!(fokker_report::training_charts(&[("run", &[])]).is_empty());
/// ```
#[must_use]
pub fn training_charts(runs: &[(&str, &[Metrics])]) -> Vec<Illustration> {
    let term = |name: &TermName| {
        let (scale, caption) = match name.weight {
            None => (Scale::Linear, "Mean over each stretch of steps.".to_owned()),
            Some(weight) => (Scale::Log, format!("Before its weight {weight}.")),
        };
        chart(runs, name.label, name.symbol, scale, &caption, &|m| m.terms.get(name.key))
    };
    let others: [(&str, &str, Scale, &str, Get); 3] = [
        ("Loss on held-out rows", "J_DSM", Scale::Linear, "Of the averaged weights, targets not averaged.", |m| {
            m.held_out
        }),
        ("Learning rate", "", Scale::Linear, "", |m| Some(m.learning_rate)),
        ("Norm of the gradient", "", Scale::Log, "Before it is clipped.", |m| Some(m.gradient_norm)),
    ];
    let others = others.into_iter().map(|(title, y, scale, caption, get)| chart(runs, title, y, scale, caption, &get));
    LossTerms::names().iter().map(term).chain(others).flatten().collect()
}

/// A number of a line of the metrics.
type Get = fn(&Metrics) -> Option<f64>;

/// One number of the metrics against the step; none if no run has it.
#[allow(clippy::cast_precision_loss)]
fn chart(
    runs: &[(&str, &[Metrics])], title: &str, y: &str, y_scale: Scale, caption: &str,
    get: &dyn Fn(&Metrics) -> Option<f64>,
) -> Option<Illustration> {
    let point = |m: &Metrics| get(m).map(|y| Point { x: m.step as f64, y, se: 0.0 });
    let series = runs.iter().enumerate().map(|(i, (name, metrics))| Series {
        name: (*name).into(),
        points: metrics.iter().filter_map(point).collect(),
        style: style(i, runs.len()),
    });
    let series: Vec<Series> = series.filter(|series| !series.points.is_empty()).collect();
    let (title, x_label, y_label) = (capitalised(title), "step".into(), y.into());
    let chart = LineChart { title, x_label, y_label, x_scale: Scale::Linear, y_scale, series };
    (!chart.series.is_empty()).then(|| Illustration::svg(chart.svg(), caption))
}
