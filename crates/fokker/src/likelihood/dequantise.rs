//! log p of rows to which something is drawn: dequantisation noise for grey levels, the last step's noise for rows at t = 0.
//!
//! The flow gives log p_{t_min}, a density at t_min, of continuous rows. Two bounds lead from there to other questions.
//!
//! **Grey levels.** The chance of a row of integers n is P(n) = ∫ p(n + u) du over the unit cube, and for one or more u ~ U(0, 1)^D
//!
//! E log p(n + u) ≤ E log (1/K) Σ_k p(n + u_k) ≤ log P(n)
//!
//! (Theis, van den Oord & Bethge 2016, arXiv 1511.01844, section 3.1; Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519,
//! theorem 1; Ho et al. 2019, arXiv 1902.00275, section 4). The scaling's log-determinant makes the densities those of the data's unit.
//!
//! **Rows at t = 0.** With x_t = m x₀ + σ z at t_min and the decoder p(x₀ | x_t) = N((x_t + σ² s)/m, σ²/m² I), the density of a sample
//! whose last step takes the noise off,
//!
//! log p₀(x₀) ≥ E_z \[log p_{t_min}(x_t) + log p(x₀ | x_t) − log q(x_t | x₀)\]
//!
//! (Song, Durkan, Murray & Ermon 2021, arXiv 2101.09258, appendix B; Kingma et al. 2021, arXiv 2107.00630, eq. 11). The last two terms
//! together are D ln m + ½‖z‖² − ½ (m²/σ²) ‖x₀ − (x_t + σ² s)/m‖².

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::bound::{Bound, BoundOptions, bound};
use super::energy::log_density;
use super::log_prob::log_prob;
use super::options::LikelihoodOptions;
use super::request::{request, whole_rows};
use crate::Error;
use crate::divergence::Divergence;
use crate::rng::Streams;
use crate::score::{Differentiable, Score};
use crate::sde::Coefficients;
use crate::solve::Outcome;
use crate::stats::MeanSe;

/// What the rows are, and so what of them is given a density.
///
/// ```
/// assert_eq!(fokker::likelihood::Start::default(), fokker::likelihood::Start::AtTMin);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Start {
    /// Rows at t_min: the value is log p_{t_min}.
    #[default]
    AtTMin,
    /// Rows at t = 0, from which a step of the forward process leads to t_min: the value is a lower bound of log p₀, the density of
    /// samples that end in the decoder's step.
    AtZero,
}

/// What is drawn beside the rows.
///
/// ```
/// use fokker::likelihood::{Dequantise, Start};
/// // Five draws in the cube of grey levels, 1/128 wide in model coordinates.
/// let how = Dequantise { count: 5, bins: Some(&[1.0 / 128.0; 784]), start: Start::AtTMin };
/// assert_eq!(how.bins.map(<[f64]>::len), Some(784));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dequantise<'a> {
    /// K, the draws for each row.
    pub count: usize,
    /// The width of a grey level along each dimension, in model coordinates; `None`: the rows are continuous.
    pub bins: Option<&'a [f64]>,
    /// What the rows are.
    pub start: Start,
}

/// log p of rows, over K draws each.
///
/// ```
/// use fokker::{likelihood::Dequantised, solve::Outcome};
/// let found = Dequantised {
///     mean: vec![-1.5],
///     se: Some(vec![0.1]),
///     importance: Some(vec![-1.4]),
///     outcomes: vec![Outcome::Converged],
///     evaluations: vec![120],
/// };
/// assert!(found.importance.is_some_and(|tighter| tighter[0] >= found.mean[0]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dequantised {
    /// The mean of log p over the draws, in nats; a lower bound in the mean. NaN where the outcome [has no value](Outcome::has_value).
    pub mean: Vec<f64>,
    /// Its standard error over the draws (and their probes); for a single draw over its probes, `None` if there are not two.
    pub se: Option<Vec<f64>>,
    /// log of the mean of p over the draws: the importance-weighted bound, never below `mean` and tighter with K. `None` where the
    /// divergence is estimated by probes: their noise n in log p has mean 0, but E e^n ≈ 1 + ½ Var n, so that the value would lie above
    /// the log-density by half the noise's variance and bound nothing.
    pub importance: Option<Vec<f64>>,
    /// How each row's integrations ended: the first that has no value, else the first that is not converged.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score and its divergence, by row.
    pub evaluations: Vec<u64>,
}

