//! R_vec by the residual vector: its θ-gradient through a detached direction.
//!
//! ∇_θ R(ε) = ∇_θ (∂_wφ − w·∂ₜs) with w = −∂R/∂ε held constant. Pass 1 computes {s, s_v, ∂ₜs} and ε by one reverse pass in x; pass 2
//! adds the parts {s_w, s_wv} and ends in the reverse pass in θ. ∂_wφ is the derivative along w of the φ that pass 1 pulled back to
//! x, so the cotangents of {s_w, s_wv} are those of {s, s_v} there: w is the tangent of pass 1, and 15 forward-equivalents do.

use std::borrow::{Borrow, BorrowMut};

use super::cost;
use super::fp::{FpConfig, NAME, Norm, TABLE};
use super::term::{Chunk, Needs, Share, Term, TermName};
use crate::Error;
use crate::residual::equation::{self, Directional, Probes, seed_along, seed_directional};
use crate::rows::{Rows, Scalar};
use crate::score::Direction::{Space, Time};
use crate::score::{Directions, RowTape};

/// The term.
#[derive(Clone, Debug)]
pub(super) struct Vector(pub FpConfig);

impl<R: Rows> Term<R> for Vector {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        self.0.share()
    }

    /// Probes v, τ, then one w per set of probes with its pairs (w, v).
    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        let (config, sets) = (&self.0, self.0.sets());
        cost::require(config.divergence, TABLE, 2 * sets, 2 + sets, dim)?;
        let n = config.divergence.directions(dim);
        let mut kinds = vec![Space; sets * n];
        kinds.push(Time);
        kinds.extend(vec![Space; sets]);
        let mut directions = Directions::new(&kinds);
        for set in 0..sets {
            for j in 0..n {
                directions = directions.pair(sets * n + 1 + set, set * n + j)?;
            }
        }
        // With two sets of probes each w belongs to a pass of its own.
        let directions = if config.unbiased { directions } else { directions.tangent()? };
        let (draw, stream) = config.draw();
        let probes = config.probing(false);
        Ok(Needs { draw, stream, probes: Some(probes), directions, first: 1 + sets * n + 1 })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (config, sets, points) = (&self.0, self.0.sets(), chunk.points());
        let n = config.divergence.directions(points.dim);
        let time = 1 + sets * n;
        let coefficient = config.divergence.coefficient();
        let directions = chunk.directions;
        let probes =
            |set: usize| Probes::<R> { vectors: &directions[set * n..(set + 1) * n], first: 1 + set * n, coefficient };
        for (set, residual) in chunk.held.iter_mut().enumerate().take(sets) {
            equation::vector(tape, points, &[probes(set)], time, time, residual.borrow_mut());
        }
        let sum = hold(config, tape.part(time), chunk, scale);
        for set in 0..sets {
            R::copy(tape.direction(time + set), chunk.held[sets - 1 - set].borrow());
        }
        tape.forward(time + 1..1 + sets * n + 1 + sets + sets * n);
        for set in 0..sets {
            let d = Directional {
                u: chunk.held[sets - 1 - set].borrow(),
                along: time + 1 + set,
                mixed: time + 1 + sets + set * n,
                time,
            };
            seed_directional(tape, points, d, |at| R::constant(at, -1.0));
            if config.unbiased {
                seed_along(tape, points, d, &probes(set), |at| R::constant(at, -1.0));
            }
        }
        sum
    }
}

/// The sum of w ‖ε‖ᵐ (w over ‖∂ₜs‖² if that is `relative`), [scaled](super::Scale); each ε turns into w = −scale ∂R/∂ε (of the other set's ε, if there are two sets of
/// probes).
fn hold<R: Rows>(config: &FpConfig, rate: &R::Array, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
    let (rows, points) = (chunk.rows, chunk.points());
    let factor = config.scale.factor(config.norm, points.dim);
    let [first, second] = &mut *chunk.held;
    let (first, second): (&mut R::Array, &mut R::Array) = (first.borrow_mut(), second.borrow_mut());
    let mut sum = R::none(points.x);
    points.each(|at| {
        let weight = R::wide(at, |row| config.weight_at(&rows.sde[row]) * rows.weight[row] * factor);
        let weight = if config.relative { weight.over(R::widen(R::dot(at, rate, rate))) } else { weight };
        let square = R::widen(if config.unbiased { R::dot(at, first, second) } else { R::dot(at, first, first) });
        let (value, slope) = match (config.unbiased, config.norm) {
            (true, _) => (weight.clone() * square, weight),
            (false, Norm::Second) => (weight.clone() * square, R::wide(at, |_| 2.0) * weight),
            (false, Norm::First) => {
                let norm = square.sqrt();
                // Where ε is 0 (a network that begins with nothing of its own may satisfy the equation), 0 is a subgradient.
                (weight.clone() * norm.clone(), weight.over(norm))
            }
        };
        R::sum(&mut sum, value);
        let held = R::narrow(R::wide(at, |_| -scale) * slope);
        R::scale(at, first, &held);
        if config.unbiased {
            R::scale(at, second, &held);
        }
    });
    sum
}
