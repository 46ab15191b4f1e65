//! The exact score of a diffused Gaussian mixture, and a deliberately wrong one: the truth that the tests rest on.

use std::ops::Range;

use super::derivative_tape::{DerivativeTape, Derivatives, Points};
use super::{Differentiable, Directions, Evaluator, Score, ScoreTape, TapeEvaluator};
use crate::Error;
use crate::density::mixture::{Diffused, Mixture};
use crate::sde::Sde;

/// The score ∇ log q_t of a Gaussian mixture under an SDE, every derivative in closed form.
///
/// With `linear` set to `(B, c)` it is s(x, t) = ∇ log q_t(x) + c t B x instead, which is no score of this SDE: its residual is
/// known in closed form and not zero ([`AnalyticScore::perturbed`]).
///
/// ```
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore, sde::Sde};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let truth = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// assert_eq!(truth.mixture().dim(), 2);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AnalyticScore {
    mixture: Mixture,
    sde: Sde,
    linear: Option<Vec<f64>>,
}

impl AnalyticScore {
    /// The exact score.
    #[must_use]
    pub fn new(mixture: Mixture, sde: Sde) -> Self {
        Self { mixture, sde, linear: None }
    }

    /// Adds `t B x`, `B` row-major `D × D`. With s the exact score the residual then is
    /// ε = B x − g² t (Bᵀs + J B x + t Bᵀ B x) + a t (B x + Bᵀ x).
    #[must_use]
    pub fn perturbed(mut self, matrix: Vec<f64>) -> Self {
        self.linear = Some(matrix);
        self
    }

    /// The mixture at t = 0.
    #[must_use]
    pub fn mixture(&self) -> &Mixture {
        &self.mixture
    }
}

impl Score<f64> for AnalyticScore {
    fn dim(&self) -> usize {
        self.mixture.dim()
    }

    fn sde(&self) -> &Sde {
        &self.sde
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<f64> + Send + 'a>, Error> {
        Ok(Box::new(TapeEvaluator::new(self, rows)?))
    }
}

impl Differentiable<f64> for AnalyticScore {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<f64> + Send + 'a>, Error> {
        Ok(Box::new(DerivativeTape::new(Exact(self), self.dim(), directions, rows)?))
    }
}

/// `out += scale · B v` or, transposed, `out += scale · Bᵀ v`.
fn add_product(b: &[f64], v: &[f64], scale: f64, transposed: bool, out: &mut [f64]) {
    let d = v.len();
    for i in 0..d {
        for j in 0..d {
            let entry = if transposed { b[j * d + i] } else { b[i * d + j] };
            out[i] += scale * entry * v[j];
        }
    }
}

/// The closed forms, row by row.
struct Exact<'a>(&'a AnalyticScore);

impl Exact<'_> {
    /// Calls `f(q_t, x, t, range)` for every row.
    fn each(&self, at: Points<'_, f64>, mut f: impl FnMut(&Diffused<'_>, &[f64], f64, Range<usize>)) {
        for (row, c) in at.sde.iter().enumerate() {
            let range = row * at.dim..(row + 1) * at.dim;
            f(&self.0.mixture.diffused(c), &at.x[range.clone()], c.t, range);
        }
    }

    /// Adds `scale · B v` (or `Bᵀ v`), if there is a B.
    fn bend(&self, v: &[f64], scale: f64, transposed: bool, out: &mut [f64]) {
        if let Some(b) = &self.0.linear {
            add_product(b, v, scale, transposed, out);
        }
    }
}

impl Derivatives<f64> for Exact<'_> {
    fn value(&mut self, at: Points<'_, f64>, out: &mut [f64]) {
        self.each(at, |q, x, t, row| {
            q.score(x, &mut out[row.clone()]);
            self.bend(x, t, false, &mut out[row]);
        });
    }

    fn along(&mut self, at: Points<'_, f64>, v: &[f64], out: &mut [f64]) {
        self.each(at, |q, x, t, row| {
            q.jvp(x, &v[row.clone()], &mut out[row.clone()]);
            self.bend(&v[row.clone()], t, false, &mut out[row]);
        });
    }

    fn second(&mut self, at: Points<'_, f64>, u: &[f64], v: &[f64], out: &mut [f64]) {
        self.each(at, |q, x, _, row| q.second(x, &u[row.clone()], &v[row.clone()], &mut out[row]));
    }

    fn dt(&mut self, at: Points<'_, f64>, out: &mut [f64]) {
        self.each(at, |q, x, _, row| {
            q.dt(x, &mut out[row.clone()]);
            self.bend(x, 1.0, false, &mut out[row]);
        });
    }

    // The Hessian of log q is symmetric, and so is its third derivative: ∇ₓ⟨p, s⟩ = J p, ∇ₓ⟨w, J v⟩ = D²s[v, w].
    fn pull(&mut self, at: Points<'_, f64>, p: &[f64], pairs: &[(&[f64], &[f64])], out: &mut [f64]) {
        let mut term = vec![0.0; at.dim];
        self.each(at, |q, x, t, row| {
            let out = &mut out[row.clone()];
            q.jvp(x, &p[row.clone()], out);
            self.bend(&p[row.clone()], t, true, out);
            for (v, w) in pairs {
                if w[row.clone()].iter().any(|&w| w != 0.0) {
                    q.second(x, &v[row.clone()], &w[row.clone()], &mut term);
                    out.iter_mut().zip(&term).for_each(|(o, t)| *o += t);
                }
            }
        });
    }
}
