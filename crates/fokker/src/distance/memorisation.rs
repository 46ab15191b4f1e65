//! Whether samples are copies of training rows.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use serde::{Deserialize, Serialize};

use super::nearest::{Neighbours, TrainingRows, nearest_neighbours};
use super::two_samples::request;
use crate::Error;
use crate::stats::MeanSe;

/// The quantile of the held-out ratios below which a sample counts as a near-copy.
const QUANTILE: f64 = 0.01;

/// How many of the samples with the smallest ratios are named.
const CLOSEST: usize = 8;

/// How far rows are from the training set.
///
/// ```
/// use fokker::{distance::NearestTraining, stats::MeanSe};
/// let found = NearestTraining { n: 100, distance: MeanSe { mean: 9.5, se: 0.2 }, ratio: MeanSe { mean: 0.9, se: 0.01 } };
/// assert!(serde_json::to_string(&found)?.starts_with("{\"n\":100"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearestTraining {
    /// Number of rows.
    pub n: usize,
    /// Mean of d₁, the distance to the nearest training row, in the rows' unit.
    pub distance: MeanSe,
    /// Mean of d₁/d_k; 0 where both are 0.
    pub ratio: MeanSe,
}

/// A sample and the training row that is nearest to it.
///
/// ```
/// use fokker::distance::Closest;
/// let pair = Closest { sample: 3, training_row: 51_234, distance: 0.4, ratio: 0.05, x: vec![] };
/// assert!(!serde_json::to_string(&pair)?.contains("\"x\""));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closest {
    /// Index of the sample.
    pub sample: usize,
    /// Index of the training row.
    pub training_row: usize,
    /// d₁.
    pub distance: f64,
    /// d₁/d_k.
    pub ratio: f64,
    /// The sample; not written to files.
    #[serde(skip)]
    pub x: Vec<f32>,
}

/// How much nearer samples are to training rows than held-out rows are; see [`memorisation`].
///
/// ```
/// # use fokker::{distance::{Memorisation, NearestTraining}, stats::MeanSe};
/// # let side = |mean| NearestTraining { n: 99, distance: MeanSe { mean, se: 0.1 }, ratio: MeanSe { mean: 0.8, se: 0.01 } };
/// # let share = MeanSe { mean: 0.02, se: 0.01 };
/// # let expected_share = MeanSe { mean: 0.01, se: 0.014 };
/// let found = Memorisation {
///     k: 10, samples: side(4.0), held_out: side(8.0), threshold: 0.5, share, expected_share, p_values: vec![0.2], closest: vec![],
/// };
/// assert_eq!(found.distance_ratio(), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memorisation {
    /// k of d_k.
    pub k: usize,
    /// Of the samples.
    pub samples: NearestTraining,
    /// Of held-out rows, against the same training set: what a model that does not copy would have.
    pub held_out: NearestTraining,
    /// The held-out ratio of rank j = max(1, ⌊(m + 1)/100⌋) among m: their 1 % quantile, or the least if m < 199.
    pub threshold: f64,
    /// The share of samples whose ratio is below the threshold, with its binomial standard error.
    pub share: MeanSe,
    /// What the share is on average if samples have the law of held-out rows, j/(m + 1), and its standard deviation then, the
    /// threshold's own chance included.
    pub expected_share: MeanSe,
    /// The chance of a share at least as large if samples have the law of held-out rows; of several models one each.
    pub p_values: Vec<f64>,
    /// The samples with the smallest ratios, at most 8, the smallest first.
    pub closest: Vec<Closest>,
}

impl Memorisation {
    /// Mean d₁ of the samples over that of held-out rows: near 1 without copies.
    #[must_use]
    pub fn distance_ratio(&self) -> f64 {
        self.samples.distance.mean / self.held_out.distance.mean
    }
}

