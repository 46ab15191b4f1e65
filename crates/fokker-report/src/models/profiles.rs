//! Charts of the profiles over t.

use fokker::figure::{Definition, Figure, Look};
use fokker::stats::Average;

use super::model::{Model, style};
use crate::axis::Scale;
use crate::chart::LineChart;
use crate::page::Illustration;
use crate::series::{Point, Series};
use crate::text::capitalised;

/// A chart of each profile that any model has.
pub(super) fn profiles(models: &[Model<'_>]) -> Vec<Illustration> {
    let figures = models.first().into_iter().flat_map(|model| model.figures.iter());
    let shown = figures.filter(|figure| figure.definition.shown.on_page());
    shown.filter_map(|Figure { definition, .. }| Some(chart(definition, &definition.look?, models))).flatten().collect()
}

fn chart(definition: &Definition, look: &Look, models: &[Model<'_>]) -> Option<Illustration> {
    let values = |model: &Model<'_>| -> Vec<Point> {
        model.figures.profile(definition.key).iter().map(|at| Point { x: at.t, y: at.mean, se: at.se }).collect()
    };
    let series: Vec<Series> = models
        .iter()
        .enumerate()
        .map(|(i, model)| Series { name: model.name.into(), points: values(model), style: style(i, models.len()) })
        .collect();
    if models.iter().all(|model| model.figures.value(definition.key).is_none()) {
        return None;
    }
    // Where nothing is above 0, as the asymmetry of a gradient, there is nothing for a logarithm to show.
    let positive = series.iter().flat_map(|series| &series.points).any(|point| point.y > 0.0);
    let chart = LineChart {
        title: capitalised(definition.label),
        x_label: "t".into(),
        y_label: look.symbol.into(),
        x_scale: Scale::Log,
        y_scale: if look.signed || !positive { Scale::Linear } else { Scale::Log },
        series,
    };
    let is_root = models.first().is_some_and(|model| model.figures.average(definition.key) == Average::RootMean);
    let caption = look.root.filter(|_| is_root).map_or(look.caption, |root| root.caption);
    Some(Illustration::svg(chart.svg(), caption))
}