/// log p of rows (`rows × D`, in model coordinates) over draws.
///
/// ```
/// use fokker::likelihood::{LikelihoodOptions, Dequantise, Start, dequantised_log_prob};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker::sde::Sde;
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // N(0, 1) in levels of width ½: the level from 0 to ½ has the chance Φ(½) − Φ(0) = 0.1915, the density 0.383 per unit.
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let how = Dequantise { count: 50, bins: Some(&[0.5]), start: Start::AtTMin };
/// let (options, workers) = (LikelihoodOptions::for_dim(1), Workers::new(1, 64)?);
/// let found = dequantised_log_prob::<f64>(&score, &[0.0], &how, &options, &workers, &|_| {})?;
/// let importance = found.importance.expect("the divergence is exact");
/// assert!((importance[0].exp() - 0.383).abs() < 0.003);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`log_prob`], or if there are no draws or not one bin for each dimension.
pub fn dequantised_log_prob<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], how: &Dequantise<'_>, options: &LikelihoodOptions, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Dequantised, Error> {
    let count = how.count;
    let draws = Draws::new(score, x, how, (options.seed, options.first_row), workers)?;
    let options = LikelihoodOptions { first_row: options.first_row * count as u64, ..*options };
    let found = log_prob(score, &draws.x, &options, workers, &|rows| progress(rows / count))?;
    let values = draws.densities(&found.values);
    let rows = || values.chunks_exact(count);
    let over_draws: Vec<MeanSe> = rows().map(MeanSe::of).collect();
    let exact = matches!(options.divergence, Divergence::Exact {});
    Ok(Dequantised {
        mean: over_draws.iter().map(|m| m.mean).collect(),
        se: if count > 1 { Some(over_draws.iter().map(|m| m.se).collect()) } else { found.probe_se },
        importance: exact.then(|| rows().map(log_mean_exp).collect()),
        outcomes: found.outcomes.chunks_exact(count).map(together).collect(),
        evaluations: found.evaluations.chunks_exact(count).map(|e| e.iter().sum()).collect(),
    })
}

/// log p of rows (`rows × D`, in model coordinates) over draws, by an energy model: log q(x, t_min) − log Z(T), one evaluation each.
///
/// # Errors
/// As for [`dequantised_log_prob`]; [`Error::Output`] if the score comes of no log-density.
pub fn dequantised_energy<F: Real>(
    score: &dyn Score<F>, log_z: f64, x: &[f64], how: &Dequantise<'_>, (seed, first_row): (u64, u64), workers: &Workers,
) -> Result<Dequantised, Error> {
    let none = || Error::Output("the score comes of no log-density: it is no energy model".into());
    let energy = score.energy().ok_or_else(none)?;
    let draws = Draws::new(score, x, how, (seed, first_row), workers)?;
    let at_t_min = log_density(energy, &draws.x, score.sde().t_min(), workers)?;
    let values: Vec<f64> = draws.densities(&at_t_min).into_iter().map(|value| value - log_z).collect();
    let rows = || values.chunks_exact(how.count);
    let outcome = |row: &[f64]| {
        if row.iter().all(|value| value.is_finite()) {
            Outcome::Converged
        } else {
            Outcome::NonFinite { t: score.sde().t_min() }
        }
    };
    let over_draws: Vec<MeanSe> = rows().map(MeanSe::of).collect();
    Ok(Dequantised {
        mean: over_draws.iter().map(|m| if m.mean.is_finite() { m.mean } else { f64::NAN }).collect(),
        se: (how.count > 1).then(|| over_draws.iter().map(|m| m.se).collect()),
        importance: Some(rows().map(log_mean_exp).collect()),
        outcomes: rows().map(outcome).collect(),
        evaluations: vec![how.count as u64; x.len() / score.dim()],
    })
}

/// How integrations ended that make one value.
fn together(outcomes: &[Outcome]) -> Outcome {
    let first = |wanted: fn(Outcome) -> bool| outcomes.iter().copied().find(|&outcome| wanted(outcome));
    first(|outcome| !outcome.has_value()).or_else(|| first(|o| !o.is_converged())).unwrap_or(Outcome::Converged)
}

/// Lower bounds of log p of the reverse SDE ([`bound`](super::bound())), over the draws of [`dequantised_log_prob`] with the same seed
/// and first row: of the same density at the same points. A bound is the mean over a row's draws; its standard error is that over
/// the draws, or for a single one that of the bound itself.
///
/// ```
/// use fokker::likelihood::{BoundOptions, Dequantise, Start, dequantised_bound};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker::sde::Sde;
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let how = Dequantise { count: 20, bins: Some(&[0.5]), start: Start::AtTMin };
/// let found = dequantised_bound::<f64>(&score, &[0.0], &how, &BoundOptions::for_dim(1), &Workers::new(1, 64)?)?;
/// // The mean of log p over the level is −0.9189 − 1/24 for this score, which is exact.
/// assert!((found.values[0] + 0.9606).abs() < 5.0 * found.se[0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`bound`](super::bound()), or if there are no draws or not one bin for each dimension.
pub fn dequantised_bound<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], how: &Dequantise<'_>, options: &BoundOptions, workers: &Workers,
) -> Result<Bound, Error> {
    let count = how.count;
    let draws = Draws::new(score, x, how, (options.seed, options.first_row), workers)?;
    let options = BoundOptions { first_row: options.first_row * count as u64, ..*options };
    let found = bound(score, &draws.x, &options, workers)?;
    let values = draws.densities(&found.values);
    if count == 1 {
        return Ok(Bound { values, ..found });
    }
    let (values, se) = values.chunks_exact(count).map(MeanSe::of).map(|m| (m.mean, m.se)).unzip();
    Ok(Bound { values, se, evaluations: found.evaluations * count as u64 })
}

