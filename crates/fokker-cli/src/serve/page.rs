//! The page of a training: its terms, learning rate, held-out loss and speed against the step.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fokker::jobs::Run;
use fokker::objective::LossTerms;
use fokker::train::Metrics;
use fokker_report::{Fact, Illustration, LineChart, Page, Point, STYLE_FP, Scale, Series, number};

use crate::numbers::{grouped, rate};
use crate::progress::StepRate;

/// The page, as the run's files and this process's clock have it now.
pub fn training(root: &Path, rates: &Mutex<Vec<StepRate>>) -> String {
    let page = Page::new(format!("Training in {}", root.display()));
    let metrics = match Run::at(root).read_metrics() {
        Ok(metrics) => metrics,
        Err(error) => return page.lead(&error.to_string()).render(),
    };
    let rates = rates.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(last) = metrics.last() else {
        return page.lead("No line of metrics.jsonl is written yet.").render();
    };
    let steps = Run::open(root).map_or_else(|_| "-".into(), |(_, config)| grouped(config.train.steps));
    let mut facts = vec![fact("Step", grouped(last.step), format!("of {steps}"))];
    facts.extend(rates.last().map(|last| fact("Speed", format!("{}/s", rate(last.per_second)), "steps".into())));
    facts.extend(last.terms.values().map(|(name, value)| fact(name.label, number(value), String::new())));
    page.facts(&facts).row(charts(&metrics, &rates)).render()
}

fn fact(label: &str, value: String, note: String) -> Fact {
    Fact { label: label.into(), value, note, sure: false }
}

/// What there is, a chart each.
fn charts(metrics: &[Metrics], rates: &[StepRate]) -> Vec<Illustration> {
    let of = |title: &str, label: &str, scale: Scale, get: &dyn Fn(&Metrics) -> Option<f64>| {
        let points = metrics.iter().filter_map(|m| Some(point(m.step, get(m)?))).collect();
        chart(title, label, scale, points)
    };
    let mut charts: Vec<Option<Illustration>> = Vec::new();
    for name in LossTerms::names() {
        let scale = if name.weight.is_none() { Scale::Linear } else { Scale::Log };
        charts.push(of(name.label, name.symbol, scale, &|m| m.terms.get(name.key)));
    }
    charts.push(of("Loss on held-out rows", "held-out loss", Scale::Linear, &|m| m.held_out));
    charts.push(of("Learning rate", "learning rate", Scale::Linear, &|m| Some(m.learning_rate)));
    charts.push(of("Norm of the gradient", "norm", Scale::Log, &|m| Some(m.gradient_norm)));
    let speeds = rates.iter().map(|rate| point(rate.step, rate.per_second)).collect();
    charts.push(chart("Speed since this start", "steps a second", Scale::Linear, speeds));
    charts.into_iter().flatten().collect()
}

#[allow(clippy::cast_precision_loss)]
fn point(step: u64, y: f64) -> Point {
    Point { x: step as f64, y, se: 0.0 }
}

/// A chart against the step; none of no points.
fn chart(title: &str, label: &str, y_scale: Scale, points: Vec<Point>) -> Option<Illustration> {
    if points.is_empty() {
        return None;
    }
    let mut title = title.to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let series = vec![Series { name: "this run".into(), points, style: STYLE_FP }];
    let x_label = "step".into();
    let chart = LineChart { title, x_label, y_label: label.into(), x_scale: Scale::Linear, y_scale, series };
    Some(Illustration::svg(chart.svg(), ""))
}
