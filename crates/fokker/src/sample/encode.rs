//! Data to latents and back, along the probability-flow ODE.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::request::wrong;
use super::samples::Samples;
use crate::Error;
use crate::flow::Run;
use crate::score::Score;
use crate::sde::T_MAX;
use crate::solve::{Limits, Tolerance};

/// The latents x_T of points `x` (`rows × D`, in model coordinates) at t_min: the ODE dx/dt = a x − ½ g² s from t_min to T (Song et
/// al. 2021, arXiv 2011.13456, eq. 13 and appendix D.3). Under a good score they are near N(0, prior std² I) for data of the model.
///
/// Nothing is random; each row has its own adaptive step. Rows that fail, among them those that are not finite, are NaN.
///
/// ```
/// use fokker::{sample::{decode, encode}, sde::Sde, solve::{Limits, Tolerance}};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// let (tolerance, limits, workers) = (Tolerance::both(1e-8), Limits::default(), Workers::new(1, 64)?);
/// let z = encode::<f64>(&score, &[1.5, 0.1], tolerance, limits, &workers, &|_| {})?;
/// let x = decode::<f64>(&score, &z.x, tolerance, limits, &workers, &|_| {})?;
/// assert!((x.x[0] - 1.5).abs() < 1e-5 && (x.x[1] - 0.1).abs() < 1e-5);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] if `x` is not whole rows or the tolerance is not positive; [`Error::Jet`] if the score cannot be evaluated.
pub fn encode<F: Real>(
    score: &dyn Score<F>, x: &[f64], tolerance: Tolerance, limits: Limits, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    check(score.dim(), x, tolerance)?;
    let span = (score.sde().t_min(), T_MAX);
    flow(score, x, &Run { tolerance, step_limit: limits.steps, span, workers, progress })
}

/// The points at t_min of latents `z` = x_T (`rows × D`): the inverse of [`encode`], as [`sample`](super::sample) does with
/// draws from the prior.
///
/// ```
/// # use fokker::{sample::decode, sde::Sde, solve::{Limits, Tolerance}};
/// # use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// # use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// // A path between two samples.
/// let z = [1.0, 0.0, 0.7, 0.7, 0.0, 1.0];
/// let x = decode::<f64>(&score, &z, Tolerance::default(), Limits::default(), &Workers::new(1, 64)?, &|_| {})?;
/// assert_eq!((x.failed(), x.x.len()), (0, 6));
/// # Ok(()) }
/// ```
///
/// # Errors
/// As for [`encode`].
pub fn decode<F: Real>(
    score: &dyn Score<F>, z: &[f64], tolerance: Tolerance, limits: Limits, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    check(score.dim(), z, tolerance)?;
    let span = (T_MAX, score.sde().t_min());
    flow(score, z, &Run { tolerance, step_limit: limits.steps, span, workers, progress })
}

fn check(dim: usize, x: &[f64], tolerance: Tolerance) -> Result<(), Error> {
    if !tolerance.is_usable() {
        return Err(wrong("tolerance", "must be positive and finite"));
    }
    if !x.len().is_multiple_of(dim) {
        return Err(wrong("x", &format!("{} numbers are not whole rows of dimension {dim}", x.len())));
    }
    Ok(())
}

/// Each row at the end of the run's span; NaN where it failed.
pub(super) fn flow<F: Real>(score: &dyn Score<F>, starts: &[f64], run: &Run<'_>) -> Result<Samples, Error> {
    let rows = run.points(score, starts)?;
    let mut samples = Samples { x: starts.to_vec(), outcomes: Vec::new(), evaluations: Vec::new() };
    for (row, x) in rows.iter().zip(samples.x.chunks_exact_mut(score.dim())) {
        if row.outcome.has_value() {
            x.copy_from_slice(&row.y);
        } else {
            x.fill(f64::NAN);
        }
        samples.outcomes.push(row.outcome);
        samples.evaluations.push(row.evaluations);
    }
    Ok(samples)
}
