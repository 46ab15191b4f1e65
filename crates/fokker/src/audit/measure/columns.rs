//! Samples against held-out rows, a column at a time: where they differ, and how far out samples go.

use fokker_jet::Real;
use serde_json::Number;

use crate::Error;
use crate::audit::context::{Context, in_double};
use crate::audit::measurement::{Measure, Measurement};
use crate::distance::kolmogorov_smirnov;
use crate::figure::{Definition, Figure, Record, Shown, Value};
use crate::stats::{MeanSe, quantile};

/// Columns that are looked at, at most.
const COLUMNS: usize = 256;

/// Quantiles that are compared, in per cent.
const QUANTILES: [u32; 7] = [1, 5, 25, 50, 75, 95, 99];

/// So many standard deviations of the held-out rows from their mean is far.
const FAR: f64 = 10.0;

/// For each column, from 0: the two-sample Kolmogorov\u{2013}Smirnov distance of samples by the flow from held-out rows and its p-value, and
/// quantiles of both, in the units of the data.
static COLUMN: Definition = Definition::records("columns").optional();

/// Samples more than ten standard deviations of the held-out rows from their mean in some column.
static FAR_SAMPLES: Definition =
    Definition::count("tails.samples").named("samples beyond 10 \u{3c3}", "").shown(Shown::Page);

/// The samples that were looked at.
static OF: Definition = Definition::count("tails.of");

/// Held-out rows likewise, of as many.
static FAR_ROWS: Definition = Definition::count("tails.held_out");

/// The greatest distance of a sample from the mean, in standard deviations.
static FARTHEST: Definition = Definition::number("tails.farthest");

/// That of a held-out row.
static FARTHEST_ROW: Definition = Definition::number("tails.farthest_held_out");

/// The columns are absent of images, whose pixels say little one by one, and beyond 256 dimensions.
pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&COLUMN, &FAR_SAMPLES, &OF, &FAR_ROWS, &FARTHEST, &FARTHEST_ROW],
        measure: Measure::Once { what: Some("samples, column by column"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let (n, dim) = (context.settings.gap_samples, context.dim());
    let samples = &context.flow_samples()?.x;
    let rows = in_double(&context.rows.diffused::<F>(&context.end(), 0..n, context.draw_at_end() + 1));
    let column = |values: &[f64], at: usize| -> Vec<f64> { values[at..].iter().step_by(dim).copied().collect() };
    if samples.len() < 2 * dim || rows.len() < 2 * dim {
        return Ok(Vec::new());
    }
    // The farthest coordinate of each row, in standard deviations of the held-out rows.
    let mut far = [vec![0.0_f64; samples.len() / dim], vec![0.0; rows.len() / dim]];
    let mut records = Vec::new();
    for at in 0..dim {
        let mut pair = [column(samples, at), column(&rows, at)];
        let MeanSe { mean, se } = MeanSe::of(&pair[1]);
        let std = se * (pair[1].len() as f64).sqrt();
        // A constant column has no scale to measure by.
        for (far, values) in far.iter_mut().zip(&pair).filter(|_| std > 0.0) {
            far.iter_mut().zip(values).for_each(|(far, x)| *far = far.max((x - mean).abs() / std));
        }
        if dim <= COLUMNS && context.points.levels().is_none() {
            pair.iter_mut().for_each(|values| values.sort_by(f64::total_cmp));
            records.push(record(context, at, &pair));
        }
    }
    let count = |far: &[f64]| far.iter().filter(|far| **far > FAR).count();
    let most = |far: &[f64]| far.iter().copied().fold(0.0, f64::max);
    let mut found = vec![
        Figure::new(&FAR_SAMPLES, Value::Count(count(&far[0]))),
        Figure::new(&OF, Value::Count(far[0].len())),
        Figure::new(&FAR_ROWS, Value::Count(count(&far[1]))),
        Figure::new(&FARTHEST, Value::Number(most(&far[0]))),
        Figure::new(&FARTHEST_ROW, Value::Number(most(&far[1]))),
    ];
    if !records.is_empty() {
        found.push(Figure::new(&COLUMN, Value::Records(records)));
    }
    Ok(found)
}

/// What is found of a column, of sorted samples and rows.
fn record<F: Real>(context: &Context<'_, F>, at: usize, [samples, rows]: &[Vec<f64>; 2]) -> Record {
    let scaling = context.points.scaling();
    let number = |value: f64| Number::from_f64(value).unwrap_or_else(|| Number::from(0));
    let test = kolmogorov_smirnov(samples, rows);
    let mut entries =
        vec![("column".into(), at.into()), ("ks".into(), number(test.distance)), ("p".into(), number(test.p_value))];
    for percent in QUANTILES {
        for (name, values) in [("samples", samples), ("held_out", rows)] {
            let value = quantile(values, f64::from(percent) / 100.0) * scaling.scale[at] + scaling.shift[at];
            entries.push((format!("q{percent}_{name}"), number(value)));
        }
    }
    Record(entries)
}
