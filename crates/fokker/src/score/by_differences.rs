//! Derivatives of any score by finite differences.

use super::derivative_tape::{DerivativeTape, Derivatives, Points};
use super::differences::{CENTRAL, NODES, from, second_unit, unit};
use super::{Differentiable, Directions, Evaluator, Score, ScoreTape};
use crate::Error;
use crate::rows::dot;
use crate::sde::{Coefficients, Sde, T_MAX};

/// Any score in `f64` with derivatives by finite differences, so that what gives values alone (a colleague's black box) has a
/// residual, a likelihood and an audit.
///
/// First derivatives are differences of eighth order, with steps of 0.018 σ(t) in x and of 0.018/(1/t + |a| + |dσ/dt|/σ) in t, all times
/// asked for being in (0, T]; second ones are differences of differences, with steps of 0.027 σ(t). Where the score changes
/// over lengths ℓ ≥ σ, first derivatives err by some 1e-14 ℓ/σ of themselves and second ones by some 1e-12 (ℓ/σ)². The residual of an
/// exact mixture's values comes out below 1e-8 of ‖∂ₜs‖ (tested under every SDE, from t = 1e-3 on). [`with_steps`](Self::with_steps)
/// takes larger steps of a score that is noisy: one computed in `f32` and given as `f64` wants some 0.2.
///
/// What it costs: 8 evaluations for J v, 9 for ∂ₜs, 8 D for Jᵀ v, and 8 D (8 n + 1) for what the residual needs of n directions.
///
/// ```
/// use fokker::{divergence::Divergence, residual::residual, score::{Differences, ScoreFn}, sde::{Coefficients, Sde}};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), fokker::Error> {
/// // N(0, 4) under VE, and a score that is off by a tenth.
/// let normal = |factor: f64| {
///     move |x: &[f64], c: &Coefficients, s: &mut [f64]| s[0] = -factor * x[0] / (4.0 + c.sigma * c.sigma)
/// };
/// let (truth, wrong) = (ScoreFn::new(1, Sde::ve(), normal(1.0)), ScoreFn::new(1, Sde::ve(), normal(1.1)));
/// let workers = Workers::new(1, 64)?;
/// let at = |score: &ScoreFn<f64>| residual(&Differences::new(score), &[0.7], &[0.5], Divergence::Exact {}, 0, &workers);
/// let (truth, wrong) = (at(&truth)?, at(&wrong)?);
/// assert!(truth.per_dimension()[0] < 1e-8 * truth.dt_per_dimension()[0]);
/// assert!(wrong.per_dimension()[0] > 0.05 * wrong.dt_per_dimension()[0]);
/// # Ok(()) }
/// ```
pub struct Differences<'a> {
    score: &'a dyn Score<f64>,
    first: f64,
    second: f64,
}

impl<'a> Differences<'a> {
    /// The derivatives of a score.
    #[must_use]
    pub fn new(score: &'a dyn Score<f64>) -> Self {
        Self { score, first: unit(f64::EPSILON), second: second_unit(f64::EPSILON) }
    }

    /// With steps of so many σ(t) (or so much of the time over which the SDE changes) for first and for second derivatives.
    #[must_use]
    pub fn with_steps(self, first: f64, second: f64) -> Self {
        Self { first, second, ..self }
    }
}

impl Score<f64> for Differences<'_> {
    fn dim(&self) -> usize {
        self.score.dim()
    }

    fn sde(&self) -> &Sde {
        self.score.sde()
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<f64> + Send + 'a>, Error> {
        self.score.evaluator(rows)
    }
}

impl Differentiable<f64> for Differences<'_> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<f64> + Send + 'a>, Error> {
        let evaluator = self.score.evaluator(rows)?;
        let numeric = Numeric { of: self, evaluator, value: Vec::new(), moved: Vec::new(), inner: Vec::new() };
        Ok(Box::new(DerivativeTape::new(numeric, self.dim(), directions, rows)?))
    }
}

struct Numeric<'a> {
    of: &'a Differences<'a>,
    evaluator: Box<dyn Evaluator<f64> + Send + 'a>,
    /// A score, a moved point and the derivative there, of all rows.
    value: Vec<f64>,
    moved: Vec<f64>,
    inner: Vec<f64>,
}

/// The steps of rows along v: so many σ(t) in length; 0 where v is 0.
fn steps(at: Points<'_, f64>, v: &[f64], step: f64) -> Vec<f64> {
    let length = |v: &[f64]| dot(v, v).sqrt();
    let of_row = |(v, c): (&[f64], &Coefficients)| if length(v) > 0.0 { step * c.sigma / length(v) } else { 0.0 };
    v.chunks_exact(at.dim).zip(at.sde).map(of_row).collect()
}

/// x + node · unit · v, row by row.
fn move_along(at: Points<'_, f64>, v: &[f64], node: f64, units: &[f64], moved: &mut Vec<f64>) {
    moved.clear();
    let rows = at.x.chunks_exact(at.dim).zip(v.chunks_exact(at.dim)).zip(units);
    moved.extend(rows.flat_map(|((x, v), unit)| x.iter().zip(v).map(move |(x, v)| x + node * unit * v)));
}

