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
use fokker_jet::panel::Workers;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::{LikelihoodOptions, log_prob, request};
use crate::Error;
use crate::rng::Streams;
use crate::score::{Directions, Score};
use crate::sde::Coefficients;
use crate::solve::Outcome;
use crate::stats::MeanSe;

/// What the rows are, and so what of them is given a density.
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats<'a> {
    /// K, the draws for each row.
    pub count: usize,
    /// The width of a grey level along each dimension, in model coordinates; `None`: the rows are continuous.
    pub bins: Option<&'a [f64]>,
    /// What the rows are.
    pub start: Start,
}

/// log p of rows, over K draws each.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeated {
    /// The mean of log p over the draws, in nats; a lower bound in the mean. NaN where the outcome is not converged.
    pub mean: Vec<f64>,
    /// Its standard error over the draws (and their probes); for a single draw over its probes, `None` if there are not two.
    pub se: Option<Vec<f64>>,
    /// log of the mean of p over the draws: the importance-weighted bound, never below `mean` and tighter with K.
    pub importance: Vec<f64>,
    /// How each row's integrations ended: the first failure, if there is one.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score and its divergence, by row.
    pub evaluations: Vec<u64>,
}

/// log p of rows (`rows × D`, in model coordinates) over draws.
///
/// ```
/// use fokker::likelihood::{LikelihoodOptions, Repeats, Start, repeated_log_prob};
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
/// use fokker::sde::Sde;
/// use fokker_jet::panel::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // N(0, 1) in levels of width ½: the level from 0 to ½ has the chance Φ(½) − Φ(0) = 0.1915, the density 0.383 per unit.
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let repeats = Repeats { count: 50, bins: Some(&[0.5]), start: Start::AtTMin };
/// let (options, workers) = (LikelihoodOptions::for_dim(1), Workers::new(1, 64)?);
/// let found = repeated_log_prob::<f64>(&score, &[0.0], &repeats, &options, &workers, &|_| {})?;
/// assert!((found.importance[0].exp() - 0.383).abs() < 0.003);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`log_prob`], or if there are no draws or not one bin for each dimension.
pub fn repeated_log_prob<F: Real>(
    score: &dyn Score<F>, x: &[f64], repeats: &Repeats<'_>, options: &LikelihoodOptions, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Repeated, Error> {
    let (dim, count) = (score.dim(), repeats.count);
    if count == 0 {
        return Err(request("repeats", "must be at least 1"));
    }
    if repeats.bins.is_some_and(|bins| bins.len() != dim) {
        return Err(request("bins", &format!("one is needed for each of {dim} dimensions")));
    }
    let c = score.sde().at(score.sde().t_min());
    let streams = Streams::new(options.seed);
    let mut drawn = Vec::with_capacity(x.len() * count);
    let mut extra = vec![0.0; x.len() / dim * count];
    let mut noise = Vec::new();
    for (row, x) in x.chunks_exact(dim).enumerate() {
        for k in 0..count {
            let mut rng = streams.at("likelihood-repeats", options.first_row + row as u64, k as u64);
            let at = drawn.len();
            drawn.extend_from_slice(x);
            for (x, bin) in drawn[at..].iter_mut().zip(repeats.bins.unwrap_or_default()) {
                *x += bin * rng.random::<f64>();
            }
            if repeats.start == Start::AtZero {
                for x in &mut drawn[at..] {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    noise.push(z);
                    *x = c.m * *x + c.sigma * z;
                }
            }
        }
    }
    if repeats.start == Start::AtZero {
        decoder_terms(score, &c, &drawn, &noise, workers, &mut extra)?;
    }
    let options = LikelihoodOptions { first_row: options.first_row * count as u64, ..*options };
    let found = log_prob(score, &drawn, &options, workers, &|rows| progress(rows / count))?;
    let values: Vec<f64> = found.values.iter().zip(&extra).map(|(value, extra)| value + extra).collect();
    let rows = || values.chunks_exact(count);
    let over_draws: Vec<MeanSe> = rows().map(MeanSe::of).collect();
    let first_failure = |outcomes: &[Outcome]| {
        outcomes.iter().copied().find(|outcome| !outcome.is_converged()).unwrap_or(Outcome::Converged)
    };
    Ok(Repeated {
        mean: over_draws.iter().map(|m| m.mean).collect(),
        se: if count > 1 { Some(over_draws.iter().map(|m| m.se).collect()) } else { found.probe_se },
        importance: rows().map(log_mean_exp).collect(),
        outcomes: found.outcomes.chunks_exact(count).map(first_failure).collect(),
        evaluations: found.evaluations.chunks_exact(count).map(|e| e.iter().sum()).collect(),
    })
}

