//! R_vec by slices: E_u (u·ε)² = ‖ε‖² for u ~ N(0, I), from forward parts alone, so one reverse pass in θ.

use std::borrow::{Borrow, BorrowMut};

use super::cost;
use super::fp::{FpConfig, NAME, Norm, TABLE};
use super::term::{Chunk, Needs, Share, Term, TermName};
use crate::Error;
use crate::residual::equation::{Directional, Probes, directional, seed_along, seed_directional};
use crate::rows::{Rows, Scalar};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, RowTape};

/// √(π/2): E|u·ε| = √(2/π) ‖ε‖.
const FIRST_MOMENT: f64 = 1.253_314_137_315_500_3;

/// The term.
#[derive(Clone, Debug)]
pub(super) struct Sliced(pub FpConfig);

impl<R: Rows> Term<R> for Sliced {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        self.0.share()
    }

    /// u, the probes v (twice as many if `unbiased`), τ, and every pair (u, v).
    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        let (config, sets) = (&self.0, self.0.sets());
        cost::require(config.divergence, TABLE, 2 * sets, 3, dim)?;
        let n = sets * config.divergence.directions(dim);
        let mut kinds = vec![Space; 1 + n];
        kinds.push(Time);
        let directions = (0..n).try_fold(Directions::new(&kinds), |d, j| d.pair(0, 1 + j))?;
        let (draw, stream) = config.draw();
        let probes = config.probing(true);
        Ok(Needs { draw, stream, probes: Some(probes), first: directions.parts(), directions })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (config, sets, points) = (&self.0, self.0.sets(), chunk.points());
        let n = config.divergence.directions(points.dim);
        let Some((u, v)) = chunk.directions.split_first() else { return R::none(points.x) };
        let time = 1 + v.len() + 1;
        let d = |set: usize| Directional::<R> { u: u.borrow(), along: 1, mixed: time + 1 + set * n, time };
        let coefficient = config.divergence.coefficient();
        let probes = |set: usize| Probes::<R> { vectors: &v[set * n..(set + 1) * n], first: 2 + set * n, coefficient };
        for (set, r) in chunk.held.iter_mut().enumerate().take(sets) {
            directional(tape, points, d(set), &probes(set), r.borrow_mut());
        }
        let sum = hold(config, chunk, scale);
        for (set, kappa) in chunk.held.iter().enumerate().take(sets) {
            seed_directional(tape, points, d(set), |at| R::get(at, kappa.borrow()));
            seed_along(tape, points, d(set), &probes(set), |at| R::get(at, kappa.borrow()));
        }
        sum
    }
}

/// The sum of w ‖ε‖ᵐ, [scaled](super::Scale); each r = u·ε turns into κ = scale ∂R/∂r.
fn hold<R: Rows>(config: &FpConfig, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
    let (rows, points) = (chunk.rows, chunk.points());
    let factor = config.scale.factor(config.norm, points.dim);
    let [first, second] = &mut *chunk.held;
    let (first, second): (&mut R::Array, &mut R::Array) = (first.borrow_mut(), second.borrow_mut());
    let mut sum = R::none(points.x);
    points.each(|at| {
        let weight = R::wide(at, |row| config.weight_at(&rows.sde[row]) * rows.weight[row] * factor);
        let r = R::widen(R::get(at, first));
        let scale = R::wide(at, |_| scale);
        let (value, slope) = match (config.unbiased, config.norm) {
            (true, _) => {
                let q = R::widen(R::get(at, second));
                R::put(at, second, R::narrow(scale.clone() * weight.clone() * r.clone()));
                (weight.clone() * r * q.clone(), weight * q)
            }
            (false, Norm::Second) => (weight.clone() * r.clone() * r.clone(), R::wide(at, |_| 2.0) * weight * r),
            (false, Norm::First) => {
                let w = weight * R::wide(at, |_| FIRST_MOMENT);
                (w.clone() * r.clone().abs(), w * r.signum())
            }
        };
        R::sum(&mut sum, value);
        R::put(at, first, R::narrow(scale * slope));
    });
    sum
}
