//! Closed forms, tolerance ladders, probes, a wrong score, failures.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::log_prob::along_flow;
use super::*;
use crate::Error;
use crate::density::mixture::Mixture;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::flow::{TOGETHER, Trace};
use crate::net::NetworkConfig;
use crate::rng::Streams;
use crate::score::analytic::AnalyticScore;
use crate::score::network::{NetworkScore, Parameterisation, ScoreModel};
use crate::sde::{Sde, T_MAX};
use crate::solve::{Outcome, Tolerance};
use crate::stats::MeanSe;
use crate::testing::worst;
use std::sync::Mutex;

mod groups;
mod network;

type Any = Result<(), Box<dyn std::error::Error>>;

fn all() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

/// A mixture and points of its q at t_min.
struct Case {
    mixture: Mixture,
    sde: Sde,
    x: Vec<f64>,
}

fn case(sde: &Sde, dim: usize, rows: usize) -> Result<Case, Box<dyn std::error::Error>> {
    let mixture = Mixture::random(dim, 3, 11)?;
    let mut x = vec![0.0; rows * dim];
    mixture.sample(&mut Streams::new(3).named("test"), &mut x);
    Ok(Case { mixture, sde: sde.clone(), x })
}

impl Case {
    fn score(&self) -> AnalyticScore {
        AnalyticScore::new(self.mixture.clone(), self.sde.clone())
    }
    /// With the true q_T at the end.
    fn log_prob(
        &self, score: &AnalyticScore, options: &LikelihoodOptions,
    ) -> Result<LogProb, Box<dyn std::error::Error>> {
        let end = self.mixture.diffused(&self.sde.at(T_MAX));
        let workers = Workers::new(2, 16)?;
        Ok(log_prob_with_base(score, &self.x, options, |x| end.log_density(x), &workers, &|_| {})?)
    }
    fn truth(&self) -> Vec<f64> {
        let q = self.mixture.diffused(&self.sde.at(self.sde.t_min()));
        self.x.chunks_exact(self.mixture.dim()).map(|x| q.log_density(x)).collect()
    }
    fn options(&self, tolerance: f64) -> LikelihoodOptions {
        LikelihoodOptions { tolerance: Tolerance::both(tolerance), ..LikelihoodOptions::for_dim(self.mixture.dim()) }
    }
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    worst(a.iter().zip(b).map(|(a, b)| (a - b).abs()))
}

fn hutchinson(probes: usize) -> Divergence {
    Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher }
}

#[test]
fn closed_forms_under_every_sde() -> Any {
    for sde in all() {
        for dim in [1, 2, 5] {
            let case = case(&sde, dim, 24)?;
            let found = case.log_prob(&case.score(), &case.options(1e-9))?;
            assert_eq!(found.failed(), 0);
            assert!(found.probe_se.is_none());
            let error = gap(&found.values, &case.truth());
            assert!(error < 1e-6, "{sde:?} {dim} {error}");
        }
    }
    Ok(())
}

/// In every dimension, under every SDE, at every tolerance: the worst of the rows is within ten tolerances of the truth.
#[test]
fn error_follows_the_tolerance() -> Any {
    for sde in all() {
        for dim in [1, 2, 5, 20] {
            let case = case(&sde, dim, 40)?;
            let errors = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8].map(|tolerance| {
                let found = case.log_prob(&case.score(), &case.options(tolerance)).unwrap();
                assert_eq!(found.failed(), 0, "{sde:?} in {dim} dimensions at {tolerance:e}");
                let error = gap(&found.values, &case.truth());
                assert!(error < 10.0 * tolerance, "{sde:?} in {dim} dimensions at {tolerance:e}: {error:e}");
                error
            });
            // Not for want of something to get wrong.
            assert!(errors[0] > 100.0 * errors[5], "{sde:?} in {dim} dimensions: {errors:?}");
        }
    }
    Ok(())
}

#[test]
fn a_wrong_score_has_another_log_prob() -> Any {
    for sde in all() {
        let case = case(&sde, 2, 8)?;
        let wrong = case.score().perturbed(vec![0.3, 0.1, -0.1, 0.2]);
        let found = case.log_prob(&wrong, &case.options(1e-7))?;
        assert_eq!(found.failed(), 0);
        let error = gap(&found.values, &case.truth());
        assert!(error > 0.05, "{sde:?} {error}");
    }
    Ok(())
}

/// The mean over all sign vectors as probes is the exact divergence.
#[test]
fn all_sign_probes_average_to_the_exact_divergence() -> Any {
    let case = case(&Sde::vp(), 4, 6)?;
    let (score, options) = (case.score(), case.options(1e-9));
    let signs = |_: usize, j: usize, v: &mut [f64]| {
        v.iter_mut().enumerate().for_each(|(i, v)| *v = if j >> i & 1 == 0 { 1.0 } else { -1.0 });
    };
    let end = case.mixture.diffused(&case.sde.at(T_MAX));
    let base = |x: &[f64]| end.log_density(x);
    let workers = Workers::new(1, 8)?;
    let estimate = |components: usize| {
        let trace = Trace { components, group: 1, fill: &signs, together: TOGETHER };
        along_flow(&score, &case.x, &options, &trace, &base, &workers, &|_| {})
    };
    let found = estimate(16)?;
    let error = gap(&found.values, &case.truth());
    assert!(error < 1e-6, "{error}");
    // Not so for some of them.
    assert!(gap(&estimate(2)?.values, &case.truth()) > 1e-3);
    let errors = found.probe_se.ok_or("no errors")?;
    assert!(errors.iter().all(|&se| se > 1e-3));
    Ok(())
}

