//! The page of a training: its terms, learning rate, held-out loss and speed against the step.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fokker::jobs::Run;
use fokker::train::Metrics;
use fokker_report::{Fact, Illustration, LineChart, Page, Point, STYLE_FP, Scale, Series, number, training_charts};

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

/// The charts of a report, and the speed.
#[allow(clippy::cast_precision_loss)]
fn charts(metrics: &[Metrics], rates: &[StepRate]) -> Vec<Illustration> {
    let mut charts = training_charts(&[("this run", metrics)]);
    if !rates.is_empty() {
        let points = rates.iter().map(|rate| Point { x: rate.step as f64, y: rate.per_second, se: 0.0 }).collect();
        let series = vec![Series { name: "this run".into(), points, style: STYLE_FP }];
        let chart = LineChart {
            title: "Speed since this start".into(),
            x_label: "step".into(),
            y_label: "steps a second".into(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            series,
        };
        charts.push(Illustration::svg(chart.svg(), ""));
    }
    charts
}
