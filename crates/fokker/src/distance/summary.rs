//! All the distances of two sets at once.

use fokker_jet::panel::Workers;
use serde::{Deserialize, Serialize};

use super::pairwise::{Energy, Mmd2};
use super::permutation::permutation_test;
use super::sliced::SlicedW2;
use super::statistic::Statistic;
use super::two_samples::{TwoSamples, request};
use super::wasserstein::W2;
use crate::Error;
use crate::rng::Streams;
use crate::stats::MeanSe;

/// How [`distances`] measures.
///
/// ```
/// use fokker::distance::DistanceOptions;
/// let options = DistanceOptions { permutations: 99, ..DistanceOptions::default() };
/// assert_eq!((options.directions, options.rows), (200, 1000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistanceOptions {
    /// Directions of the sliced W₂ distance.
    pub directions: usize,
    /// Permutations of the test.
    pub permutations: usize,
    /// The most rows of each set from which the exact W₂, the energy distance, MMD² and the test are had: their time or memory
    /// is at least quadratic in them.
    pub rows: usize,
}

/// 200 directions, 999 permutations, 1000 rows.
impl Default for DistanceOptions {
    fn default() -> Self {
        Self { directions: 200, permutations: 999, rows: 1000 }
    }
}

/// The distances of two sets.
///
/// ```
/// use fokker::{distance::Distances, stats::MeanSe};
/// let sliced_w2 = MeanSe { mean: 0.3, se: 0.01 };
/// let found =
///     Distances { sliced_w2, w2: None, energy: 0.1, mmd2: 0.02, p_value: 0.4, n: 900, m: 1000, permutations: 999 };
/// assert!(serde_json::to_string(&found)?.contains("\"p_value\":0.4"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// The sliced W₂ distance of all rows, in their unit, with its standard error over directions: see [`SlicedW2`].
    pub sliced_w2: MeanSe,
    /// The exact W₂ distance of the rows kept, in their unit; none if n ≠ m: see [`W2`].
    pub w2: Option<f64>,
    /// The energy distance of the rows kept, in their unit: see [`Energy`].
    pub energy: f64,
    /// The unbiased MMD² of the rows kept: see [`Mmd2`].
    pub mmd2: f64,
    /// The p-value of the energy distance: see [`permutation_test`].
    pub p_value: f64,
    /// Rows of the first set that were kept.
    pub n: usize,
    /// Rows of the second set that were kept.
    pub m: usize,
    /// Permutations behind the p-value.
    pub permutations: usize,
}

impl Distances {
    /// Of sets too small to be compared: not a number, all of it.
    pub(crate) fn unknown(n: usize, m: usize) -> Self {
        let nan = f64::NAN;
        let sliced_w2 = MeanSe { mean: nan, se: nan };
        Self { sliced_w2, w2: None, energy: nan, mmd2: nan, p_value: nan, n, m, permutations: 0 }
    }

    /// The means of several; with more than one, the sliced distance's standard error is over them. The p-value is the mean, too.
    pub(crate) fn mean(all: &[Self]) -> Option<Self> {
        let first = *all.first()?;
        if all.len() == 1 {
            return Some(first);
        }
        let mean = |get: &dyn Fn(&Self) -> f64| MeanSe::of(&all.iter().map(get).collect::<Vec<_>>());
        Some(Self {
            sliced_w2: mean(&|d| d.sliced_w2.mean),
            w2: first.w2.is_some().then(|| mean(&|d| d.w2.unwrap_or(f64::NAN)).mean),
            energy: mean(&|d| d.energy).mean,
            mmd2: mean(&|d| d.mmd2).mean,
            p_value: mean(&|d| d.p_value).mean,
            ..first
        })
    }
}

/// The distances of `a` (`n × dim`) and `b` (`m × dim`), row-major and in one unit; definitions at [the module](super).
///
/// Where a set has more than `options.rows` rows, all but the sliced distance are of a random choice of that many. Directions,
/// that choice and the permutations have their own streams of `seed`; nothing depends on the number of threads.
///
/// ```
/// use fokker::distance::{DistanceOptions, distances};
/// use fokker_jet::panel::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let a: Vec<f64> = (0..100).map(f64::from).collect();
/// let b: Vec<f64> = a.iter().map(|x| x + 20.0).collect();
/// let found = distances(&a, &b, 1, 0, &Workers::new(1, 64)?, &DistanceOptions::default())?;
/// assert!((found.sliced_w2.mean - 20.0).abs() < 1e-9 && found.w2.is_some_and(|w2| (w2 - 20.0).abs() < 1e-9));
/// assert!(found.p_value < 0.01);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] unless both sets are two whole rows or more of finite numbers, and the options at least 1 direction,
/// 1 permutation and 2 rows.
pub fn distances(
    a: &[f64], b: &[f64], dim: usize, seed: u64, workers: &Workers, options: &DistanceOptions,
) -> Result<Distances, Error> {
    let DistanceOptions { directions, permutations, rows } = *options;
    if directions == 0 {
        return Err(request("directions", "must be at least 1"));
    }
    if rows < 2 {
        return Err(request("rows", "must be at least 2"));
    }
    let all = TwoSamples::new(a, b, dim)?;
    let kept = all.at_most(rows, &mut Streams::new(seed).named("distance-rows"));
    let energy = Energy::new(&kept, workers);
    let test = permutation_test(&energy, permutations, seed, workers)?;
    let (n, m) = energy.sizes();
    Ok(Distances {
        sliced_w2: SlicedW2::new(&all, directions, seed, workers).estimate(),
        w2: if n == m { Some(W2::new(&kept, workers)?.observed()) } else { None },
        energy: test.observed,
        mmd2: Mmd2::reuse(&energy, workers).observed(),
        p_value: test.p_value,
        n,
        m,
        permutations,
    })
}
