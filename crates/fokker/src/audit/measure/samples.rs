//! How far samples by the flow and by the reverse SDE are from each other, and from data.
//!
//! Distances between sets of samples at t_min, in model coordinates: of the probability-flow ODE, of the reverse SDE, and of data
//! diffused to t_min. With the true score all of them are as far apart as two sets of data are.

use std::ops::Range;

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::{Context, in_double};
use crate::audit::measurement::{Measure, Measurement};
use crate::distance::{DistanceOptions, Distances, distances};
use crate::figure::{Better, Definition, Figure, OverSeeds, Shown, Value};
use crate::sample::{EulerMaruyama, TimeGrid};

/// Steps of the reverse SDE.
const STEPS: usize = 500;

/// What is quadratic in the rows is had of so many.
const OPTIONS: DistanceOptions = DistanceOptions { directions: 200, permutations: 199, rows: 500 };

/// Figures of one pair of sets.
const OF_PAIR: usize = 9;

/// The definitions of all [`Distances`] between two sets, of which the sliced W₂ is shown.
macro_rules! pair {
    ($key:literal, $label:literal, $short:literal, $shown:expr, $better:expr) => {
        [
            &Definition::mean(concat!("samples.", $key, ".sliced_w2"))
                .named($label, "")
                .short($short)
                .better($better)
                .shown($shown),
            &Definition::number(concat!("samples.", $key, ".sliced_w2_direction_se")),
            &Definition::number(concat!("samples.", $key, ".w2")),
            &Definition::number(concat!("samples.", $key, ".energy")),
            &Definition::number(concat!("samples.", $key, ".mmd2")),
            &Definition::list(concat!("samples.", $key, ".p_values")).named("… p-value", "").shown(Shown::Page),
            &Definition::count(concat!("samples.", $key, ".n")),
            &Definition::count(concat!("samples.", $key, ".m")),
            &Definition::count(concat!("samples.", $key, ".permutations")),
        ]
    };
}

type Pair = [&'static Definition; OF_PAIR];

/// ODE against SDE: the score FPE bounds it (Deveney et al. 2023, arXiv 2311.15996).
static ODE_SDE: Pair = pair!(
    "ode_sde",
    "sliced W₂: ODE against SDE samples",
    "sliced W2, ODE-SDE samples",
    Shown::Everywhere,
    Better::Lower
);

/// ODE against data.
static ODE_DATA: Pair = pair!(
    "ode_data",
    "sliced W₂: ODE samples against data",
    "sliced W2, ODE samples-data",
    Shown::Everywhere,
    Better::Lower
);

/// SDE against data.
static SDE_DATA: Pair =
    pair!("sde_data", "sliced W₂: SDE samples against data", "sliced W2, SDE samples-data", Shown::Page, Better::Lower);

/// Data against other data, no row of which is in both: what chance alone makes of the same. Where there are fewer held-out rows than
/// two sets need, each has half of them.
static DATA_DATA: Pair = pair!(
    "data_data",
    "sliced W₂: data against other data",
    "sliced W2, data-data",
    Shown::Everywhere,
    Better::Neither
);

/// Samples whose integration failed; they are in no set.
static FAILED: Definition = Definition::count("samples.failed").over_seeds(OverSeeds::Sum);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    let pairs = [ODE_SDE, ODE_DATA, SDE_DATA, DATA_DATA].concat();
    Measurement {
        figures: [&pairs[..], &[&FAILED]].concat(),
        measure: Measure::Once { what: Some("samples"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let (n, dim, rows) = (context.settings.gap_samples, context.dim(), &context.rows);
    let ode = context.flow_samples()?;
    // Another seed: the sets are independent.
    let reverse = EulerMaruyama { steps: STEPS, grid: TimeGrid::LogSnr, denoise: false }.into();
    let sde = context.draw(&reverse, context.seed ^ (1 << 40))?;
    let first = context.draw_at_end() + 1;
    let of_data = |places: Range<usize>, draw: u64| in_double(&rows.diffused::<F>(&context.end(), places, draw));
    let one = of_data(0..n, first);
    // Two sets that share no row; of a generator, and where there are rows enough, the first is the one above.
    let half = n.min(rows.most(2 * n) / 2);
    let other = of_data(half..2 * half, first + 1);
    let between = |a: &[f64], b: &[f64]| -> Result<Distances, Error> {
        // So many failures that there is nothing to compare.
        if a.len().min(b.len()) < 2 * dim {
            return Ok(Distances::unknown(a.len() / dim, b.len() / dim));
        }
        distances(a, b, dim, context.seed, context.workers, &OPTIONS)
    };
    let mut found = vec![Figure::new(&FAILED, Value::Count(ode.failed + sde.failed))];
    for (pair, a, b) in [
        (&ODE_SDE, &ode.x[..], &sde.x[..]),
        (&ODE_DATA, &ode.x, &one),
        (&SDE_DATA, &sde.x, &one),
        (&DATA_DATA, &one[..half * dim], &other),
    ] {
        found.extend(figures(pair, between(a, b)?));
    }
    Ok(found)
}

/// The figures of a pair of sets.
fn figures(pair: &'static Pair, found: Distances) -> impl Iterator<Item = Figure> {
    let values: [Value; OF_PAIR] = [
        Value::Mean(found.sliced_w2),
        Value::Number(found.sliced_w2_direction_se),
        Value::Number(found.w2.unwrap_or(f64::NAN)),
        Value::Number(found.energy),
        Value::Number(found.mmd2),
        Value::List(found.p_values),
        Value::Count(found.n),
        Value::Count(found.m),
        Value::Count(found.permutations),
    ];
    pair.iter().zip(values).map(|(definition, value)| Figure::new(definition, value))
}
