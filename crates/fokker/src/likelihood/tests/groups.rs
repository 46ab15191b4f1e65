//! Directions go through the score in groups: the values are the same, the memory is bounded.

use super::*;
use crate::likelihood::{BoundOptions, bound};
use crate::score::{Differentiable, Directions, Evaluator, Score, ScoreTape};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A score that remembers the most directions times rows for which a tape was asked.
struct Counting<'a> {
    score: &'a dyn Differentiable<f64>,
    directions: AtomicUsize,
    rows: AtomicUsize,
}

impl<'a> Counting<'a> {
    fn new(score: &'a dyn Differentiable<f64>) -> Self {
        Self { score, directions: AtomicUsize::new(0), rows: AtomicUsize::new(0) }
    }
}

impl Score<f64> for Counting<'_> {
    fn dim(&self) -> usize {
        self.score.dim()
    }
    fn sde(&self) -> &Sde {
        self.score.sde()
    }
    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<f64> + Send + 'a>, Error> {
        self.rows.fetch_max(rows, Ordering::Relaxed);
        self.score.evaluator(rows)
    }
}

impl Differentiable<f64> for Counting<'_> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<f64> + Send + 'a>, Error> {
        self.directions.fetch_max(directions.parts() - 1, Ordering::Relaxed);
        self.rows.fetch_max(rows, Ordering::Relaxed);
        self.score.tape(directions, rows)
    }
}

#[test]
fn groups_of_any_size_give_the_same_values() -> Any {
    let score = untrained(5, 32)?;
    let x: Vec<f64> = (0..35).map(|i| f64::from(i % 11) * 0.3 - 1.5).collect();
    let (options, workers) = (LikelihoodOptions::for_dim(5), Workers::new(1, 8)?);
    let fill = |_: usize, j: usize, v: &mut [f32]| {
        v.fill(0.0);
        v[j] = 1.0;
    };
    let at = |together| {
        let trace = Trace { components: 1, group: 5, fill: &fill, together };
        along_flow(&score, &x, &options, &trace, &|x| score.model().sde().log_prior(x), &workers, &|_| {})
    };
    let all = at(TOGETHER)?;
    assert_eq!(all.failed(), 0);
    for together in [1, 2, 4, 5] {
        assert_eq!(at(together)?, all, "{together} together");
    }
    Ok(())
}

#[test]
fn no_more_than_a_group_is_asked_for() -> Any {
    let dim = 150;
    let mixture = Mixture::isotropic(&[1.0], &[vec![0.1; dim]], 0.8)?;
    let truth = AnalyticScore::new(mixture.clone(), Sde::vp());
    let counting = Counting::new(&truth);
    let (x, workers) = (vec![0.2; 2 * dim], Workers::new(1, 8)?);
    let exact = LikelihoodOptions { divergence: Divergence::Exact {}, ..LikelihoodOptions::for_dim(dim) };
    let found = log_prob(&counting, &x, &exact, &workers, &|_| {})?;
    // The prior in place of q_T costs D times as much as in one dimension.
    let want = mixture.diffused(&Sde::vp().at(Sde::vp().t_min())).log_density(&x[..dim]);
    assert!((found.values[0] - want).abs() < 0.05, "{} {want}", found.values[0]);
    let below = BoundOptions { divergence: Divergence::Exact {}, ..BoundOptions::for_dim(dim) };
    let below = bound(&counting, &x, &below, &workers)?;
    assert!((below.values[0] - want).abs() < 6.0 * below.se[0] + 0.05, "{} {want}", below.values[0]);
    assert_eq!(counting.directions.into_inner(), TOGETHER);
    // Many probes: of one row, and not all of these at a time.
    let mixture = Mixture::random(2, 3, 11)?;
    let truth = AnalyticScore::new(mixture, Sde::vp());
    let counting = Counting::new(&truth);
    let probed = LikelihoodOptions {
        divergence: hutchinson(100_000),
        tolerance: Tolerance::both(1e-2),
        ..LikelihoodOptions::for_dim(2)
    };
    let x: Vec<f64> = vec![0.1; 16];
    let found = log_prob(&counting, &x, &probed, &workers, &|_| {})?;
    let exact = log_prob(&counting, &x, &LikelihoodOptions::for_dim(2), &workers, &|_| {})?;
    let (error, se) = (found.values[0] - exact.values[0], found.probe_se.ok_or("no errors")?[0]);
    assert!(error.abs() < 5.0 * se + 0.05, "{error} {se}");
    assert!(counting.directions.into_inner() <= TOGETHER);
    Ok(())
}

#[test]
fn long_states_are_integrated_a_few_at_a_time() -> Any {
    let truth = AnalyticScore::new(Mixture::random(2, 3, 11)?, Sde::vp());
    let counting = Counting::new(&truth);
    let many = LikelihoodOptions { divergence: hutchinson(100_000), step_limit: 1, ..LikelihoodOptions::for_dim(2) };
    log_prob(&counting, &[0.1; 64], &many, &Workers::new(1, 32)?, &|_| {})?;
    assert_eq!(counting.rows.swap(0, Ordering::Relaxed), 5);
    log_prob(&counting, &[0.1; 64], &LikelihoodOptions::for_dim(2), &Workers::new(1, 32)?, &|_| {})?;
    assert_eq!(counting.rows.into_inner(), 32);
    Ok(())
}