/// The points that are drawn for some rows, K for each.
struct Draws {
    /// In model coordinates at t_min.
    x: Vec<f64>,
    /// What is to be added to the log-density at each.
    extra: Vec<f64>,
}

impl Draws {
    /// Those of a seed, for rows numbered from `first` on.
    fn new<F: Real>(
        score: &dyn Score<F>, rows: &[f64], how: &Dequantise<'_>, (seed, first): (u64, u64), workers: &Workers,
    ) -> Result<Self, Error> {
        let (dim, count) = (score.dim(), how.count);
        check(rows, dim, how)?;
        let c = score.sde().at(score.sde().t_min());
        let streams = Streams::new(seed);
        let mut x = Vec::with_capacity(rows.len() * count);
        let mut noise = Vec::new();
        for (row, from) in rows.chunks_exact(dim).enumerate() {
            for k in 0..count {
                let mut rng = streams.at("likelihood-repeats", first + row as u64, k as u64);
                let at = x.len();
                x.extend_from_slice(from);
                for (x, bin) in x[at..].iter_mut().zip(how.bins.unwrap_or_default()) {
                    *x += bin * rng.random::<f64>();
                }
                if how.start == Start::AtZero {
                    for x in &mut x[at..] {
                        let z: f64 = StandardNormal.sample(&mut rng);
                        noise.push(z);
                        *x = c.diffused(*x, z);
                    }
                }
            }
        }
        let mut extra = vec![0.0; x.len() / dim];
        if how.start == Start::AtZero {
            decoder_terms(score, &c, &x, &noise, workers, &mut extra)?;
        }
        Ok(Self { x, extra })
    }

    /// The log-densities that are meant, from those at t_min.
    fn densities(&self, at_t_min: &[f64]) -> Vec<f64> {
        at_t_min.iter().zip(&self.extra).map(|(value, extra)| value + extra).collect()
    }
}

fn check(rows: &[f64], dim: usize, how: &Dequantise<'_>) -> Result<(), Error> {
    whole_rows(rows, dim)?;
    if how.count == 0 {
        return Err(request("repeats", "must be at least 1"));
    }
    if how.bins.is_some_and(|bins| bins.len() != dim) {
        return Err(request("bins", &format!("one is needed for each of {dim} dimensions")));
    }
    Ok(())
}

/// D ln m + ½‖z‖² − ½ (m²/σ²) ‖x₀ − (x_t + σ² s)/m‖² of each row; with x₀ = (x_t − σ z)/m the last norm is that of σ (z + σ s)/m.
fn decoder_terms<F: Real>(
    score: &dyn Score<F>, c: &Coefficients, x: &[f64], z: &[f64], workers: &Workers, terms: &mut [f64],
) -> Result<(), Error> {
    let dim = score.dim();
    let shards: Result<Vec<_>, _> = (0..workers.shards()).map(|_| score.evaluator(workers.chunk_rows())).collect();
    let chunks = workers.map(terms.len(), shards?, |shard, _, range| {
        let x: Vec<F> = x[range.start * dim..range.end * dim].iter().map(|&x| F::of(x)).collect();
        let mut s = vec![F::ZERO; x.len()];
        shard.evaluate(&x, &vec![*c; range.len()], &mut s);
        let (rows, z) = (s.chunks_exact(dim), z[range.start * dim..].chunks_exact(dim));
        let term = |(s, z): (&[F], &[f64])| -> f64 {
            s.iter().zip(z).map(|(s, z)| c.m.ln() + 0.5 * (z * z - (z + c.sigma * s.as_f64()).powi(2))).sum()
        };
        rows.zip(z).map(term).collect::<Vec<f64>>()
    });
    for (to, term) in terms.iter_mut().zip(chunks.into_iter().flatten()) {
        *to = term;
    }
    Ok(())
}

/// ln of the mean of the exponentials.
fn log_mean_exp(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if logs.iter().any(|log| log.is_nan()) || !most.is_finite() {
        return if logs.iter().any(|log| log.is_nan()) { f64::NAN } else { most };
    }
    #[allow(clippy::cast_precision_loss)]
    let count = logs.len() as f64;
    most + (logs.iter().map(|log| (log - most).exp()).sum::<f64>() / count).ln()
}

#[cfg(test)]
mod tests;