#[test]
fn probes_are_unbiased_and_know_their_error() -> Any {
    let mut case = case(&Sde::vp(), 3, 1)?;
    let truth = case.truth()[0];
    case.x = case.x.repeat(400);
    for probes in [1, 4] {
        let options = LikelihoodOptions { divergence: hutchinson(probes), ..case.options(1e-6) };
        let found = case.log_prob(&case.score(), &options)?;
        let mean = found.mean_se();
        assert!((mean.mean - truth).abs() < 4.0 * mean.se && mean.se > 1e-4, "{probes} {mean:?} {truth}");
        assert_eq!(found.probe_se.is_some(), probes > 1);
        if let Some(errors) = found.probe_se {
            // E se² is the variance over rows, which differ by their probes alone.
            let square = MeanSe::of(&errors.iter().map(|se| se * se).collect::<Vec<_>>());
            let variance = mean.se * mean.se * 400.0;
            assert!((square.mean / variance - 1.0).abs() < 0.3, "{square:?} {variance}");
        }
        // Other seeds, other probes.
        let other = case.log_prob(&case.score(), &LikelihoodOptions { seed: 1, ..options })?;
        assert!(gap(&other.values, &found.values) > 1e-3);
    }
    Ok(())
}

fn untrained(dim: usize, width: usize) -> Result<NetworkScore<f32>, Box<dyn std::error::Error>> {
    let config: NetworkConfig = toml::from_str(&format!("kind = \"mlp\"\nwidth = {width}"))?;
    let model = ScoreModel::new(fokker_jet::Shape::vector(dim), &Sde::vp(), &config, Parameterisation::Noise);
    let parameters = model.initial_parameters(&mut Streams::new(1).named("test"));
    Ok(NetworkScore::new(model, &parameters))
}

#[test]
fn values_depend_neither_on_batch_nor_on_threads() -> Any {
    // To the last bit, for widths on both sides of a tile's.
    for width in [8, 32, 45] {
        let score = untrained(2, width)?;
        let x: Vec<f64> = (0..60).map(|i| f64::from(i % 11) * 0.3 - 1.5).collect();
        for divergence in [Divergence::Exact {}, hutchinson(2)] {
            let options = LikelihoodOptions { divergence, ..LikelihoodOptions::for_dim(2) };
            let at = |threads, rows| log_prob(&score, &x, &options, &Workers::new(threads, rows)?, &|_| {});
            let all = at(1, 64)?;
            assert_eq!(all.failed(), 0);
            for (threads, rows) in [(2, 64), (1, 7), (2, 1), (3, 5)] {
                assert_eq!(at(threads, rows)?, all, "{threads} threads, {rows} rows together");
            }
        }
        let options = LikelihoodOptions::for_dim(2);
        let all = log_prob(&score, &x, &options, &Workers::new(2, 64)?, &|_| {})?;
        let one = Workers::new(1, 64)?;
        for (row, x) in x.chunks_exact(2).enumerate() {
            let alone = log_prob(&score, x, &options, &one, &|_| {})?;
            assert_eq!(alone.values[0].to_bits(), all.values[row].to_bits(), "row {row} alone");
        }
    }
    Ok(())
}

#[test]
fn failures_are_not_numbers() -> Any {
    let case = case(&Sde::vp(), 2, 4)?;
    let (score, workers) = (case.score(), Workers::new(1, 8)?);
    let mut x = case.x.clone();
    x[2] = f64::NAN;
    let found = log_prob::<f64>(&score, &x, &case.options(1e-5), &workers, &|_| {})?;
    assert_eq!((found.failed(), found.outcomes[1]), (1, Outcome::NonFinite { t: 1e-3 }));
    assert!(found.values[1].is_nan() && found.values[0].is_finite() && found.mean_se().mean.is_finite());
    let hurried = LikelihoodOptions { step_limit: 5, ..case.options(1e-5) };
    let found = log_prob::<f64>(&score, &case.x, &hurried, &workers, &|_| {})?;
    assert_eq!(found.failed(), 4);
    assert!(found.outcomes.iter().all(|o| matches!(o, Outcome::StepLimit { t } if *t < 1.0)));
    assert!(found.values.iter().all(|v| v.is_nan()) && found.mean_se().mean.is_nan());
    let nowhere = |_: &[f64]| f64::NEG_INFINITY;
    let found = log_prob_with_base::<f64>(&score, &case.x, &case.options(1e-5), nowhere, &workers, &|_| {})?;
    assert_eq!(found.outcomes[0], Outcome::NonFinite { t: T_MAX });
    Ok(())
}

#[test]
fn wrong_requests_are_refused() -> Any {
    let case = case(&Sde::vp(), 2, 1)?;
    let (score, workers) = (case.score(), Workers::new(1, 8)?);
    let good = case.options(1e-5);
    let ask = |x: &[f64], options: &LikelihoodOptions| log_prob::<f64>(&score, x, options, &workers, &|_| {});
    assert!(ask(&[0.0; 3], &good).is_err_and(|e| e.is_request() && e.to_string().contains("3 numbers")));
    assert!(ask(&case.x, &LikelihoodOptions { divergence: hutchinson(0), ..good }).is_err());
    assert!(ask(&case.x, &LikelihoodOptions { tolerance: Tolerance::both(0.0), ..good }).is_err());
    assert!(ask(&[], &good)?.values.is_empty());
    Ok(())
}

#[test]
fn progress_counts_the_rows() -> Any {
    let case = case(&Sde::vp(), 2, 20)?;
    let seen = Mutex::new(Vec::new());
    let note = |done| seen.lock().map_or((), |mut seen| seen.push(done));
    log_prob::<f64>(&case.score(), &case.x, &case.options(1e-3), &Workers::new(2, 4)?, &note)?;
    let mut seen = seen.into_inner()?;
    seen.sort_unstable();
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
    Ok(())
}
