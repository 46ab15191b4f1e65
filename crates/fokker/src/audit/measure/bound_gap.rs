//! log p of the flow less its variational bound.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::{Context, in_double};
use crate::audit::measurement::{Measure, Measurement};
use crate::figure::{Better, Definition, Figure, Shown, Value};
use crate::stats::MeanSe;

/// log p by the flow less its variational bound by the reverse SDE, nats, of rows diffused to t_min: 0 if the score is exact (see
/// [`bound`](crate::likelihood::bound())); the score FPE says that it vanishes with the residual.
static BOUND_GAP: Definition = Definition::mean("bound_gap")
    .named("flow less variational bound", "nats")
    .short("flow less bound")
    .better(Better::Lower)
    .paired()
    .shown(Shown::Everywhere);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&BOUND_GAP], measure: Measure::Once { what: None, measure } }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let dim = context.dim();
    // The bound is noisy: fewer rows do.
    let some = context.settings.bound_points;
    let (near, flow) = if context.points.truth().is_some() {
        let held_out = context.held_out()?;
        let values = held_out.x.len().min(some * dim);
        (held_out.x[..values].to_vec(), held_out.log_p.mean[..values / dim].to_vec())
    } else {
        // Both are densities at t_min, and the network was trained on rows that have that noise: of rows without it, which lie
        // inside the shell of those that it has seen, the two differ for no fault of the model.
        let near = in_double(&context.rows.diffused::<F>(&context.end(), 0..some, context.draw_at_end()));
        let flow = context.log_prob(&near)?;
        (near, flow)
    };
    let below = context.bound(&near)?;
    let gaps: Vec<f64> = flow.iter().zip(&below).map(|(flow, bound)| flow - bound).collect();
    Ok(vec![Figure::new(&BOUND_GAP, Value::Mean(MeanSe::of_finite(&gaps))).at_points(vec![gaps])])
}