/// Whether `samples` (`n × dim`) are copies of training rows, with `held_out` rows (`m × dim`, in the same state: noisy if the
/// samples are) as the reference.
///
/// For each row, d₁ and d_k are the distances to its nearest and to its k-th nearest training row. A copy has a ratio d₁/d_k near 0,
/// whatever the region's density; d₁ alone also tells dense regions from sparse ones. Ratios of this kind are what Yoon et al.
/// (2023, *Diffusion Probabilistic Models Generalize when They Fail to Memorize*) use with k = 2 and Carlini et al. (2023,
/// arXiv 2301.13188) with the mean distance of the k nearest in place of d_k; both fix a threshold by hand. Here the held-out
/// rows set it: were the samples fresh draws, all n + m ratios would be exchangeable, so the number below the j-th of the held-out
/// ones has the beta-binomial law (n, j, m + 1 − j), which gives [`Memorisation::expected_share`] and
/// [`Memorisation::p_values`] without any assumption on the data (ratios that are equal make them cautious: only those strictly
/// below count).
///
/// Cost: [`nearest_neighbours`] for n + m rows.
///
/// ```
/// use fokker::distance::{TrainingRows, memorisation};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Training rows at whole numbers; held-out rows halfway between them, samples almost on them.
/// let training = TrainingRows { rows: 100, read: &|index, row| row[0] = index as f32 };
/// let held_out: Vec<f64> = (10..90).map(|i| f64::from(i) + 0.5).collect();
/// let samples: Vec<f64> = (10..90).map(|i| f64::from(i) + 0.001).collect();
/// let found = memorisation(&samples, &held_out, 1, &training, 3, &Workers::new(1, 64)?)?;
/// assert_eq!((found.share.mean, found.closest.len()), (1.0, 8));
/// assert!(found.p_values[0] < 1e-3 && found.samples.ratio.mean < 0.01);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] unless both sets are at least one row of finite numbers, and 2 ≤ k ≤ the number of training rows.
pub fn memorisation(
    samples: &[f64], held_out: &[f64], dim: usize, training: &TrainingRows, k: usize, workers: &Workers,
) -> Result<Memorisation, Error> {
    if k < 2 {
        return Err(request("k", "must be at least 2: the ratio d₁/d₁ says nothing"));
    }
    if samples.is_empty() || held_out.is_empty() {
        return Err(request("samples", "at least 1 sample and 1 held-out row are needed"));
    }
    let single = |x: &[f64]| x.iter().map(|&x| f32::of(x)).collect::<Vec<_>>();
    let x = single(samples);
    let near = nearest_neighbours(&x, dim, training, k, workers)?;
    let ratios = ratios(&near);
    let reference = nearest_neighbours(&single(held_out), dim, training, k, workers)?;
    let mut sorted = self::ratios(&reference);
    let held_out = summary(&reference, &sorted);
    sorted.sort_unstable_by(f64::total_cmp);
    let (n, m) = (ratios.len(), sorted.len());
    let rank = rank(m);
    let threshold = sorted[rank - 1];
    let below = ratios.iter().filter(|&&ratio| ratio < threshold).count();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| ratios[i].total_cmp(&ratios[j]));
    let closest = order.iter().take(CLOSEST).map(|&i| Closest {
        sample: i,
        training_row: near.rows_of(i)[0],
        distance: near.distances_of(i)[0],
        ratio: ratios[i],
        x: x[i * dim..][..dim].to_vec(),
    });
    Ok(Memorisation {
        k,
        samples: summary(&near, &ratios),
        held_out,
        threshold,
        share: binomial(below, n),
        expected_share: expected(n, m, rank),
        p_values: vec![at_least(below, n, m, rank)],
        closest: closest.collect(),
    })
}

/// d₁/d_k of each row; 0 where the k nearest are all at distance 0.
fn ratios(near: &Neighbours) -> Vec<f64> {
    let ratio = |d: &[f64]| if d[0] > 0.0 { d[0] / d[d.len() - 1] } else { 0.0 };
    near.distances.chunks_exact(near.k).map(ratio).collect()
}

fn summary(near: &Neighbours, ratios: &[f64]) -> NearestTraining {
    let first: Vec<f64> = near.distances.chunks_exact(near.k).map(|d| d[0]).collect();
    NearestTraining { n: ratios.len(), distance: MeanSe::of(&first), ratio: MeanSe::of(ratios) }
}

/// The rank j of the threshold among m held-out ratios.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn rank(m: usize) -> usize {
    (((m + 1) as f64 * QUANTILE) as usize).max(1)
}

#[allow(clippy::cast_precision_loss)]
fn binomial(count: usize, n: usize) -> MeanSe {
    let p = count as f64 / n as f64;
    MeanSe { mean: p, se: (p * (1.0 - p) / n as f64).sqrt() }
}

/// Mean and standard deviation of the share below the j-th of m exchangeable ratios.
#[allow(clippy::cast_precision_loss)]
fn expected(n: usize, m: usize, rank: usize) -> MeanSe {
    let (n, m) = (n as f64, m as f64);
    let p = rank as f64 / (m + 1.0);
    MeanSe { mean: p, se: (p * (1.0 - p) / n * (1.0 + (n - 1.0) / (m + 2.0))).sqrt() }
}

/// The chance that at least `count` of n lie below the j-th of m exchangeable ratios: the tail of the beta-binomial law, whose
/// P(0) is Π (m − i)/(n + m − i) over i < j and P(x + 1)/P(x) = (x + j)(n − x)/((x + 1)(n − x + m − j)).
#[allow(clippy::cast_precision_loss)]
fn at_least(count: usize, n: usize, m: usize, rank: usize) -> f64 {
    let (n_f, m_f, j) = (n as f64, m as f64, rank as f64);
    let mut log_p: f64 = (0..rank).map(|i| ((m - i) as f64 / (n + m - i) as f64).ln()).sum();
    let (mut below, mut above) = (0.0, 0.0);
    for x in 0..=n {
        *(if x < count { &mut below } else { &mut above }) += log_p.exp();
        let x = x as f64;
        log_p += ((x + j) * (n_f - x) / ((x + 1.0) * (n_f - x + m_f - j))).ln();
    }
    // Normalised: what rounding has lost is in both.
    above / (below + above)
}

#[cfg(test)]
mod tests;
