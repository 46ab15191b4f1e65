//! R_2: denoising score matching of second order (Lu et al. 2022, arXiv 2206.08265, theorem 2 and section 4.3).
//!
//! With ℓ = σ s + z, the Jacobian of the true score is the mean of (ℓ ℓᵀ − I)/σ² over the noise z that x may have come from. So
//! ‖σ² J + I − ℓ ℓᵀ‖²_F is least where J is that, ℓ being held; by one direction v of identity covariance it is the mean of ‖(σ² J + I − ℓ ℓᵀ) v‖².

use std::borrow::{Borrow, BorrowMut};

use serde::{Deserialize, Serialize};

use super::cost;
use super::draw::{Draw, Probing};
use super::fault::{Fault, one, share, whole};
use super::term::{Chunk, Needs, Share, Term, TermName};
use super::time_weight::TimeWeight;
use crate::Error;
use crate::divergence::Divergence;
use crate::rows::Rows;
use crate::score::{Directions, RowTape};

pub(super) const NAME: TermName =
    TermName { key: "second_order", label: "second-order term", symbol: "R_2", weight: Some("η") };

/// The table of the config.
const TABLE: &str = "loss.second_order";

/// Denoising score matching of second order, η R_2, R_2 = E w(t) ‖σ² J + I − ℓ ℓᵀ‖²_F with ℓ = σ s + z held: `[loss.second_order]` (Lu et al. 2022, arXiv
/// 2206.08265). For score networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondOrderConfig {
    /// η. At 0 the term is left out altogether.
    pub weight: f64,
    /// w(t).
    #[serde(default = "TimeWeight::constant")]
    pub time_weight: TimeWeight,
    /// The directions: all of them, or random ones.
    #[serde(default)]
    pub directions: Divergence,
    /// Applies the term on every k-th step only, with k-fold weight.
    #[serde(default = "one")]
    pub every: u64,
    /// Applies the term to this fraction of the batch.
    #[serde(default = "whole")]
    pub batch_fraction: f64,
}

impl SecondOrderConfig {
    /// The key and the reason, if a number is out of its range.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        share(TABLE, self.weight, self.every, self.batch_fraction)?;
        cost::validate(self.directions, TABLE)
    }
}

impl<R: Rows> Term<R> for SecondOrderConfig {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        let Self { weight, every, batch_fraction, .. } = *self;
        Share { weight, begin: 0, warmup: 0, every, fraction: batch_fraction, unit: 1 }
    }

    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        cost::require(self.directions, TABLE, 1, 1, dim)?;
        let directions = Directions::space(self.directions.directions(dim));
        let stream = "second-order-directions";
        let probes = Probing { divergence: self.directions, sets: 1, slices: false, stream, table: TABLE };
        let draw = Draw::Perturbed { copies: 1 };
        Ok(Needs { draw, stream: Draw::BATCH, probes: Some(probes), first: directions.parts(), directions })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points, c) = (chunk.rows, chunk.points(), self.directions.coefficient());
        let [l, e] = &mut *chunk.held;
        let (l, e): (&mut R::Array, &mut R::Array) = (l.borrow_mut(), e.borrow_mut());
        let z: &R::Array = rows.z.borrow();
        points
            .each(|at| R::combine(at, l, [(points.number(at, |c| c.sigma), tape.part(0)), (R::constant(at, 1.0), z)]));
        let mut sum = R::none(points.x);
        for (j, v) in chunk.directions.iter().enumerate() {
            let v: &R::Array = v.borrow();
            // e = σ² s_v + v − (ℓ·v) ℓ.
            points.each(|at| {
                let along = R::dot(at, l, v);
                let square = points.number(at, |c| c.sigma * c.sigma);
                R::combine(at, e, [(square, tape.part(1 + j)), (R::constant(at, 1.0), v)]);
                R::accumulate(at, e, [(-along, &*l)]);
                let weight = R::wide(at, |row| c * self.time_weight.at(&rows.sde[row]) * rows.weight[row]);
                R::sum(&mut sum, weight * R::widen(R::dot(at, e, e)));
            });
            let seed = tape.seed(1 + j);
            points.each(|at| {
                let of = |row: usize| {
                    let at = &rows.sde[row];
                    2.0 * c * scale * self.time_weight.at(at) * rows.weight[row] * at.sigma * at.sigma
                };
                R::accumulate(at, seed, [(R::narrow(R::wide(at, of)), &*e)]);
            });
        }
        sum
    }
}
