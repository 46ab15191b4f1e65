//! How far samples by the flow and by the reverse SDE are from each other, and from data.

use std::ops::Range;

use fokker_jet::cpu::Workers;
use serde::{Deserialize, Serialize};

use super::rows::AuditRows;
use crate::Error;
use crate::config::Config;
use crate::distance::{DistanceOptions, Distances, distances};
use crate::sample::{EulerMaruyama, Sampler, TimeGrid, sample};
use crate::score::Score;

/// Distances between sets of samples at t_min, in model coordinates: of the probability-flow ODE, of the reverse SDE, and of data
/// diffused to t_min. With the true score all of them are as far apart as two sets of data are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleDistances {
    /// ODE against SDE: the score FPE bounds it (Deveney et al. 2023, arXiv 2311.15996).
    pub ode_sde: Distances,
    /// ODE against data.
    pub ode_data: Distances,
    /// SDE against data.
    pub sde_data: Distances,
    /// Data against other data, no row of which is in both: what chance alone makes of the same. Where there are fewer held-out rows
    /// than two sets need, each has half of them.
    pub data_data: Distances,
    /// Samples whose integration failed; they are in no set.
    pub failed: usize,
}

/// Steps of the reverse SDE.
const STEPS: usize = 500;

/// What is quadratic in the rows is had of so many.
const OPTIONS: DistanceOptions = DistanceOptions { directions: 200, permutations: 199, rows: 500 };

/// The distances, and the samples of the probability-flow ODE that converged, `rows × D`.
pub(super) fn sample_distances(
    score: &dyn Score<f32>, rows: &AuditRows<'_>, config: &Config, workers: &Workers,
) -> Result<(SampleDistances, Vec<f64>), Error> {
    let (n, seed, dim) = (config.audit.gap_samples, config.seed, score.dim());
    let draw = |sampler: Sampler, seed: u64| -> Result<(Vec<f64>, usize), Error> {
        let drawn = sample(score, n, &sampler, seed, workers, &|_| {})?;
        let rows = drawn.x.chunks_exact(dim).zip(&drawn.outcomes).filter(|(_, outcome)| outcome.has_value());
        Ok((rows.flat_map(|(x, _)| x.iter().copied()).collect(), drawn.failed()))
    };
    let (ode, ode_failed) = draw(Sampler::default(), seed)?;
    // Another seed: the sets are independent.
    let (sde, sde_failed) =
        draw(EulerMaruyama { steps: STEPS, grid: TimeGrid::LogSnr, denoise: false }.into(), seed ^ (1 << 40))?;
    let c = config.sde.at(config.sde.t_min());
    let first = config.audit.times.len() as u64 + 1;
    let of_data = |places: Range<usize>, draw: u64| -> Vec<f64> {
        rows.diffused(&c, places, draw).iter().map(|&x| f64::from(x)).collect()
    };
    let one = of_data(0..n, first);
    // Two sets that share no row; of a generator, and where there are rows enough, the first is the one above.
    let half = n.min(rows.most(2 * n) / 2);
    let other = of_data(half..2 * half, first + 1);
    let between = |a: &[f64], b: &[f64]| -> Result<Distances, Error> {
        // So many failures that there is nothing to compare.
        if a.len().min(b.len()) < 2 * dim {
            return Ok(Distances::unknown(a.len() / dim, b.len() / dim));
        }
        distances(a, b, dim, seed, workers, &OPTIONS)
    };
    let distances = SampleDistances {
        ode_sde: between(&ode, &sde)?,
        ode_data: between(&ode, &one)?,
        sde_data: between(&sde, &one)?,
        data_data: between(&one[..half * dim], &other)?,
        failed: ode_failed + sde_failed,
    };
    Ok((distances, ode))
}

impl SampleDistances {
    /// The mean over models of each distance; the standard errors are over models.
    pub(crate) fn mean(all: &[&Self]) -> Option<Self> {
        let of = |get: &dyn Fn(&Self) -> &Distances| {
            Distances::mean(&all.iter().map(|samples| get(samples)).collect::<Vec<_>>())
        };
        Some(Self {
            ode_sde: of(&|s| &s.ode_sde)?,
            ode_data: of(&|s| &s.ode_data)?,
            sde_data: of(&|s| &s.sde_data)?,
            data_data: of(&|s| &s.data_data)?,
            failed: all.iter().map(|s| s.failed).sum(),
        })
    }
}
