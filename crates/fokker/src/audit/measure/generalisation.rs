//! Whether training rows are likelier than held-out ones: what a model has learned by heart.

use fokker_jet::Real;
use rand::seq::index;

use crate::Error;
use crate::audit::context::{Context, in_double};
use crate::audit::measurement::{Measure, Measurement};
use crate::figure::{Better, Definition, Figure, Shown, Value};
use crate::rng::Streams;
use crate::stats::MeanSe;

/// Training rows whose log p is computed, at most.
const ROWS: usize = 500;

/// −log p of training rows, nats, in the units of the data, as that of held-out rows is.
static TRAIN: Definition = Definition::mean("generalisation.train_nll")
    .named("negative log-likelihood of training rows", "nats")
    .optional()
    .shown(Shown::Page);

/// −log p of held-out rows less that of training rows: 0 but for chance, unless training rows are learned by heart.
static GAP: Definition = Definition::mean("generalisation.gap")
    .named("NLL: held-out less training rows", "nats")
    .better(Better::Neither)
    .optional()
    .shown(Shown::Everywhere);

/// Absent of grey levels, and where the training rows are not known.
pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&TRAIN, &GAP],
        measure: Measure::Once { what: Some("log-likelihood of training rows"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let (points, dim) = (context.points, context.dim());
    let Some(training) = points.training().filter(|_| points.levels().is_none()) else { return Ok(Vec::new()) };
    let mut rng = Streams::new(context.seed).named("audit-training-rows");
    let count = training.rows.min(ROWS).min(context.settings.nll_points);
    let (mut x, mut row) = (Vec::new(), vec![0.0; dim]);
    for index in index::sample(&mut rng, training.rows, count) {
        training.drawn(index, &mut rng, &mut row);
        x.extend_from_slice(&row);
    }
    if points.truth().is_some() {
        x = in_double(&context.at_end::<F>(&x, &mut rng));
    }
    let log_p = context.log_prob(&x)?;
    let log_det = points.scaling().log_det();
    let of = |log_p: &[f64]| MeanSe::of_finite(&log_p.iter().map(|log_p| -log_p - log_det).collect::<Vec<_>>());
    let (train, held_out) = (of(&log_p), of(&context.held_out()?.log_p.mean));
    let gap = MeanSe { mean: held_out.mean - train.mean, se: train.se.hypot(held_out.se) };
    Ok(vec![Figure::new(&TRAIN, Value::Mean(train)), Figure::new(&GAP, Value::Mean(gap))])
}
