//! The residual of the score FPE over t.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{AtOneTime, Measure, Measurement, Rows};
use crate::divergence::Divergence;
use crate::figure::{Better, Definition, Figure, Look, Notation, Root, Shown, Value};
use crate::residual::{Residuals, residual};
use crate::score::Differentiable;
use crate::stats::Average;

/// r(t), x ~ q_t. By exact divergences E‖ε‖₂/D; where they are probed √E⟨ε_v, ε_v′⟩/D = √E‖ε‖²/D, by the products of the residuals
/// under two independent sets of probes, which the probes' variance does not raise as it does E‖ε_v‖.
static RESIDUAL: Definition = Definition::profile("residual")
    .named("residual of the score FPE", "")
    .better(Better::Lower)
    .paired()
    .shown(Shown::Everywhere)
    .look(Look {
        notation: Notation::Decimal,
        rows: true,
        root: Some(Root {
            caption: "√E⟨ε, ε′⟩/D over x ~ q_t, two independent sets of probes. Whiskers are standard errors.",
            note: "r(t) here is √E⟨ε, ε′⟩/D, by the products of the residuals under two independent sets of probes: E‖ε‖/D itself \
                   cannot be had from probes without their noise.",
            remark: "(r(t) is the root of E<e, e'>/D^2 over two independent sets of probes)",
        }),
        ..Look::new("r(t)", "E‖ε‖/D over x ~ q_t. Whiskers are standard errors.").headings("residual r(t)", "residual")
    });

/// What r(t) is the [`Average`] of.
static AVERAGE: Definition = Definition::word("residual_average");

/// r(t) over the same average of ‖∂ₜs‖₂/D.
static RELATIVE: Definition = Definition::profile("residual_relative").better(Better::Lower);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&RESIDUAL, &RELATIVE], measure: Measure::AtTimes(measure) }
}

/// What r(t) is, in a measurement of its own: it is no profile.
pub(super) fn average<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&AVERAGE], measure: Measure::Once { what: None, measure: measure_average } }
}

fn measure_average<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    Ok(vec![Figure::new(&AVERAGE, Value::Word(kind(context.divergence).name().into()))])
}

/// Of norms, or of products where divergences are probed.
fn kind(divergence: Divergence) -> Average {
    match divergence {
        Divergence::Exact {} => Average::Mean,
        Divergence::Hutchinson { .. } => Average::RootMean,
    }
}

fn measure<F: Real>(context: &Context<'_, F>, rows: &Rows<'_, F>) -> Result<Vec<AtOneTime>, Error> {
    let Context { score, divergence, seed, workers, .. } = *context;
    let (values, dt) = residuals(score, rows.x, rows.times, divergence, seed, workers)?;
    let average = kind(divergence);
    let relative = AtOneTime { definition: &RELATIVE, value: average.ratio(&values, &dt), points: Vec::new() };
    Ok(vec![AtOneTime { definition: &RESIDUAL, value: average.of(&values), points: values }, relative])
}

/// What r(t) is the average of, at each point, and the same of ∂ₜs: norms over D, or products of two residuals over D² where
/// divergences are probed (by half of the probes each).
pub(in crate::audit) fn residuals<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], times: &[f64], divergence: Divergence, seed: u64, workers: &Workers,
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let Divergence::Hutchinson { probes, distribution } = divergence else {
        let found = residual(score, x, times, divergence, seed, workers)?;
        return Ok((found.per_dimension(), found.dt_per_dimension()));
    };
    let half = |probes, seed| residual(score, x, times, Divergence::Hutchinson { probes, distribution }, seed, workers);
    // Another seed: the sets are independent.
    let (one, other) = (half(probes.div_ceil(2), seed)?, half((probes / 2).max(1), seed ^ (1 << 41))?);
    let dt = Residuals::products(&one.dt, &one.dt, one.dim);
    Ok((Residuals::products(&one.residual, &other.residual, one.dim), dt))
}
