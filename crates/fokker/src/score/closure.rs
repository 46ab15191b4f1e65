//! A score given by a plain function.

use fokker_jet::Real;

use super::{Evaluator, Score};
use crate::Error;
use crate::sde::{Coefficients, Sde};

/// Puts s, or ∂ₜs, at a point and the SDE at its time into the last argument.
pub(super) type Field<'f, F> = Box<dyn Fn(&[F], &Coefficients, &mut [F]) + Sync + 'f>;

/// A score given by a function of a point: enough to sample.
///
/// ```
/// use fokker::sample::{Sampler, sample};
/// use fokker::{score::ScoreFn, sde::{Coefficients, Sde}};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), fokker::Error> {
/// // Data N(3, 0.25) under VP.
/// let of = |x: &[f64], c: &Coefficients, s: &mut [f64]| s[0] = (3.0 * c.m - x[0]) / (0.25 * c.m * c.m + c.sigma * c.sigma);
/// let score = ScoreFn::new(1, Sde::vp(), of);
/// let samples = sample(&score, 50, &Sampler::default(), 0, &Workers::new(1, 64)?, &|_| {})?;
/// let mean = samples.x.iter().sum::<f64>() / 50.0;
/// assert!((mean - 3.0).abs() < 0.4);
/// # Ok(()) }
/// ```
pub struct ScoreFn<'f, F> {
    dim: usize,
    sde: Sde,
    of: Field<'f, F>,
}

impl<'f, F: Real> ScoreFn<'f, F> {
    /// The score `of(x, SDE at t, s)` that puts s(x, t) into its last argument, in `dim` dimensions.
    #[must_use]
    pub fn new(dim: usize, sde: Sde, of: impl Fn(&[F], &Coefficients, &mut [F]) + Sync + 'f) -> Self {
        Self { dim, sde, of: Box::new(of) }
    }
}

impl<F: Real> Score<F> for ScoreFn<'_, F> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn sde(&self) -> &Sde {
        &self.sde
    }

    fn evaluator<'a>(&'a self, _: usize) -> Result<Box<dyn Evaluator<F> + Send + 'a>, Error> {
        Ok(Box::new(Rows { dim: self.dim, of: &self.of }))
    }
}

/// Evaluates a function row by row.
pub(super) struct Rows<'a, 'f, F> {
    pub dim: usize,
    pub of: &'a Field<'f, F>,
}

impl<F: Real> Evaluator<F> for Rows<'_, '_, F> {
    fn evaluate(&mut self, x: &[F], sde: &[Coefficients], out: &mut [F]) {
        for ((x, c), out) in x.chunks_exact(self.dim).zip(sde).zip(out.chunks_exact_mut(self.dim)) {
            (self.of)(x, c, out);
        }
    }
}