/// sum ← sum + weight/unit · value, row by row; rows of step 0 stay as they are.
fn add_scaled(dim: usize, weight: f64, units: &[f64], value: &[f64], sum: &mut [f64]) {
    for ((sum, value), &unit) in sum.chunks_exact_mut(dim).zip(value.chunks_exact(dim)).zip(units) {
        if unit > 0.0 {
            sum.iter_mut().zip(value).for_each(|(sum, value)| *sum += weight / unit * value);
        }
    }
}

impl Numeric<'_> {
    /// J v by steps of so many σ(t).
    fn directional(&mut self, at: Points<'_, f64>, v: &[f64], step: f64, out: &mut [f64]) {
        let units = steps(at, v, step);
        self.value.resize(at.x.len(), 0.0);
        out.fill(0.0);
        for (node, weight) in CENTRAL {
            move_along(at, v, node, &units, &mut self.moved);
            self.evaluator.evaluate(&self.moved, at.sde, &mut self.value);
            add_scaled(at.dim, weight, &units, &self.value, out);
        }
    }

    /// ⟨p, s⟩ + Σ ⟨w, J v⟩ of each row.
    fn form(&mut self, at: Points<'_, f64>, p: &[f64], pairs: &[(&[f64], &[f64])]) -> Vec<f64> {
        let dots = |a: &[f64], b: &[f64]| -> Vec<f64> {
            a.chunks_exact(at.dim).zip(b.chunks_exact(at.dim)).map(|(a, b)| dot(a, b)).collect()
        };
        let mut inner = std::mem::take(&mut self.inner);
        inner.resize(at.x.len(), 0.0);
        self.evaluator.evaluate(at.x, at.sde, &mut inner);
        let mut sums = dots(p, &inner);
        for (v, w) in pairs {
            self.directional(at, v, self.of.second, &mut inner);
            sums.iter_mut().zip(dots(w, &inner)).for_each(|(sum, dot)| *sum += dot);
        }
        self.inner = inner;
        sums
    }
}

/// The step in t and the number of the first node, so that all nodes are in (0, T].
fn step_in_time(c: &Coefficients, step: f64) -> (f64, f64) {
    let unit = step / (1.0 / c.t + c.a.abs() + (c.dsigma / c.sigma).abs());
    #[allow(clippy::cast_precision_loss)]
    let last = (NODES - 1) as f64;
    let room = ((T_MAX - c.t) / unit).floor().clamp(0.0, last / 2.0);
    (unit, room - last)
}

impl Derivatives<f64> for Numeric<'_> {
    fn value(&mut self, at: Points<'_, f64>, out: &mut [f64]) {
        self.evaluator.evaluate(at.x, at.sde, out);
    }

    fn along(&mut self, at: Points<'_, f64>, v: &[f64], out: &mut [f64]) {
        self.directional(at, v, self.of.first, out);
    }

    fn second(&mut self, at: Points<'_, f64>, u: &[f64], v: &[f64], out: &mut [f64]) {
        let (units, mut moved, mut slope) = (steps(at, u, self.of.second), Vec::new(), vec![0.0; out.len()]);
        out.fill(0.0);
        for (node, weight) in CENTRAL {
            move_along(at, u, node, &units, &mut moved);
            self.directional(Points { x: &moved, ..at }, v, self.of.second, &mut slope);
            add_scaled(at.dim, weight, &units, &slope, out);
        }
    }

    fn dt(&mut self, at: Points<'_, f64>, out: &mut [f64]) {
        let steps: Vec<_> = at.sde.iter().map(|c| step_in_time(c, self.of.first)).collect();
        let stencils: Vec<_> = steps.iter().map(|&(_, first)| from(first)).collect();
        self.value.resize(at.x.len(), 0.0);
        out.fill(0.0);
        for i in 0..NODES {
            let times = at.sde.iter().zip(&steps).zip(&stencils);
            // Rounding may take the last node beyond T by an ulp.
            let sde = times.map(|((c, (unit, _)), nodes)| self.of.sde().at((c.t + nodes[i].0 * unit).min(T_MAX)));
            self.evaluator.evaluate(at.x, &sde.collect::<Vec<_>>(), &mut self.value);
            let rows =
                out.chunks_exact_mut(at.dim).zip(self.value.chunks_exact(at.dim)).zip(stencils.iter().zip(&steps));
            for ((out, s), (nodes, (unit, _))) in rows {
                out.iter_mut().zip(s).for_each(|(out, s)| *out += nodes[i].1 / unit * s);
            }
        }
    }

    fn pull(&mut self, at: Points<'_, f64>, p: &[f64], pairs: &[(&[f64], &[f64])], out: &mut [f64]) {
        let step = if pairs.is_empty() { self.of.first } else { self.of.second };
        let units: Vec<f64> = at.sde.iter().map(|c| step * c.sigma).collect();
        let (mut axis, mut moved) = (vec![0.0; out.len()], Vec::new());
        out.fill(0.0);
        for i in 0..at.dim {
            axis.fill(0.0);
            axis.iter_mut().skip(i).step_by(at.dim).for_each(|v| *v = 1.0);
            for (node, weight) in CENTRAL {
                move_along(at, &axis, node, &units, &mut moved);
                let forms = self.form(Points { x: &moved, ..at }, p, pairs);
                let column = out.iter_mut().skip(i).step_by(at.dim);
                column.zip(forms).zip(&units).for_each(|((out, form), unit)| *out += weight / unit * form);
            }
        }
    }
}
