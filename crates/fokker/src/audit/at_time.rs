//! What is measured at one time: residual, asymmetry, score error.

use fokker_jet::panel::Workers;

use super::Audit;
use crate::Error;
use crate::conservativity::asymmetry;
use crate::data::Data;
use crate::loss::Divergence;
use crate::residual::residual;
use crate::score::{Directions, Score};
use crate::sde::Coefficients;
use crate::stats::{AtTime, MeanSe};

#[allow(clippy::too_many_arguments)]
pub(super) fn measure(
    score: &dyn Score<f32>, data: &Data, c: &Coefficients, x: &[f32], divergence: Divergence, seed: u64,
    workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let dim = data.dim();
    let times = vec![c.t; x.len() / dim];
    let residuals = residual(score, x, &times, divergence, seed, workers)?;
    let r = MeanSe::of(&residuals.per_dimension());
    let dt = MeanSe::of(&residuals.dt_per_dimension());
    found.residual.push(AtTime::new(c.t, r));
    found.residual_relative.push(AtTime { t: c.t, mean: r.mean / dt.mean, se: r.se / dt.mean });
    let skew = asymmetry(score, x, &times, divergence, seed, workers)?;
    found.asymmetry.push(AtTime::new(c.t, MeanSe::of(&skew.normalised)));
    found.asymmetry_absolute.push(AtTime::new(c.t, MeanSe::of(&skew.absolute)));
    if let (Some(truth), Some(errors)) = (data.truth(), &mut found.score_error) {
        let mut tape = score.tape(&Directions::new(&[]), times.len())?;
        tape.begin(x, &vec![*c; times.len()]);
        tape.forward(0..1);
        let q = truth.diffused(c);
        let mut exact = vec![0.0; dim];
        let squares = x.chunks_exact(dim).zip(tape.part(0).chunks_exact(dim)).map(|(x, s)| {
            let point: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
            q.score(&point, &mut exact);
            c.sigma * c.sigma * s.iter().zip(&exact).map(|(&s, e)| (f64::from(s) - e).powi(2)).sum::<f64>()
        });
        errors.push(AtTime::new(c.t, MeanSe::of(&squares.collect::<Vec<_>>())));
    }
    Ok(())
}
