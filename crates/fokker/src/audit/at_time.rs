//! What is measured at one time: residual, asymmetry, score error.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::Audit;
use crate::Error;
use crate::conservativity::asymmetry;
use crate::data::Data;
use crate::density::mixture::Mixture;
use crate::divergence::Divergence;
use crate::residual::{Residuals, residual};
use crate::score::{Differentiable, Score};
use crate::sde::Coefficients;
use crate::stats::{AtTime, MeanSe};

pub(super) fn measure(
    score: &dyn Differentiable<f32>, data: &Data, c: &Coefficients, x: &[f32], divergence: Divergence,
    workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let times = vec![c.t; x.len() / data.dim()];
    let (values, dt) = residuals(score, x, &times, divergence, found.seed, workers)?;
    let average = found.residual_average;
    found.residual.push(AtTime::new(c.t, average.of(&values)));
    found.residual_relative.push(AtTime::new(c.t, average.ratio(&values, &dt)));
    let skew = asymmetry(score, x, &times, divergence, found.seed, workers)?;
    found.asymmetry.push(AtTime::new(c.t, MeanSe::of(&skew.normalised)));
    found.asymmetry_absolute.push(AtTime::new(c.t, MeanSe::of(&skew.absolute)));
    found.points.residual.push(values);
    found.points.asymmetry.push(skew.normalised);
    if let (Some(truth), Some(errors)) = (data.truth(), &mut found.score_error) {
        let squares = score_errors(score, truth, c, x, workers)?;
        errors.push(AtTime::new(c.t, MeanSe::of(&squares)));
        found.points.score_error.push(squares);
    }
    Ok(())
}

/// What r(t) is the average of, at each point, and the same of ∂ₜs: norms over D, or products of two residuals over D² where
/// divergences are probed (by half of the probes each).
pub(super) fn residuals<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], times: &[f64], divergence: Divergence, seed: u64, workers: &Workers,
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let Divergence::Hutchinson { probes, distribution } = divergence else {
        let found = residual(score, x, times, divergence, seed, workers)?;
        return Ok((found.per_dimension(), found.dt_per_dimension()));
    };
    let half = |probes, seed| residual(score, x, times, Divergence::Hutchinson { probes, distribution }, seed, workers);
    // Another seed: the sets are independent.
    let (one, other) = (half(probes.div_ceil(2), seed)?, half((probes / 2).max(1), seed ^ (1 << 41))?);
    let dt = Residuals::products(&one.dt, &one.dt, one.dim);
    Ok((Residuals::products(&one.residual, &other.residual, one.dim), dt))
}

/// σ²(t) ‖s − ∇ log q_t‖² at each point.
fn score_errors(
    score: &dyn Score<f32>, truth: &Mixture, c: &Coefficients, x: &[f32], workers: &Workers,
) -> Result<Vec<f64>, Error> {
    let dim = score.dim();
    let shards: Result<Vec<_>, _> = (0..workers.shards()).map(|_| score.evaluator(workers.chunk_rows())).collect();
    let q = truth.diffused(c);
    let chunks = workers.map(x.len() / dim, shards?, |shard, _, range| {
        let x = &x[range.start * dim..range.end * dim];
        let mut s = vec![0.0; x.len()];
        shard.evaluate(x, &vec![*c; range.len()], &mut s);
        let (mut point, mut exact) = (vec![0.0; dim], vec![0.0; dim]);
        let square = |(x, s): (&[f32], &[f32])| {
            point.iter_mut().zip(x).for_each(|(to, &x)| *to = f64::from(x));
            q.score(&point, &mut exact);
            c.sigma * c.sigma * s.iter().zip(&exact).map(|(&s, e)| (f64::from(s) - e).powi(2)).sum::<f64>()
        };
        x.chunks_exact(dim).zip(s.chunks_exact(dim)).map(square).collect::<Vec<f64>>()
    });
    Ok(chunks.into_iter().flatten().collect())
}