/// D ln m + ½‖z‖² − ½ (m²/σ²) ‖x₀ − (x_t + σ² s)/m‖² of each row; with x₀ = (x_t − σ z)/m the last norm is that of σ (z + σ s)/m.
fn decoder_terms<F: Real>(
    score: &dyn Score<F>, c: &Coefficients, x: &[f64], z: &[f64], workers: &Workers, terms: &mut [f64],
) -> Result<(), Error> {
    let dim = score.dim();
    let tape = |_| score.tape(&Directions::new(&[]), workers.panel_rows());
    let tapes: Result<Vec<_>, _> = (0..workers.lanes()).map(tape).collect();
    let panels = workers.map(terms.len(), tapes?, |tape, _, range| {
        let x: Vec<F> = x[range.start * dim..range.end * dim].iter().map(|&x| F::of(x)).collect();
        tape.begin(&x, &vec![*c; range.len()]);
        tape.forward(0..1);
        let (rows, z) = (tape.part(0).chunks_exact(dim), z[range.start * dim..].chunks_exact(dim));
        let term = |(s, z): (&[F], &[f64])| -> f64 {
            s.iter().zip(z).map(|(s, z)| c.m.ln() + 0.5 * (z * z - (z + c.sigma * s.as_f64()).powi(2))).sum()
        };
        rows.zip(z).map(term).collect::<Vec<f64>>()
    });
    for (to, term) in terms.iter_mut().zip(panels.into_iter().flatten()) {
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
mod tests {
    use super::*;
    use crate::score::analytic::AnalyticScore;
    use crate::score::mixture::Mixture;
    use crate::sde::{Sde, T_MAX};
    use crate::testing::worst;

    fn run(
        mixture: &Mixture, sde: &Sde, x: &[f64], repeats: &Repeats<'_>, threads: usize, rows: usize,
    ) -> Result<Repeated, Error> {
        let score = AnalyticScore::new(mixture.clone(), sde.clone());
        let workers = Workers::new(threads, rows)?;
        repeated_log_prob::<f64>(&score, x, repeats, &LikelihoodOptions::for_dim(mixture.dim()), &workers, &|_| {})
    }

    fn two_modes() -> Mixture {
        Mixture::isotropic(&[0.4, 0.6], &[vec![-0.8], vec![0.9]], 0.3).unwrap()
    }

    /// ∫ f over [a, b] by the midpoint rule.
    fn integral(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
        let n = 4000;
        let h = (b - a) / f64::from(n);
        (0..n).map(|i| f(a + (f64::from(i) + 0.5) * h)).sum::<f64>() * h
    }

    #[test]
    fn levels_have_the_chance_of_their_bins() {
        let (mixture, sde, bin) = (two_modes(), Sde::vp(), 0.25);
        let q = mixture.diffused(&sde.at(sde.t_min()));
        let x: Vec<f64> = (-5..5).map(|i| f64::from(i) * bin).collect();
        let repeats = Repeats { count: 400, bins: Some(&[bin]), start: Start::AtTMin };
        let found = run(&mixture, &sde, &x, &repeats, 2, 64).unwrap();
        for (i, &x) in x.iter().enumerate() {
            let log = |x: f64| q.log_density(&[x]);
            let chance = integral(x, x + bin, |x| log(x).exp()) / bin;
            let mean = integral(x, x + bin, log) / bin;
            let se = found.se.as_ref().unwrap()[i];
            assert!((found.mean[i] - mean).abs() < 4.5 * se + 1e-3, "{x}: {} ± {se}, {mean}", found.mean[i]);
            assert!((found.importance[i] - chance.ln()).abs() < 4.5 * se + 1e-3, "{x}");
            assert!(found.importance[i] >= found.mean[i]);
            assert!(mean < chance.ln());
        }
        // The twin: without the noise the corner's density stands for the bin.
        let corner = run(&mixture, &sde, &x, &Repeats { count: 1, bins: None, ..repeats }, 1, 64).unwrap();
        assert!(corner.se.is_none());
        assert!(corner.mean.iter().zip(&found.mean).any(|(a, b)| (a - b).abs() > 0.2));
    }

    #[test]
    fn the_decoder_s_bound_is_that_of_its_definition() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            let mixture = two_modes();
            let c = sde.at(sde.t_min());
            let q = mixture.diffused(&c);
            let end = mixture.diffused(&sde.at(T_MAX));
            let repeats = Repeats { count: 600, bins: None, start: Start::AtZero };
            let x = [-0.7, 0.1, 1.2];
            let found = run(&mixture, &sde, &x, &repeats, 2, 64).unwrap();
            for (i, &x0) in x.iter().enumerate() {
                let normal = |x: f64, mean: f64, std: f64| {
                    -0.5 * ((x - mean) / std).powi(2) - (std * std::f64::consts::TAU.sqrt()).ln()
                };
                let of_noise = |z: f64| {
                    let x = c.m * x0 + c.sigma * z;
                    let mut s = [0.0];
                    q.score(&[x], &mut s);
                    let decoded = normal(x0, (x + c.sigma * c.sigma * s[0]) / c.m, c.sigma / c.m);
                    q.log_density(&[x]) + decoded - normal(x, c.m * x0, c.sigma)
                };
                let want = integral(-8.0, 8.0, |z| normal(z, 0.0, 1.0).exp() * of_noise(z));
                // The prior stands in place of q_T: as far off as the two are from each other where the data ends up.
                let apart = |x: f64| (end.log_density(&[x]) - sde.log_prior(&[x])).abs();
                let slack = worst([-2.0, 0.0, 2.0].map(|x| apart(x * sde.prior_std())).into_iter().chain([1e-3]));
                let (mean, se) = (found.mean[i], found.se.as_ref().unwrap()[i]);
                assert!((mean - want).abs() < 4.5 * se + slack, "{sde:?} {x0}: {mean} ± {se}, {want}");
                // Where σ is small the model's density at t = 0 is near the data's, and so is its bound.
                let truth = mixture.diffused(&Coefficients { m: 1.0, sigma: 0.0, ..c }).log_density(&[x0]);
                assert!((want - truth).abs() < 0.1, "{sde:?} {x0}: {want} {truth}");
                assert!(found.importance[i] >= mean);
            }
        }
    }

    #[test]
    fn draws_depend_neither_on_batch_nor_on_threads() {
        let mixture = Mixture::random(2, 3, 5).unwrap();
        let x: Vec<f64> = (0..12).map(|i| f64::from(i) * 0.2 - 1.0).collect();
        let repeats = Repeats { count: 3, bins: Some(&[0.1, 0.2]), start: Start::AtZero };
        let all = run(&mixture, &Sde::vp(), &x, &repeats, 1, 64).unwrap();
        assert_eq!(all, run(&mixture, &Sde::vp(), &x, &repeats, 3, 5).unwrap());
        assert_eq!(all.mean[0], run(&mixture, &Sde::vp(), &x[..2], &repeats, 1, 8).unwrap().mean[0]);
    }

    #[test]
    fn a_draw_that_fails_is_the_row_s_failure() {
        let mixture = two_modes();
        let repeats = Repeats { count: 2, bins: Some(&[0.1]), start: Start::AtTMin };
        let found = run(&mixture, &Sde::vp(), &[f64::NAN, 0.3], &repeats, 1, 8).unwrap();
        assert!(!found.outcomes[0].is_converged() && found.mean[0].is_nan() && found.importance[0].is_nan());
        assert!(found.outcomes[1].is_converged() && found.mean[1].is_finite());
        assert!(run(&mixture, &Sde::vp(), &[0.3], &Repeats { count: 0, ..repeats }, 1, 8).is_err());
        assert!(run(&mixture, &Sde::vp(), &[0.3], &Repeats { bins: Some(&[0.1; 2]), ..repeats }, 1, 8).is_err());
    }
}
