//! What a score can do: give values, or their derivatives, too.

use std::ops::Range;

use fokker_jet::Real;

use super::Directions;
use crate::Error;
use crate::sde::{Coefficients, Sde};

/// A score s(x, t) under an SDE, by its values: enough to sample by any sampler.
///
/// ```
/// use fokker::{density::mixture::Mixture, score::{Score, analytic::AnalyticScore}, sde::Sde};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let normal = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?, Sde::vp());
/// let (x, mut s) = ([0.3, -0.2], [0.0; 2]);
/// normal.evaluator(1)?.evaluate(&x, &[normal.sde().at(0.5)], &mut s);
/// assert!((s[0] + 0.3).abs() < 1e-12 && (s[1] - 0.2).abs() < 1e-12);
/// # Ok(()) }
/// ```
pub trait Score<F: Real>: Sync {
    /// Dimension D of x.
    fn dim(&self) -> usize;
    /// The forward SDE whose marginals' score it is.
    fn sde(&self) -> &Sde;
    /// What evaluates up to `rows` rows at a time.
    ///
    /// # Errors
    /// [`Error::Memory`] if it would take more memory than there may be; whatever else keeps the score from being evaluated.
    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<F> + Send + 'a>, Error>;
    /// The log-density whose gradient the score is, if the score comes of one.
    fn energy(&self) -> Option<&dyn Energy<F>> {
        None
    }
}

/// A log-density log q(x, t), up to one constant, whose gradient in x is a score: an energy model. One evaluation gives both.
pub trait Energy<F: Real>: Sync {
    /// Dimension D of x.
    fn dim(&self) -> usize;
    /// The forward SDE whose marginals' log-density it is.
    fn sde(&self) -> &Sde;
    /// What evaluates up to `rows` rows at a time.
    ///
    /// # Errors
    /// As [`Score::evaluator`].
    fn energy_evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn EnergyEvaluator<F> + Send + 'a>, Error>;
}

/// Evaluates a log-density and its gradient at rows of (x, t).
pub trait EnergyEvaluator<F> {
    /// Puts log q, up to its constant, into `log_q` (`rows`) at the points `x` (`rows × D`) and the times of `sde`. What is computed for a
    /// row depends on no other.
    fn log_density(&mut self, x: &[F], sde: &[Coefficients], log_q: &mut [F]);
    /// The same, and s = ∇ₓ log q into `s` (`rows × D`).
    fn with_score(&mut self, x: &[F], sde: &[Coefficients], log_q: &mut [F], s: &mut [F]);
}

/// Evaluates a score at rows of (x, t).
pub trait Evaluator<F> {
    /// Puts s at the points `x` and the times of `sde`, the score's SDE at each row, into `out`; `x` and `out` are `rows × D`, row
    /// by row. What is computed for a row depends on no other.
    fn evaluate(&mut self, x: &[F], sde: &[Coefficients], out: &mut [F]);
}

/// A score that gives its derivatives in x and t: enough for residual, conservativity, likelihood and audit.
pub trait Differentiable<F: Real>: Score<F> {
    /// A workspace for up to `rows` rows.
    ///
    /// # Errors
    /// If the directions cannot be had; [`Error::Memory`] if the workspace would take more than there may be.
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error>;
}

/// Rows of (x, t) on their way through a score: forward for its derivatives, back for the gradient in x.
///
/// Arrays are row-major, `rows × D`. The order of calls is that of [`fokker_jet::Tape`].
pub trait ScoreTape<F: Real> {
    /// Starts a batch at the points `x` (`rows × D`) and the times of `sde`, the score's SDE at each row; directions and seeds
    /// become zero.
    fn begin(&mut self, x: &[F], sde: &[Coefficients]);
    /// The rows of a direction in x, to be filled in.
    fn direction(&mut self, direction: usize) -> &mut [F];
    /// Computes the given parts; those below `parts.start` must have been computed before.
    fn forward(&mut self, parts: Range<usize>);
    /// A part of the score, `rows × D`.
    fn part(&self, part: usize) -> &[F];
    /// A part of the score, and the cotangent of a part, to be filled in, which is zero after `begin` and after each reverse pass.
    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]);
    /// ∇ₓ of Σ over parts below `parts` of ⟨seed, part⟩, directions held constant; `rows × D`.
    fn pull_x(&mut self, parts: usize) -> &[F];
    /// The cotangent of a part alone.
    fn seed(&mut self, part: usize) -> &mut [F] {
        self.part_and_seed(0, part).1
    }
}

impl<F: Real, T: ScoreTape<F> + ?Sized> ScoreTape<F> for Box<T> {
    fn begin(&mut self, x: &[F], sde: &[Coefficients]) {
        (**self).begin(x, sde);
    }
    fn direction(&mut self, direction: usize) -> &mut [F] {
        (**self).direction(direction)
    }
    fn forward(&mut self, parts: Range<usize>) {
        (**self).forward(parts);
    }
    fn part(&self, part: usize) -> &[F] {
        (**self).part(part)
    }
    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        (**self).part_and_seed(part, seed)
    }
    fn pull_x(&mut self, parts: usize) -> &[F] {
        (**self).pull_x(parts)
    }
}

/// The values of a score that gives derivatives, of which it is asked none.
pub struct TapeEvaluator<'a, F>(Box<dyn ScoreTape<F> + Send + 'a>);

impl<'a, F: Real> TapeEvaluator<'a, F> {
    /// For up to `rows` rows.
    ///
    /// # Errors
    /// As [`Differentiable::tape`].
    pub fn new(score: &'a dyn Differentiable<F>, rows: usize) -> Result<Self, Error> {
        Ok(Self(score.tape(&Directions::new(&[]), rows)?))
    }
}

impl<F: Real> Evaluator<F> for TapeEvaluator<'_, F> {
    fn evaluate(&mut self, x: &[F], sde: &[Coefficients], out: &mut [F]) {
        self.0.begin(x, sde);
        self.0.forward(0..1);
        out.copy_from_slice(self.0.part(0));
    }
}
