//! log p of held-out rows, and bits per dimension.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::data::bits_per_dim;
use crate::figure::{Better, Cell, Definition, Figure, OverSeeds, Shown, Value};
use crate::stats::{MeanSe, paired};

/// −log p of held-out rows, nats, in the units of the data: of rows diffused to t_min where the truth is known, else of the rows
/// themselves.
static NLL: Definition = Definition::mean("nll")
    .named("negative log-likelihood", "nats")
    .better(Better::Lower)
    .gain("log-likelihood gained")
    .paired()
    .judged()
    .shown(Shown::Everywhere);

/// What no model's mean can be below but by chance: −log q_{t_min} of the very same points where the density is known, else the entropy
/// of the data where that is known; nats.
static TRUE_NLL: Definition =
    Definition::number("true_nll").named("… of the truth, or the data's entropy", "nats").optional().shown(Shown::Page);

/// [`NLL`] less [`TRUE_NLL`], with the standard error of the difference at each point.
static GAP: Definition = Definition::mean("gap")
    .named("gap to it", "nats")
    .short("gap to the truth or entropy")
    .better(Better::Lower)
    .paired_as("nll")
    .optional()
    .shown(Shown::Everywhere);

/// Bits per dimension in the data's own unit, where the data has grey levels: the mean over dequantisation noise, an upper bound of
/// −log₂ P/D (see [`Dequantised`](crate::likelihood::Dequantised)).
static BITS: Definition = Definition::mean("bits_per_dim")
    .named("bits per dimension", "")
    .better(Better::Lower)
    .paired()
    .optional()
    .shown(Shown::Everywhere);

/// The same by the importance-weighted bound, which is tighter if there is more than one draw of the noise.
static BITS_IMPORTANCE: Definition = Definition::mean("bits_per_dim_importance").better(Better::Lower).optional();

/// Held-out rows whose log p was computed, each row at most once.
static ROWS: Definition = Definition::count("nll_rows").over_seeds(OverSeeds::Sum);

/// Those of them whose integration failed; they are in no mean.
static FAILED: Definition = Definition::count("nll_failed")
    .named("rows without a log p", "")
    .better(Better::Lower)
    .over_seeds(OverSeeds::Sum)
    .cell(Cell::OutOf("nll_rows"))
    .shown(Shown::Terminal);

/// Mean number of score evaluations for one log p.
static EVALUATIONS: Definition = Definition::number("nll_evaluations");

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&NLL, &TRUE_NLL, &GAP, &BITS, &BITS_IMPORTANCE],
        measure: Measure::Once { what: Some("log-likelihood"), measure },
    }
}

/// What the likelihoods rest on.
pub(super) fn counts<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&ROWS, &FAILED, &EVALUATIONS], measure: Measure::Once { what: None, measure: count } }
}

fn count<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let held_out = context.held_out()?;
    let log_p = &held_out.log_p;
    #[allow(clippy::cast_precision_loss)]
    let evaluations: Vec<f64> = log_p.evaluations.iter().map(|&e| e as f64 / held_out.draws as f64).collect();
    Ok(vec![
        Figure::new(&ROWS, Value::Count(log_p.mean.len())),
        Figure::new(&FAILED, Value::Count(log_p.mean.iter().filter(|value| !value.is_finite()).count())),
        Figure::new(&EVALUATIONS, Value::Number(MeanSe::of(&evaluations).mean)),
    ])
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let (points, scaling, held_out) = (context.points, context.points.scaling(), context.held_out()?);
    let log_p = &held_out.log_p;
    let nll: Vec<f64> = log_p.mean.iter().map(|value| -value - scaling.log_det()).collect();
    let mut found = Vec::new();
    if let Some(truth) = least(context, &held_out.x) {
        let both = truth.iter().zip(&nll).filter(|(_, nll)| nll.is_finite());
        let mean = MeanSe::of(&both.map(|(truth, _)| *truth).collect::<Vec<_>>()).mean;
        found.push(Figure::new(&TRUE_NLL, Value::Number(mean)));
        found.push(Figure::new(&GAP, Value::Mean(paired(&nll, &truth))));
    }
    if points.levels().is_some() {
        let bits = |values: &[f64]| -> Vec<f64> {
            values.iter().map(|&value| bits_per_dim(value, scaling, context.dim())).collect()
        };
        found.push(of_finite(&BITS, bits(&log_p.mean)));
        let importance = log_p.importance.as_deref().map(|values| MeanSe::of_finite(&bits(values)));
        found.extend(importance.map(|mean| Figure::new(&BITS_IMPORTANCE, Value::Mean(mean))));
    }
    found.push(of_finite(&NLL, nll));
    Ok(found)
}

/// The mean of those values that are finite, and all values.
fn of_finite(definition: &'static Definition, values: Vec<f64>) -> Figure {
    Figure::new(definition, Value::Mean(MeanSe::of_finite(&values))).at_points(vec![values])
}

/// −log of the true density at each row, where it is known: that at t_min, or of data whose entropy alone is known, the entropy, which
/// −E log p of no density p can be below.
pub(super) fn least<F: Real>(context: &Context<'_, F>, x: &[f64]) -> Option<Vec<f64>> {
    let rows = x.chunks_exact(context.dim());
    if let Some(truth) = context.points.truth() {
        let q = truth.diffused(&context.end());
        let log_det = context.points.scaling().log_det();
        return Some(rows.map(|x| -q.log_density(x) - log_det).collect());
    }
    context.points.entropy().map(|entropy| vec![entropy; rows.len()])
}
