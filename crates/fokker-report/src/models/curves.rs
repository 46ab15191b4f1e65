//! How training went.

use fokker::objective::{LossTerms, TermName};
use fokker::train::Metrics;

use super::model::{Model, style};
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::page::Illustration;
use crate::series::{Point, Series};

/// A chart of each term that any of the models had.
pub(super) fn curves(models: &[Model<'_>]) -> Vec<Illustration> {
    let had = |key: &str| models.iter().any(|model| model.metrics.iter().any(|m| m.terms.get(key).is_some()));
    let of = |name: &TermName| {
        let (mut title, key) = (name.label.to_owned(), name.key);
        title[..1].make_ascii_uppercase();
        let (scale, caption) = match name.weight {
            None => (Scale::Linear, "Mean over each stretch of steps.".to_owned()),
            Some(weight) => (Scale::Log, format!("Before its weight {weight}.")),
        };
        chart(models, &title, name.symbol, scale, &caption, &|m| m.terms.get(key))
    };
    LossTerms::names().iter().filter(|name| name.weight.is_none() || had(name.key)).map(of).collect()
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
