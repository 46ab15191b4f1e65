//! The density of an energy model: log p in one evaluation, whether it is that of the flow, and whether it keeps its normaliser.

use fokker_jet::Real;
use rand_distr::{Distribution, StandardNormal};

use super::likelihood::least;
use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{AtOneTime, Measure, Measurement, Rows};
use crate::density::normal::Normal;
use crate::figure::{Better, Definition, Figure, Look, Shown, Value};
use crate::likelihood::log_density;
use crate::likelihood::log_mean_exp::LogMeanExp;
use crate::rng::Streams;
use crate::stats::{MeanSe, paired};

/// −(log q(x, t_min) − log Z(T)) of the held-out rows of [`nll`](super::likelihood), nats, in the units of the data. The lower is not the
/// better: it is a likelihood only as far as ∫q is 1 at t_min, and a model whose mass has grown has a lower one than the truth.
static NLL: Definition = Definition::mean("energy_nll")
    .named("negative log-likelihood by the energy", "nats")
    .short("NLL by the energy")
    .paired()
    .optional()
    .shown(Shown::Everywhere);

/// [`NLL`] less that of the truth, or the data's entropy: best at 0, from either side.
static GAP: Definition = Definition::mean("energy_gap")
    .named("gap by the energy", "nats")
    .paired_as("energy_nll")
    .optional()
    .shown(Shown::Everywhere);

/// log p by the flow less log p by the energy, of the held-out rows: 0 where the log-density obeys the score FPE.
static CONSISTENCY: Definition = Definition::mean("density_consistency")
    .named("log p of flow less energy", "nats")
    .short("flow less energy")
    .optional()
    .shown(Shown::Everywhere);

/// Its standard deviation over the rows.
static SPREAD: Definition = Definition::number("density_spread")
    .named("… its spread", "nats")
    .better(Better::Lower)
    .optional()
    .shown(Shown::Everywhere);

/// Its largest size.
static WORST: Definition = Definition::number("density_worst")
    .named("… its worst", "nats")
    .better(Better::Lower)
    .optional()
    .shown(Shown::Page);

/// log ∫q(x, t) dx − log Z(T), nats, by importance sampling from a normal law of the rows' own mean and covariance, twice as wide: 0 at
/// every t for a log-density that obeys the score FPE.
static NORMALISER: Definition = Definition::profile("log_normaliser")
    .named("log of the normaliser", "nats")
    .optional()
    .shown(Shown::Everywhere)
    .look(
        Look::new(
            "log ∫q",
            "By importance sampling, less that at T. 0 at every t for a log-density that keeps its mass.",
        )
        .signed()
        .headings("log of ∫q", "log ∫q"),
    );

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&NLL, &GAP, &CONSISTENCY, &SPREAD, &WORST],
        measure: Measure::Once { what: Some("density of the energy"), measure },
    }
}

pub(super) fn normaliser<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&NORMALISER], measure: Measure::AtTimes(at_time) }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let Some(energy) = context.score.energy() else { return Ok(Vec::new()) };
    let held_out = context.held_out()?;
    if held_out.draws > 1 || context.points.levels().is_some() {
        // Each row's value is a mean over noise that is not kept.
        return Ok(Vec::new());
    }
    let log_z = context.log_z(energy)?.value;
    let log_q = log_density(energy, &held_out.x, context.end().t, context.workers)?;
    let log_p: Vec<f64> = log_q.into_iter().map(|log_q| log_q - log_z).collect();
    let apart: Vec<f64> = held_out.log_p.mean.iter().zip(&log_p).map(|(flow, energy)| flow - energy).collect();
    // Rows that the flow has no value for are counted with the likelihood; an energy that is no number shows in all that follows.
    let known = held_out.log_p.mean.iter().zip(apart).filter(|(flow, _)| flow.is_finite());
    let apart: Vec<f64> = known.map(|(_, apart)| apart).collect();
    let over_rows = MeanSe::of(&apart);
    #[allow(clippy::cast_precision_loss)]
    let spread = over_rows.se * (apart.len() as f64).sqrt();
    let larger = |worst: f64, apart: f64| if apart.is_nan() || apart > worst { apart } else { worst };
    let worst = apart.into_iter().map(f64::abs).reduce(larger).unwrap_or(f64::NAN);
    let nll: Vec<f64> = log_p.iter().map(|log_p| -log_p - context.points.scaling().log_det()).collect();
    let mut found = vec![
        Figure::new(&CONSISTENCY, Value::Mean(over_rows)),
        Figure::new(&SPREAD, Value::Number(spread)),
        Figure::new(&WORST, Value::Number(worst)),
    ];
    if let Some(truth) = least(context, &held_out.x) {
        found.push(Figure::new(&GAP, Value::Mean(paired(&nll, &truth))));
    }
    found.push(Figure::new(&NLL, Value::Mean(MeanSe::of(&nll))).at_points(vec![nll]));
    Ok(found)
}

fn at_time<F: Real>(context: &Context<'_, F>, rows: &Rows<'_, F>) -> Result<Vec<AtOneTime>, Error> {
    let Some(energy) = context.score.energy() else { return Ok(Vec::new()) };
    let x: Vec<f64> = rows.x.iter().map(|x| x.as_f64()).collect();
    let Some(law) = Normal::wide(&x, context.dim()) else { return Ok(Vec::new()) };
    let mut rng = Streams::new(context.seed).at("audit-normaliser", rows.c.t.to_bits(), 0);
    let count = 4 * context.settings.points;
    let z: Vec<f64> = (0..count * context.dim()).map(|_| StandardNormal.sample(&mut rng)).collect();
    let (y, log_law) = law.points(&z);
    let log_q = log_density(energy, &y, rows.c.t, context.workers)?;
    let mut mean = LogMeanExp::default();
    log_q.iter().zip(log_law).for_each(|(log_q, log_law)| mean.add(log_q - log_law));
    let MeanSe { mean, se } = mean.value();
    let log_z = context.log_z(energy)?;
    let value = MeanSe { mean: mean - log_z.value, se: se.hypot(log_z.se) };
    Ok(vec![AtOneTime { definition: &NORMALISER, value, points: Vec::new() }])
}
