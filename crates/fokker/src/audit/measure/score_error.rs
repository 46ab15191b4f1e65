//! How far the score is from the truth, where that is known.

use fokker_jet::Real;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{AtOneTime, Measure, Measurement, Rows};
use crate::density::mixture::Mixture;
use crate::figure::{Better, Definition, Look, Shown};
use crate::stats::MeanSe;

/// σ²(t) E ‖s − ∇ log q_t‖².
static SCORE_ERROR: Definition = Definition::profile("score_error")
    .named("error of the score", "")
    .better(Better::Lower)
    .paired()
    .optional()
    .shown(Shown::Everywhere)
    .look(Look::new("σ² E‖s − ∇ log q‖²", "Against the closed form.").headings("score error", "score err."));

pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement { figures: vec![&SCORE_ERROR], measure: Measure::AtTimes(measure) }
}

fn measure<F: Real>(context: &Context<'_, F>, rows: &Rows<'_, F>) -> Result<Vec<AtOneTime>, Error> {
    let Some(truth) = context.points.truth() else { return Ok(Vec::new()) };
    let points = squares(context, truth, rows)?;
    Ok(vec![AtOneTime { definition: &SCORE_ERROR, value: MeanSe::of(&points), points }])
}

/// σ²(t) ‖s − ∇ log q_t‖² at each point.
fn squares<F: Real>(context: &Context<'_, F>, truth: &Mixture, rows: &Rows<'_, F>) -> Result<Vec<f64>, Error> {
    let (dim, c, workers) = (context.dim(), rows.c, context.workers);
    let shards: Result<Vec<_>, _> =
        (0..workers.shards()).map(|_| context.score.evaluator(workers.chunk_rows())).collect();
    let q = truth.diffused(&c);
    let chunks = workers.map(rows.x.len() / dim, shards?, |shard, _, range| {
        let x = &rows.x[range.start * dim..range.end * dim];
        let mut s = vec![F::ZERO; x.len()];
        shard.evaluate(x, &vec![c; range.len()], &mut s);
        let (mut point, mut exact) = (vec![0.0; dim], vec![0.0; dim]);
        let square = |(x, s): (&[F], &[F])| {
            point.iter_mut().zip(x).for_each(|(to, x)| *to = x.as_f64());
            q.score(&point, &mut exact);
            c.sigma * c.sigma * s.iter().zip(&exact).map(|(s, e)| (s.as_f64() - e).powi(2)).sum::<f64>()
        };
        x.chunks_exact(dim).zip(s.chunks_exact(dim)).map(square).collect::<Vec<f64>>()
    });
    Ok(chunks.into_iter().flatten().collect())
}
