//! The tape of a score whose derivatives are computed one by one.

use std::ops::Range;

use fokker_jet::Real;

use super::{Direction, Directions, ScoreTape};
use crate::Error;
use crate::memory::{self, Held};
use crate::sde::Coefficients;

/// Some points and their times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points<'a, F> {
    pub dim: usize,
    /// `rows × D`.
    pub x: &'a [F],
    /// The SDE at each row's time.
    pub sde: &'a [Coefficients],
}

/// Computes derivatives of a score at rows of points; arrays are `rows × D`.
pub(super) trait Derivatives<F> {
    /// s.
    fn value(&mut self, at: Points<'_, F>, out: &mut [F]);
    /// J v.
    fn along(&mut self, at: Points<'_, F>, v: &[F], out: &mut [F]);
    /// D²s[u, v].
    fn second(&mut self, at: Points<'_, F>, u: &[F], v: &[F], out: &mut [F]);
    /// ∂ₜs.
    fn dt(&mut self, at: Points<'_, F>, out: &mut [F]);
    /// ∇ₓ(⟨p, s⟩ + Σ ⟨w, J v⟩) over the given (v, w).
    fn pull(&mut self, at: Points<'_, F>, p: &[F], pairs: &[(&[F], &[F])], out: &mut [F]);
}

/// A tape of them. Seeds count on s and on first-order parts along x.
pub(super) struct DerivativeTape<F, D> {
    of: D,
    dim: usize,
    directions: Directions,
    x: Vec<F>,
    sde: Vec<Coefficients>,
    along: Vec<Vec<F>>,
    parts: Vec<Vec<F>>,
    seeds: Vec<Vec<F>>,
    gradient: Vec<F>,
    _held: Held,
}

impl<F: Real, D: Derivatives<F>> DerivativeTape<F, D> {
    /// For up to `rows` rows of dimension `dim`.
    ///
    /// # Errors
    /// [`Error::Memory`] if it would take more memory than there may be.
    pub fn new(of: D, dim: usize, directions: &Directions, rows: usize) -> Result<Self, Error> {
        let size = rows * dim;
        let parts = directions.kinds().len() + 2 * directions.parts() + 2;
        let what = format!("{rows} rows of {} parts at a time", directions.parts());
        let held = memory::hold(&what, memory::product(&[size, parts, size_of::<F>()]))?;
        Ok(Self {
            of,
            dim,
            directions: directions.clone(),
            x: Vec::with_capacity(size),
            sde: Vec::with_capacity(rows),
            along: vec![vec![F::ZERO; size]; directions.kinds().len()],
            parts: vec![vec![F::ZERO; size]; directions.parts()],
            seeds: vec![vec![F::ZERO; size]; directions.parts()],
            gradient: vec![F::ZERO; size],
            _held: held,
        })
    }
}

impl<F: Real, D: Derivatives<F>> ScoreTape<F> for DerivativeTape<F, D> {
    fn begin(&mut self, x: &[F], sde: &[Coefficients]) {
        self.x.clear();
        self.x.extend_from_slice(x);
        self.sde.clear();
        self.sde.extend_from_slice(sde);
        self.along.iter_mut().chain(&mut self.seeds).for_each(|v| v.fill(F::ZERO));
    }

    fn direction(&mut self, direction: usize) -> &mut [F] {
        &mut self.along[direction][..self.x.len()]
    }

    fn forward(&mut self, parts: Range<usize>) {
        let n = self.x.len();
        let at = Points { dim: self.dim, x: &self.x, sde: &self.sde };
        for part in parts {
            let out = &mut self.parts[part][..n];
            if part == 0 {
                self.of.value(at, out);
            } else if let Some((u, v)) = self.directions.set().pair_of(part) {
                self.of.second(at, &self.along[u - 1][..n], &self.along[v - 1][..n], out);
            } else if self.directions.kinds()[part - 1] == Direction::Time {
                self.of.dt(at, out);
            } else {
                self.of.along(at, &self.along[part - 1][..n], out);
            }
        }
    }

    fn part(&self, part: usize) -> &[F] {
        &self.parts[part][..self.x.len()]
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        (&self.parts[part][..self.x.len()], &mut self.seeds[seed][..self.x.len()])
    }

    fn pull_x(&mut self, parts: usize) -> &[F] {
        let n = self.x.len();
        let at = Points { dim: self.dim, x: &self.x, sde: &self.sde };
        let seeded = self.along.iter().zip(self.directions.kinds()).zip(&self.seeds[1..]).take(parts.saturating_sub(1));
        let seeded =
            seeded.filter(|((_, kind), seed)| **kind == Direction::Space && seed[..n].iter().any(|&s| s != F::ZERO));
        let pairs: Vec<_> = seeded.map(|((v, _), seed)| (&v[..n], &seed[..n])).collect();
        self.of.pull(at, &self.seeds[0][..n], &pairs, &mut self.gradient[..n]);
        self.seeds.iter_mut().for_each(|seed| seed.fill(F::ZERO));
        &self.gradient[..n]
    }
}
