//! A score given by its products with vectors.

use fokker_jet::Real;

use super::closure::{Field, Rows};
use super::derivative_tape::{DerivativeTape, Derivatives, Points};
use super::differences::{Slopes, epsilon, unit};
use super::{Differentiable, Directions, Evaluator, Score, ScoreTape};
use crate::Error;
use crate::rows::dot;
use crate::sde::{Coefficients, Sde};

/// The same of J v or Jᵀ v along the third argument.
type Along<'f, F> = Box<dyn Fn(&[F], &Coefficients, &[F], &mut [F]) + Sync + 'f>;

/// The same of ∇ₓ(wᵀ J v), v and w held constant: the third argument is v, the fourth w.
type Bilinear<'f, F> = Box<dyn Fn(&[F], &Coefficients, &[F], &[F], &mut [F]) + Sync + 'f>;

/// The functions by which a [`ProductScore`] is given; see there.
pub struct Products<'f, F> {
    score: Field<'f, F>,
    jvp: Along<'f, F>,
    vjp: Along<'f, F>,
    dt: Field<'f, F>,
    bilinear: Option<Bilinear<'f, F>>,
}

impl<'f, F: Real> Products<'f, F> {
    /// From s(x, t), J v, Jᵀ v and ∂ₜs, each of which puts its result into its last argument.
    #[must_use]
    pub fn new(
        score: impl Fn(&[F], &Coefficients, &mut [F]) + Sync + 'f,
        jvp: impl Fn(&[F], &Coefficients, &[F], &mut [F]) + Sync + 'f,
        vjp: impl Fn(&[F], &Coefficients, &[F], &mut [F]) + Sync + 'f,
        dt: impl Fn(&[F], &Coefficients, &mut [F]) + Sync + 'f,
    ) -> Self {
        Self { score: Box::new(score), jvp: Box::new(jvp), vjp: Box::new(vjp), dt: Box::new(dt), bilinear: None }
    }

    /// Gives ∇ₓ(wᵀ J v) exactly: `of(x, SDE at t, v, w, out)`.
    #[must_use]
    pub fn bilinear(mut self, of: impl Fn(&[F], &Coefficients, &[F], &[F], &mut [F]) + Sync + 'f) -> Self {
        self.bilinear = Some(Box::new(of));
        self
    }
}

/// A score given by its products: s, J v, Jᵀ v and ∂ₜs, as any framework with automatic differentiation has them. Enough for residual,
/// conservativity, likelihood and audit.
///
/// The residual takes ∇ₓ(vᵀ J v) beside: exactly, if [`Products::bilinear`] gives it; else by the derivative of x ↦ Jᵀ w along v, a
/// central difference of eighth order whose step is `step` times σ(t), `step = ε^(1/9)` unless [set](Self::with_step) (ε: of the
/// precision; 0.018 in `f64`). Where the score changes over lengths ℓ ≥ σ it errs by some 1e-14 ℓ/σ of itself in `f64`, and 1e-6 ℓ/σ in `f32`
/// (tested on mixtures: 1e-11 in `f64`).
///
/// ```
/// use fokker::{divergence::Divergence, residual::residual, score::{ProductScore, Products}, sde::Sde};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), fokker::Error> {
/// // N(0, I) under VP: s = −x, whatever t.
/// let products = Products::new(
///     |x: &[f64], _, s: &mut [f64]| s.iter_mut().zip(x).for_each(|(s, x)| *s = -x),
///     |_, _, v, out: &mut [f64]| out.iter_mut().zip(v).for_each(|(o, v)| *o = -v),
///     |_, _, v, out: &mut [f64]| out.iter_mut().zip(v).for_each(|(o, v)| *o = -v),
///     |_, _, out: &mut [f64]| out.fill(0.0),
/// );
/// let score = ProductScore::new(2, Sde::vp(), products);
/// let found = residual(&score, &[0.3, -0.2], &[0.4], Divergence::Exact {}, 0, &Workers::new(1, 64)?)?;
/// assert!(found.per_dimension()[0] < 1e-12);
/// # Ok(()) }
/// ```
pub struct ProductScore<'f, F> {
    dim: usize,
    sde: Sde,
    products: Products<'f, F>,
    step: f64,
}

