//! A simulation with the model's force against the rows that it was trained on.

use fokker_jet::Real;
use rand::RngExt;

use super::potential::single;
use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::audit::points::OfPotential;
use crate::density::potential::{self, trajectory};
use crate::distance::{TwoSamples, js, pmf};
use crate::figure::{Better, Definition, Figure, OverSeeds, Shown, Value};
use crate::rng::Streams;
use crate::simulate::{Dynamics, Integrator, ScoreGradient, Simulation};

/// Jensen–Shannon divergence of the chains' frames from the training rows ([`js`]).
static JS: Definition = Definition::mean("simulation_js")
    .named("JS of a simulation", "nats")
    .better(Better::Lower)
    .paired()
    .judged()
    .optional()
    .shown(Shown::Everywhere);

/// Squared difference of the free energies ([`pmf`]).
static PMF: Definition = Definition::mean("simulation_pmf")
    .named("PMF error of a simulation", "kT²")
    .better(Better::Lower)
    .paired()
    .judged()
    .optional()
    .shown(Shown::Everywhere);

/// The share of the frames in the potential's second basin.
static MASS: Definition = Definition::mean("simulation_mass")
    .named("second basin in the simulation", "")
    .short("simulated basin mass")
    .optional()
    .shown(Shown::Everywhere);

/// What two simulations with the true force, of as many frames, differ by: the floor of [`JS`] and [`PMF`].
static JS_FLOOR: Definition = Definition::number("js_floor")
    .named("JS of the true dynamics", "nats")
    .over_seeds(OverSeeds::First)
    .optional()
    .shown(Shown::Everywhere);

static PMF_FLOOR: Definition = Definition::number("pmf_floor")
    .named("PMF error of the true dynamics", "kT²")
    .over_seeds(OverSeeds::First)
    .optional()
    .shown(Shown::Everywhere);

/// Chains that left for good: they have no frames from then on, so that the histograms are of the others alone.
static LOST: Definition = Definition::count("simulation_lost")
    .named("chains lost in the simulation", "")
    .better(Better::Lower)
    .over_seeds(OverSeeds::Sum)
    .optional()
    .shown(Shown::Everywhere);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&JS, &JS_FLOOR, &PMF, &PMF_FLOOR, &MASS, &LOST],
        measure: Measure::Once { what: Some("simulation"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let settings = context.settings;
    let Some(of) = context.points.potential() else { return Ok(Vec::new()) };
    let dim = context.dim();
    if settings.simulation_chains == 0 || dim > 2 {
        return Ok(Vec::new());
    }
    let reference = training_rows(context, of);
    let (frames, lost) = simulate(context, of, &reference)?;
    let [_, basin] = of.density.potential().basins();
    let mut found = vec![Figure::new(&LOST, Value::Count(lost))];
    if frames.len() >= 2 * dim {
        let samples = TwoSamples::new(&frames, &reference, dim)?;
        found.extend([
            single(&JS, js(&samples)?),
            single(&PMF, pmf(&samples)?),
            single(&MASS, basin.share(&frames, dim)),
        ]);
    }
    if let Some(floor) = floor(context, of)? {
        let samples = TwoSamples::new(&floor, &reference, dim)?;
        found.push(Figure::new(&JS_FLOOR, Value::Number(js(&samples)?)));
        found.push(Figure::new(&PMF_FLOOR, Value::Number(pmf(&samples)?)));
    }
    Ok(found)
}

/// The rows in the units of the data.
fn training_rows<F: Real>(context: &Context<'_, F>, of: &OfPotential<'_>) -> Vec<f64> {
    let mut row = vec![0.0; context.dim()];
    let mut all = Vec::with_capacity(of.rows * row.len());
    for index in 0..of.rows {
        of.row(index, &mut row);
        all.extend(row.iter().map(|&x| f64::from(x)));
    }
    context.points.scaling().invert_f64(&mut all);
    all
}

/// The frames of chains that start at training rows, and how many chains were lost.
fn simulate<F: Real>(context: &Context<'_, F>, of: &OfPotential<'_>, rows: &[f64]) -> Result<(Vec<f64>, usize), Error> {
    let (settings, dim, workers) = (context.settings, context.dim(), context.workers);
    let potential = of.density.potential();
    let potential::Dynamics { mass, friction, dt } = potential.dynamics();
    let dynamics = Dynamics { dt, kt: potential.kt(), mass, friction };
    let mut rng = Streams::new(context.seed).named("audit-simulation");
    let start: Vec<f64> = (0..settings.simulation_chains)
        .flat_map(|_| {
            let index = rng.random_range(0..of.rows);
            rows[index * dim..][..dim].to_vec()
        })
        .collect();
    let force = ScoreGradient::new(context.score, context.end().t, context.points.scaling().clone());
    // The integrator of the potential's own trajectories.
    let integrator = Integrator::named("scoremd").unwrap_or_default();
    let mut run = Simulation::new(&force, &integrator, &dynamics, &start, context.seed, workers)?;
    let mut frames = Vec::with_capacity(settings.simulation_frames * start.len());
    let mut lost = 0;
    for _ in 0..settings.simulation_frames {
        run.advance(settings.simulation_every);
        let state = run.state();
        let good = state.x.chunks_exact(dim).zip(&state.outcomes).filter(|(_, outcome)| outcome.is_finished());
        good.for_each(|(x, _)| frames.extend_from_slice(x));
        lost = state.blown_up();
    }
    Ok((frames, lost))
}

/// As many frames of the true dynamics.
fn floor<F: Real>(context: &Context<'_, F>, of: &OfPotential<'_>) -> Result<Option<Vec<f64>>, Error> {
    let (settings, potential) = (context.settings, of.density.potential());
    let frames = settings.simulation_chains * settings.simulation_frames;
    let mut rng = Streams::new(context.seed).named("audit-true-trajectory");
    let every = usize::try_from(settings.simulation_every).unwrap_or(usize::MAX);
    // A trajectory that is lost has no floor to give.
    Ok(trajectory(potential, &potential.dynamics(), &potential.start(), frames, every, &mut rng).ok())
}
