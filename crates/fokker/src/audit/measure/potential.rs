//! How far a model is from a potential's density, by quadrature: exact but for the noise that is left at t_min.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::audit::points::OfPotential;
use crate::density::potential::KnownDensity;
use crate::figure::{Better, Definition, Figure, Shown, Value};
use crate::likelihood::log_density;
use crate::score::Energy;
use crate::stats::MeanSe;

/// KL(true ‖ model), nats, the model's density at t_min being normalised over the grid: of energy models in one or two dimensions.
static KL: Definition = Definition::mean("kl")
    .named("KL(true ‖ model)", "nats")
    .better(Better::Lower)
    .paired()
    .judged()
    .optional()
    .shown(Shown::Everywhere);

/// √(E‖s − F/kT‖²/E‖F/kT‖²) over x from the true density, s at t_min, in the units of the data.
static FORCE_ERROR: Definition = Definition::mean("force_error")
    .named("relative error of the force", "")
    .short("force error")
    .better(Better::Lower)
    .paired()
    .judged()
    .optional()
    .shown(Shown::Everywhere);

/// The probability of the potential's second basin by the model's density on the grid.
static MASS: Definition = Definition::mean("basin_mass")
    .named("mass of the second basin", "")
    .short("basin mass")
    .optional()
    .shown(Shown::Everywhere);

/// The same by quadrature of the true density.
static TRUE_MASS: Definition =
    Definition::number("true_basin_mass").named("… of the truth", "").optional().shown(Shown::Everywhere);

/// What the first is off by.
static MASS_ERROR: Definition = Definition::mean("basin_mass_error")
    .named("error of the mass", "")
    .better(Better::Lower)
    .paired()
    .judged()
    .optional()
    .shown(Shown::Everywhere);

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![&KL, &FORCE_ERROR, &MASS, &TRUE_MASS, &MASS_ERROR],
        measure: Measure::Once { what: Some("quadrature"), measure },
    }
}

/// A figure that is one number of a model; models of several seeds are compared by it.
pub(super) fn single(definition: &'static Definition, value: f64) -> Figure {
    Figure::new(definition, Value::Mean(MeanSe { mean: value, se: f64::NAN })).at_points(vec![vec![value]])
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let Some(OfPotential { density, .. }) = context.points.potential() else { return Ok(Vec::new()) };
    if density.dim() > MOST_DIMENSIONS {
        return Ok(Vec::new());
    }
    let grid = Grid::around(density);
    let p: Vec<f64> = grid.points.chunks_exact(density.dim()).map(|x| density.log_density(x)).collect();
    let mut found = vec![single(&FORCE_ERROR, force_error(context, density, &grid, &p)?)];
    let [_, (basin, true_mass)] = density.masses();
    found.push(Figure::new(&TRUE_MASS, Value::Number(true_mass)));
    if let Some(energy) = context.score.energy() {
        let q = normalised(context, energy, &grid)?;
        let kl = p.iter().zip(&q).map(|(p, q)| if *p > LEAST { p.exp() * grid.volume * (p - q) } else { 0.0 }).sum();
        let inside = grid.points.chunks_exact(density.dim()).zip(&q).filter(|(x, _)| basin.contains(x));
        let mass: f64 = inside.map(|(_, q)| q.exp() * grid.volume).sum();
        found.extend([single(&KL, kl), single(&MASS, mass), single(&MASS_ERROR, (mass - true_mass).abs())]);
    }
    Ok(found)
}

/// The most dimensions that a grid is for.
const MOST_DIMENSIONS: usize = 2;

/// A log-density below which a cell's share of KL is nothing.
const LEAST: f64 = -60.0;

/// Cells along each axis.
const CELLS: usize = 400;

/// What the box is made wider by on each side.
const MARGIN: f64 = 0.15;

/// The middles of the cells of a box around where the true density is, where a model's density has its mass, too.
struct Grid {
    /// `cells × D`, in the units of the data.
    points: Vec<f64>,
    volume: f64,
}

impl Grid {
    #[allow(clippy::cast_precision_loss)]
    fn around(density: &KnownDensity) -> Self {
        let axes: Vec<(f64, f64)> = density
            .quadrature()
            .ranges()
            .iter()
            .map(|[low, high]| {
                let margin = MARGIN * (high - low);
                (low - margin, (high - low + 2.0 * margin) / CELLS as f64)
            })
            .collect();
        let cells = CELLS.pow(u32::try_from(axes.len()).unwrap_or(1));
        let middle = |cell: usize| {
            axes.iter().scan(cell, |rest, (low, step)| {
                let at = *rest % CELLS;
                *rest /= CELLS;
                Some(low + (at as f64 + 0.5) * step)
            })
        };
        Self { points: (0..cells).flat_map(middle).collect(), volume: axes.iter().map(|(_, step)| step).product() }
    }
}

/// The model's log-density at t_min, in the units of the data, normalised over the grid.
fn normalised<F: Real>(context: &Context<'_, F>, energy: &dyn Energy<F>, grid: &Grid) -> Result<Vec<f64>, Error> {
    let mut x = grid.points.clone();
    context.points.scaling().apply_f64(&mut x);
    let log_q = log_density(energy, &x, context.end().t, context.workers)?;
    let most = log_q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_z = most + (log_q.iter().map(|log_q| (log_q - most).exp()).sum::<f64>() * grid.volume).ln();
    Ok(log_q.into_iter().map(|log_q| log_q - log_z).collect())
}

/// √(E‖s − F/kT‖²/E‖F/kT‖²) over the grid, whose true log-densities are `p`.
fn force_error<F: Real>(
    context: &Context<'_, F>, density: &KnownDensity, grid: &Grid, p: &[f64],
) -> Result<f64, Error> {
    let (dim, workers, c) = (density.dim(), context.workers, context.end());
    let inside = grid.points.chunks_exact(dim).zip(p).filter(|(_, p)| **p > LEAST);
    let (points, p): (Vec<&[f64]>, Vec<f64>) = inside.map(|(x, p)| (x, *p)).unzip();
    let mut x = points.concat();
    context.points.scaling().apply_f64(&mut x);
    let shards: Result<Vec<_>, _> =
        (0..workers.shards()).map(|_| context.score.evaluator(workers.chunk_rows())).collect();
    let scores = workers.map(points.len(), shards?, |shard, _, range| {
        let x: Vec<F> = x[range.start * dim..range.end * dim].iter().map(|&x| F::of(x)).collect();
        let mut s = vec![F::ZERO; x.len()];
        shard.evaluate(&x, &vec![c; range.len()], &mut s);
        s
    });
    let scale = &context.points.scaling().scale;
    let (mut apart, mut size, mut exact) = (0.0, 0.0, vec![0.0; dim]);
    let scores: Vec<F> = scores.into_iter().flatten().collect();
    for ((x, s), p) in points.iter().zip(scores.chunks_exact(dim)).zip(p) {
        density.score(x, &mut exact);
        for ((s, exact), scale) in s.iter().zip(&exact).zip(scale) {
            apart += p.exp() * (s.as_f64() / scale - exact).powi(2);
            size += p.exp() * exact * exact;
        }
    }
    Ok((apart / size).sqrt())
}
