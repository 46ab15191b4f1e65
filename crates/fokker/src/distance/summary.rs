//! All the distances of two sets at once.

use fokker_jet::cpu::Workers;
use serde::{Deserialize, Serialize};

use super::pairwise::{Energy, Mmd2};
use super::permutation::permutation_test;
use super::sliced::SlicedW2;
use super::statistic::Statistic;
use super::two_samples::{TwoSamples, request};
use super::wasserstein::W2;
use crate::Error;
use crate::rng::Streams;
use crate::stats::{MeanSe, nan_if_null};

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
/// use fokker::distance::{DistanceOptions, distances};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let a: Vec<f64> = (0..100).map(f64::from).collect();
/// let found = distances(&a, &a, 1, 0, &Workers::new(1, 64)?, &DistanceOptions::default())?;
/// assert_eq!((found.sliced_w2.mean, found.p_values.len()), (0.0, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// The sliced W₂ distance of all rows, in their unit, with its standard error over the points: see
    /// [`SlicedW2::over_points`].
    pub sliced_w2: MeanSe,
    /// The standard error of the same over the directions alone, for these very points: see [`SlicedW2::estimate`].
    #[serde(deserialize_with = "nan_if_null")]
    pub sliced_w2_direction_se: f64,
    /// The exact W₂ distance of the rows kept, in their unit: see [`W2`].
    pub w2: Option<f64>,
    /// The energy distance of the rows kept, in their unit: see [`Energy`].
    #[serde(deserialize_with = "nan_if_null")]
    pub energy: f64,
    /// The unbiased MMD² of the rows kept: see [`Mmd2`].
    #[serde(deserialize_with = "nan_if_null")]
    pub mmd2: f64,
    /// The p-value of the energy distance ([`permutation_test`]), of several models one each: a mean of p-values is none.
    pub p_values: Vec<f64>,
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
        let p_values = Vec::new();
        Self {
            sliced_w2,
            sliced_w2_direction_se: nan,
            w2: None,
            energy: nan,
            mmd2: nan,
            p_values,
            n,
            m,
            permutations: 0,
        }
    }
}

/// The distances of `a` (`n × dim`) and `b` (`m × dim`), row-major and in one unit; definitions at [the module](super).
///
/// Where a set has more than `options.rows` rows, or than the other, all but the sliced distance are of a random choice of that
/// many: pairings need sets of one size. Directions,
/// that choice and the permutations have their own streams of `seed`; nothing depends on the number of threads.
///
/// ```
/// use fokker::distance::{DistanceOptions, distances};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let a: Vec<f64> = (0..100).map(f64::from).collect();
/// let b: Vec<f64> = a.iter().map(|x| x + 20.0).collect();
/// let found = distances(&a, &b, 1, 0, &Workers::new(1, 64)?, &DistanceOptions::default())?;
/// assert!((found.sliced_w2.mean - 20.0).abs() < 1e-9 && found.w2.is_some_and(|w2| (w2 - 20.0).abs() < 1e-9));
/// assert!(found.p_values[0] < 0.01);
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
    let rows = rows.min(all.n()).min(all.m());
    let kept = all.at_most(rows, &mut Streams::new(seed).named("distance-rows"));
    let energy = Energy::new(&kept, workers);
    let test = permutation_test(&energy, permutations, seed, workers)?;
    let (n, m) = energy.sizes();
    let sliced = SlicedW2::new(&all, directions, seed, workers);
    Ok(Distances {
        sliced_w2: sliced.over_points(),
        sliced_w2_direction_se: sliced.estimate().se,
        w2: Some(W2::new(&kept, workers)?.observed()),
        energy: test.observed,
        mmd2: Mmd2::reuse(&energy, workers).observed(),
        p_values: vec![test.p_value],
        n,
        m,
        permutations,
    })
}
