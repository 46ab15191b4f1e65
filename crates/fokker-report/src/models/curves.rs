//! How training went.

use fokker::train::Metrics;

use super::model::{Model, style};
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::page::Illustration;
use crate::series::{Point, Series};

pub(super) fn curves(models: &[Model<'_>]) -> Vec<Illustration> {
    let mut figures =
        vec![chart(models, "Denoising loss", "J_DSM", Scale::Linear, "Mean over each stretch of steps.", &|m| {
            Some(m.dsm)
        })];
    if models.iter().any(|model| model.metrics.iter().any(|m| m.fp.is_some())) {
        figures.push(chart(models, "Score-FPE term", "R", Scale::Log, "Before its weight α.", &|m| m.fp));
    }
    figures
}

/// One number of the metrics against the step.
#[allow(clippy::cast_precision_loss)]
fn chart(
    models: &[Model<'_>], title: &str, y: &str, scale: Scale, caption: &str, get: &dyn Fn(&Metrics) -> Option<f64>,
) -> Illustration {
    let point = |m: &Metrics| get(m).map(|y| Point { x: m.step as f64, y, se: 0.0 });
    let series = models.iter().enumerate().map(|(i, model)| Series {
        name: model.name.into(),
        points: model.metrics.iter().filter_map(point).collect(),
        style: style(i, models),
    });
    let chart = LineChart {
        title: title.into(),
        x_label: "step".into(),
        y_label: y.into(),
        x_scale: Scale::Linear,
        y_scale: scale,
        series: series.filter(|series| !series.points.is_empty()).collect(),
    };
    Illustration::svg(chart.svg(), caption)
}
