//! Mixtures of Gaussians by expectation maximisation.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::RngExt;

use crate::rng::{Stream, Streams};

/// Rounds of expectation and maximisation, at most, and the gain per row below which they end.
const ROUNDS: usize = 100;
const GAIN: f64 = 1e-4;

/// What is added to each variance, as a share of the column's: no component collapses onto a row.
const RIDGE: f64 = 1e-4;

/// A mixture Σ wₖ N(μₖ, Cₖ) with full covariances, fitted to rows by expectation maximisation (Dempster, Laird and Rubin 1977); of one
/// component it is the Gaussian of their mean and covariance.
///
/// ```
/// use fokker::density::fitted::Gaussians;
/// let rows: Vec<f64> = (0..100).map(|i| f64::from(i % 10) + if i < 50 { 0.0 } else { 100.0 }).collect();
/// let [one, two] = [1, 2].map(|components| Gaussians::fit(&rows, 1, components, 0).map(|fitted| fitted.log_density(&[4.5])));
/// assert!(two > one);
/// ```
#[derive(Clone, Debug)]
pub struct Gaussians {
    components: Vec<Component>,
}

#[derive(Clone, Debug)]
struct Component {
    log_weight: f64,
    mean: DVector<f64>,
    covariance: Cholesky<f64, Dyn>,
    /// −½ log det 2πC.
    log_norm: f64,
}

impl Component {
    fn new(weight: f64, mean: DVector<f64>, covariance: DMatrix<f64>) -> Option<Self> {
        let covariance = Cholesky::new(covariance)?;
        let log_det = 2.0 * covariance.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let log_norm = -0.5 * (log_det + mean.len() as f64 * std::f64::consts::TAU.ln());
        log_norm.is_finite().then_some(Self { log_weight: weight.ln(), mean, covariance, log_norm })
    }

    /// log wₖ N(x; μₖ, Cₖ).
    fn log_density(&self, x: &[f64]) -> f64 {
        let mut off = DVector::from_column_slice(x) - &self.mean;
        // L is lower triangular with a positive diagonal.
        self.covariance.l_dirty().solve_lower_triangular_mut(&mut off);
        self.log_weight + self.log_norm - 0.5 * off.norm_squared()
    }
}

impl Gaussians {
    /// The mixture of so many components that expectation maximisation finds from a start that `seed` chooses (k-means++, Arthur and
    /// Vassilvitskii 2007); `None` if there are no more rows than components or columns, or a column is constant.
    #[must_use]
    pub fn fit(rows: &[f64], dim: usize, components: usize, seed: u64) -> Option<Self> {
        let count = rows.len().checked_div(dim)?;
        if components == 0 || count <= components.max(dim) {
            return None;
        }
        let rows = &rows[..count * dim];
        let ridge = ridge(rows, dim)?;
        let mut shares = start(rows, dim, components, &mut Streams::new(seed).named("gaussians"));
        let (mut best, mut last): (Option<Self>, f64) = (None, f64::NEG_INFINITY);
        for _ in 0..ROUNDS {
            let Some(fitted) = Self::maximise(rows, dim, &shares, &ridge) else { break };
            let mean = fitted.expect(rows, dim, &mut shares) / count as f64;
            if !mean.is_finite() {
                break;
            }
            best = Some(fitted);
            if components == 1 || mean - last < GAIN {
                break;
            }
            last = mean;
        }
        best
    }

    /// The components that the rows' shares in them (`rows × components`) make likeliest; those without rows are left out.
    fn maximise(rows: &[f64], dim: usize, shares: &[f64], ridge: &[f64]) -> Option<Self> {
        let count = rows.len() / dim;
        let of = shares.len() / count;
        let mut components = Vec::new();
        for k in 0..of {
            let share = |row: usize| shares[row * of + k];
            let total: f64 = (0..count).map(share).sum();
            if total < 1.0 {
                continue;
            }
            let mut mean = DVector::zeros(dim);
            for (row, x) in rows.chunks_exact(dim).enumerate() {
                mean.iter_mut().zip(x).for_each(|(mean, x)| *mean += share(row) / total * x);
            }
            let mut covariance = DMatrix::from_diagonal(&DVector::from_column_slice(ridge));
            for (row, x) in rows.chunks_exact(dim).enumerate() {
                let off = DVector::from_column_slice(x) - &mean;
                covariance.ger(share(row) / total, &off, &off, 1.0);
            }
            components.extend(Component::new(total / count as f64, mean, covariance));
        }
        (!components.is_empty()).then_some(Self { components })
    }

    /// The rows' shares in the components; the result is the sum of their log-densities.
    fn expect(&self, rows: &[f64], dim: usize, shares: &mut Vec<f64>) -> f64 {
        shares.clear();
        let mut sum = 0.0;
        for x in rows.chunks_exact(dim) {
            let logs: Vec<f64> = self.components.iter().map(|component| component.log_density(x)).collect();
            let total = log_sum(&logs);
            sum += total;
            shares.extend(logs.iter().map(|log| (log - total).exp()));
        }
        sum
    }

    /// log p(x).
    #[must_use]
    pub fn log_density(&self, x: &[f64]) -> f64 {
        log_sum(&self.components.iter().map(|component| component.log_density(x)).collect::<Vec<_>>())
    }
}

/// log Σ eˡ.
pub(super) fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() { most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln() } else { most }
}

/// What is added to each column's variance; `None` if one has none.
fn ridge(rows: &[f64], dim: usize) -> Option<Vec<f64>> {
    let count = (rows.len() / dim) as f64;
    let column = |at: usize| rows[at..].iter().step_by(dim);
    let variance = |at: usize| {
        let mean = column(at).sum::<f64>() / count;
        column(at).map(|x| (x - mean).powi(2)).sum::<f64>() / count
    };
    (0..dim).map(|at| Some(RIDGE * variance(at)).filter(|ridge| *ridge > 0.0 && ridge.is_finite())).collect()
}

/// Each row's share in the component whose first row is the nearest: rows far from those chosen before are likelier to be chosen.
fn start(rows: &[f64], dim: usize, components: usize, rng: &mut Stream) -> Vec<f64> {
    let count = rows.len() / dim;
    let row = |at: usize| &rows[at * dim..][..dim];
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let mut nearest = vec![(f64::INFINITY, 0); count];
    let mut chosen = rng.random_range(0..count);
    for k in 0..components {
        for (at, near) in nearest.iter_mut().enumerate() {
            let far = apart(row(at), row(chosen));
            if far < near.0 {
                *near = (far, k);
            }
        }
        let total: f64 = nearest.iter().map(|(far, _)| far).sum();
        let mut left = rng.random::<f64>() * total;
        chosen = nearest
            .iter()
            .position(|(far, _)| {
                left -= far;
                left < 0.0
            })
            .unwrap_or(0);
    }
    let mut shares = vec![0.0; count * components];
    nearest.iter().enumerate().for_each(|(at, (_, k))| shares[at * components + k] = 1.0);
    shares
}