impl<'f, F: Real> ProductScore<'f, F> {
    /// The score, in `dim` dimensions.
    #[must_use]
    pub fn new(dim: usize, sde: Sde, products: Products<'f, F>) -> Self {
        Self { dim, sde, products, step: unit(epsilon::<F>()) }
    }

    /// Takes steps of so many σ(t) where a derivative is had by differences.
    #[must_use]
    pub fn with_step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }
}

impl<F: Real> Score<F> for ProductScore<'_, F> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn sde(&self) -> &Sde {
        &self.sde
    }

    fn evaluator<'a>(&'a self, _: usize) -> Result<Box<dyn Evaluator<F> + Send + 'a>, Error> {
        Ok(Box::new(Rows { dim: self.dim, of: &self.products.score }))
    }
}

impl<F: Real> Differentiable<F> for ProductScore<'_, F> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error> {
        let given = Given { of: self, slopes: Slopes::new(self.dim), term: vec![F::ZERO; self.dim] };
        Ok(Box::new(DerivativeTape::new(given, self.dim, directions, rows)?))
    }
}

/// Calls the functions, row by row.
struct Given<'a, 'f, F> {
    of: &'a ProductScore<'f, F>,
    slopes: Slopes<F>,
    term: Vec<F>,
}

/// A row's numbers.
fn rows<'a, F>(
    at: &Points<'a, F>,
) -> impl Iterator<Item = (std::ops::Range<usize>, &'a [F], &'a Coefficients)> + use<'a, F> {
    let dim = at.dim;
    at.x.chunks_exact(dim).zip(at.sde).enumerate().map(move |(row, (x, c))| (row * dim..(row + 1) * dim, x, c))
}

impl<F: Real> Given<'_, '_, F> {
    /// The derivative along v of the product of w with J or Jᵀ, `of`, into `self.term`.
    fn slope(&mut self, of: &Along<'_, F>, x: &[F], c: &Coefficients, v: &[F], w: &[F]) {
        let length = dot(v, v).as_f64().sqrt();
        if length > 0.0 {
            let unit = self.of.step * c.sigma / length;
            let slopes = self.slopes.along(x, v, unit, |x, out| of(x, c, w, out));
            self.term.iter_mut().zip(slopes).for_each(|(term, &slope)| *term = F::of(slope));
        } else {
            self.term.fill(F::ZERO);
        }
    }
}

impl<F: Real> Derivatives<F> for Given<'_, '_, F> {
    fn value(&mut self, at: Points<'_, F>, out: &mut [F]) {
        rows(&at).for_each(|(row, x, c)| (self.of.products.score)(x, c, &mut out[row]));
    }

    fn along(&mut self, at: Points<'_, F>, v: &[F], out: &mut [F]) {
        rows(&at).for_each(|(row, x, c)| (self.of.products.jvp)(x, c, &v[row.clone()], &mut out[row]));
    }

    fn second(&mut self, at: Points<'_, F>, u: &[F], v: &[F], out: &mut [F]) {
        let score = self.of;
        for (row, x, c) in rows(&at) {
            self.slope(&score.products.jvp, x, c, &u[row.clone()], &v[row.clone()]);
            out[row].copy_from_slice(&self.term);
        }
    }

    fn dt(&mut self, at: Points<'_, F>, out: &mut [F]) {
        rows(&at).for_each(|(row, x, c)| (self.of.products.dt)(x, c, &mut out[row]));
    }

    fn pull(&mut self, at: Points<'_, F>, p: &[F], pairs: &[(&[F], &[F])], out: &mut [F]) {
        let score = self.of;
        for (row, x, c) in rows(&at) {
            let out = &mut out[row.clone()];
            (score.products.vjp)(x, c, &p[row.clone()], out);
            for (v, w) in pairs {
                let (v, w) = (&v[row.clone()], &w[row.clone()]);
                match &score.products.bilinear {
                    Some(bilinear) => bilinear(x, c, v, w, &mut self.term),
                    None => self.slope(&score.products.vjp, x, c, v, w),
                }
                out.iter_mut().zip(&self.term).for_each(|(out, &term)| *out += term);
            }
        }
    }
}
