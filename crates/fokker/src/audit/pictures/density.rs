//! Log-densities on a grid over the data's box.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::audit::{AuditConfig, default_divergence};
use crate::data::Data;
use crate::density::mixture::Mixture;
use crate::density::potential::KnownDensity;
use crate::likelihood::{LikelihoodOptions, log_density, log_prob};
use crate::score::Differentiable;
use crate::solve::Tolerance;

/// Cells along each side.
const SIDE: usize = 72;

/// A log-density at the middles of the cells of a square grid over the window of two-dimensional data.
///
/// ```
/// let map = fokker::audit::LogDensity { side: 2, values: vec![-1.0, -2.0, -3.0, f64::NAN] };
/// assert_eq!(map.values.len(), map.side * map.side);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogDensity {
    /// Cells along each side.
    pub side: usize,
    /// Nats, in model coordinates, by rows, the top row first; not finite where there is no value.
    pub values: Vec<f64>,
}

impl LogDensity {
    /// log p of a score model at t_min: of an energy model by its energy, normalised over the grid, of others by the flow.
    pub(super) fn of_score<F: Real>(
        score: &dyn Differentiable<F>, data: &Data, settings: &AuditConfig, seed: u64, workers: &Workers,
    ) -> Result<Self, Error> {
        if let Some(energy) = score.energy() {
            let log_q = log_density(energy, &middles(data), score.sde().t_min(), workers)?;
            return Ok(Self { side: SIDE, values: normalised(log_q, data) });
        }
        let options = LikelihoodOptions {
            tolerance: Tolerance { absolute: 1e-3, relative: 1e-3 },
            step_limit: settings.step_limit,
            divergence: default_divergence(2, 1),
            seed,
            first_row: 0,
        };
        Ok(Self { side: SIDE, values: log_prob(score, &middles(data), &options, workers, &|_| {})?.values })
    }

    /// The density of a potential, before any noise.
    pub(super) fn of_potential(density: &KnownDensity, data: &Data) -> Self {
        let mut points = middles(data);
        data.scaling().invert_f64(&mut points);
        let log_det = data.scaling().log_det();
        // In model coordinates, of which a unit is so many of the data's.
        Self { side: SIDE, values: points.chunks_exact(2).map(|x| density.log_density(x) - log_det).collect() }
    }

    /// The true log-density at the time of `c`.
    pub(super) fn of_truth(truth: &Mixture, data: &Data, c: &crate::sde::Coefficients) -> Self {
        let q = truth.diffused(c);
        Self { side: SIDE, values: middles(data).chunks_exact(2).map(|x| q.log_density(x)).collect() }
    }
}

/// Log-densities at the middles of the cells, whose integral over the grid is 1 then.
fn normalised(log_q: Vec<f64>, data: &Data) -> Vec<f64> {
    let cell: f64 = window(data).iter().map(|[low, high]| (high - low) / SIDE as f64).product();
    let largest = log_q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_z = largest + (cell * log_q.iter().map(|log_q| (log_q - largest).exp()).sum::<f64>()).ln();
    log_q.into_iter().map(|log_q| log_q - log_z).collect()
}

/// The data's box, a tenth wider on every side: `[low, high]` of each dimension.
pub(super) fn windows(data: &Data) -> Vec<[f64; 2]> {
    let (low, high) = data.bounds();
    let ends = low.iter().zip(high).map(|(&low, &high)| (f64::from(low), f64::from(high)));
    ends.map(|(low, high)| [low - 0.1 * (high - low), high + 0.1 * (high - low)]).collect()
}

/// That of the first two dimensions.
fn window(data: &Data) -> [[f64; 2]; 2] {
    let windows = windows(data);
    [windows[0], windows[1]]
}

/// The middles of the cells.
#[allow(clippy::cast_precision_loss)]
fn middles(data: &Data) -> Vec<f64> {
    let [[x0, x1], [y0, y1]] = window(data);
    let mut points = Vec::with_capacity(2 * SIDE * SIDE);
    // The top row of a picture comes first.
    for row in 0..SIDE {
        for column in 0..SIDE {
            points.push(x0 + (x1 - x0) * (column as f64 + 0.5) / SIDE as f64);
            points.push(y1 - (y1 - y0) * (row as f64 + 0.5) / SIDE as f64);
        }
    }
    points
}
