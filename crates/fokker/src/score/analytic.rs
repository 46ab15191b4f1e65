//! The exact score of a diffused Gaussian mixture, and a deliberately wrong one: the truth that the tests rest on.

use std::ops::Range;

use super::{Differentiable, Direction, Directions, Evaluator, Score, ScoreTape, TapeEvaluator};
use crate::Error;
use crate::density::mixture::Mixture;
use crate::memory::{self, Held};
use crate::sde::{Coefficients, Sde};

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
        let size = rows * self.dim();
        let parts = directions.kinds().len() + 2 * directions.parts() + 2;
        let what = format!("{rows} rows of {} parts at a time", directions.parts());
        let held = memory::hold(&what, memory::product(&[size, parts, size_of::<f64>()]))?;
        Ok(Box::new(AnalyticTape {
            _held: held,
            score: self,
            directions: directions.clone(),
            x: Vec::with_capacity(size),
            sde: Vec::with_capacity(rows),
            along: vec![vec![0.0; size]; directions.kinds().len()],
            parts: vec![vec![0.0; size]; directions.parts()],
            seeds: vec![vec![0.0; size]; directions.parts()],
            gradient: vec![0.0; size],
        }))
    }
}

struct AnalyticTape<'a> {
    _held: Held,
    score: &'a AnalyticScore,
    directions: Directions,
    x: Vec<f64>,
    sde: Vec<Coefficients>,
    along: Vec<Vec<f64>>,
    parts: Vec<Vec<f64>>,
    seeds: Vec<Vec<f64>>,
    gradient: Vec<f64>,
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

impl AnalyticTape<'_> {
    fn compute(&mut self, part: usize, row: usize) {
        let d = self.score.dim();
        let at = row * d..(row + 1) * d;
        let (x, t) = (&self.x[at.clone()], self.sde[row].t);
        let q = self.score.mixture.diffused(&self.sde[row]);
        let out = &mut self.parts[part][at.clone()];
        let linear = self.score.linear.as_deref();
        if part == 0 {
            q.score(x, out);
            if let Some(b) = linear {
                add_product(b, x, t, false, out);
            }
        } else if let Some((u, v)) = self.directions.set().pair_of(part) {
            q.second(x, &self.along[u - 1][at.clone()], &self.along[v - 1][at], out);
        } else if self.directions.kinds()[part - 1] == Direction::Time {
            q.dt(x, out);
            if let Some(b) = linear {
                add_product(b, x, 1.0, false, out);
            }
        } else {
            let v = &self.along[part - 1][at];
            q.jvp(x, v, out);
            if let Some(b) = linear {
                add_product(b, v, t, false, out);
            }
        }
    }
}

impl ScoreTape<f64> for AnalyticTape<'_> {
    fn begin(&mut self, x: &[f64], sde: &[Coefficients]) {
        self.x.clear();
        self.x.extend_from_slice(x);
        self.sde.clear();
        self.sde.extend_from_slice(sde);
        self.along.iter_mut().chain(&mut self.seeds).for_each(|v| v.fill(0.0));
    }

    fn direction(&mut self, direction: usize) -> &mut [f64] {
        &mut self.along[direction][..self.x.len()]
    }

    fn forward(&mut self, parts: Range<usize>) {
        for part in parts {
            for row in 0..self.sde.len() {
                self.compute(part, row);
            }
        }
    }

    fn part(&self, part: usize) -> &[f64] {
        &self.parts[part][..self.x.len()]
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[f64], &mut [f64]) {
        (&self.parts[part][..self.x.len()], &mut self.seeds[seed][..self.x.len()])
    }

    // The Hessian of log q is symmetric, and so is its third derivative: ∇ₓ⟨p, s⟩ = J p, ∇ₓ⟨p, J v⟩ = D²s[v, p].
    fn pull_x(&mut self, parts: usize) -> &[f64] {
        let d = self.score.dim();
        let mut term = vec![0.0; d];
        for row in 0..self.sde.len() {
            let at = row * d..(row + 1) * d;
            let (x, t) = (&self.x[at.clone()], self.sde[row].t);
            let q = self.score.mixture.diffused(&self.sde[row]);
            let out = &mut self.gradient[at.clone()];
            q.jvp(x, &self.seeds[0][at.clone()], out);
            if let Some(b) = &self.score.linear {
                add_product(b, &self.seeds[0][at.clone()], t, true, out);
            }
            for part in 1..parts.min(1 + self.directions.kinds().len()) {
                let seed = &self.seeds[part][at.clone()];
                if self.directions.kinds()[part - 1] == Direction::Space && seed.iter().any(|&s| s != 0.0) {
                    q.second(x, &self.along[part - 1][at.clone()], seed, &mut term);
                    out.iter_mut().zip(&term).for_each(|(o, t)| *o += t);
                }
            }
        }
        self.seeds.iter_mut().for_each(|v| v.fill(0.0));
        &self.gradient[..self.x.len()]
    }
}
