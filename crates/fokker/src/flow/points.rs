//! The probability-flow ODE of x alone, which asks of a score its values.

use fokker_jet::Real;

use super::drift::ode_drift;
use crate::score::Evaluator;
use crate::sde::{Coefficients, Sde};
use crate::solve::System;

/// The points at which a rate is wanted, in the score's precision.
pub(super) struct Points<F> {
    pub x: Vec<F>,
    /// The SDE at each row's time.
    pub at: Vec<Coefficients>,
}

impl<F: Real> Points<F> {
    pub fn new() -> Self {
        Self { x: Vec::new(), at: Vec::new() }
    }

    /// Takes the first `dim` numbers of each state, and the times.
    pub fn set(&mut self, sde: &Sde, dim: usize, t: &[f64], y: &[f64]) {
        self.x.clear();
        for y in y.chunks_exact(y.len() / t.len().max(1)) {
            self.x.extend(y[..dim].iter().map(|&x| F::of(x)));
        }
        self.at.clear();
        self.at.extend(t.iter().map(|&t| sde.at(t)));
    }
}

/// The distance from 1 to the next number of a precision.
pub(super) fn resolution<F: Real>() -> f64 {
    if F::of(1.0 + f64::EPSILON).as_f64() > 1.0 { f64::EPSILON } else { f32::EPSILON.into() }
}

/// One shard's system. Its states are x.
pub(super) struct PointFlow<'a, 'e, F> {
    pub sde: &'a Sde,
    pub dim: usize,
    pub evaluator: &'a mut (dyn Evaluator<F> + Send + 'e),
    pub points: Points<F>,
    pub score: Vec<F>,
}

impl<F: Real> System for PointFlow<'_, '_, F> {
    fn rate(&mut self, _rows: &[usize], t: &[f64], y: &[f64], dy: &mut [f64]) {
        let Self { sde, dim, points, score, .. } = self;
        points.set(sde, *dim, t, y);
        score.resize(y.len(), F::ZERO);
        self.evaluator.evaluate(&points.x, &points.at, score);
        let rows = y.chunks_exact(*dim).zip(dy.chunks_exact_mut(*dim)).zip(score.chunks_exact(*dim));
        for (((y, dy), s), c) in rows.zip(&points.at) {
            for ((dx, x), s) in dy.iter_mut().zip(y).zip(s) {
                *dx = ode_drift(c, *x, s.as_f64());
            }
        }
    }

    fn resolution(&self) -> f64 {
        resolution::<F>()
    }
}
