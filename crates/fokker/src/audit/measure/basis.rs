//! What the profiles rest on: how many rows, and how divergences are had.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::divergence::Divergence;
use crate::figure::{Definition, Figure, Value};

/// Held-out rows behind the profiles at each time, each row at most once.
static ROWS: Definition = Definition::count("rows");

/// Probes of the divergence; none: it is exact.
static PROBES: Definition = Definition::count("probes").optional();

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&ROWS, &PROBES], measure: Measure::Once { what: None, measure } }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let rows = Figure::new(&ROWS, Value::Count(context.rows.most(context.settings.points)));
    let probes = match context.divergence {
        Divergence::Exact {} => Figure::absent(&PROBES),
        Divergence::Hutchinson { probes, .. } => Figure::new(&PROBES, Value::Count(probes)),
    };
    Ok(vec![rows, probes])
}
