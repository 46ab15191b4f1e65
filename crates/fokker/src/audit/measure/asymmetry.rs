//! Whether the score is a gradient.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{AtOneTime, Measure, Measurement, Rows};
use crate::conservativity::asymmetry;
use crate::figure::{Better, Definition, Look, Shown};
use crate::stats::MeanSe;

/// NAsym(t) = E ‖J − Jᵀ‖²_F/(4‖J‖²_F).
static NORMALISED: Definition = Definition::profile("asymmetry")
    .named("asymmetry of the Jacobian", "")
    .better(Better::Lower)
    .paired()
    .shown(Shown::Everywhere)
    .look(Look::new("NAsym(t)", "E[‖J − Jᵀ‖²/(4‖J‖²)]: 0 for a gradient.").headings("NAsym(t)", "NAsym"));

/// Asym(t) = E ‖J − Jᵀ‖²_F.
static ABSOLUTE: Definition = Definition::profile("asymmetry_absolute").better(Better::Lower);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&NORMALISED, &ABSOLUTE], measure: Measure::AtTimes(measure) }
}

fn measure<F: Real>(context: &Context<'_, F>, rows: &Rows<'_, F>) -> Result<Vec<AtOneTime>, Error> {
    let skew = asymmetry(context.score, rows.x, rows.times, context.divergence, context.seed, context.workers)?;
    let absolute = AtOneTime { definition: &ABSOLUTE, value: MeanSe::of(&skew.absolute), points: Vec::new() };
    let value = MeanSe::of(&skew.normalised);
    Ok(vec![AtOneTime { definition: &NORMALISED, value, points: skew.normalised }, absolute])
}
