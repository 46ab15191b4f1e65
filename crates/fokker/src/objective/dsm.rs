//! Denoising score matching: J_DSM = ½ E λ(t) ‖s + z/σ‖² (Vincent 2011; Song et al. 2021, arXiv 2011.13456, eq. 7).

use std::borrow::{Borrow, BorrowMut};

use serde::{Deserialize, Serialize};

use super::draw::Draw;
use super::term::{Chunk, Needs, Share, Term, TermName};
use crate::Error;
use crate::rows::Rows;
use crate::score::{Directions, RowTape};
use crate::sde::Coefficients;

pub(super) const NAME: TermName = TermName { key: "dsm", label: "denoising loss", symbol: "J_DSM", weight: None };

/// λ(t) in J_DSM = ½ E λ(t) ‖s + z/σ‖² (Song et al. 2021, arXiv 2011.13456, eq. 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// λ = σ²: every noise level counts the same (Ho et al. 2020, arXiv 2006.11239, eq. 14).
    #[default]
    Simple,
    /// λ = g²: bounds the likelihood (Song et al. 2021, arXiv 2101.09258, theorem 1).
    Likelihood,
}

impl Weighting {
    /// λ(t).
    #[must_use]
    pub fn lambda(self, c: &Coefficients) -> f64 {
        match self {
            Self::Simple => c.sigma * c.sigma,
            Self::Likelihood => c.g2,
        }
    }
}

/// It is in every step, of all rows.
pub(super) const SHARE: Share = Share { weight: 1.0, begin: 0, warmup: 0, every: 1, fraction: 1.0, unit: 1 };

/// The batch's own points, and what is asked first: values.
pub(super) fn needs(directions: Directions) -> Needs {
    Needs { draw: Draw::Perturbed { copies: 1 }, stream: Draw::BATCH, probes: None, directions, first: 1 }
}

/// The term.
#[derive(Clone, Copy, Debug)]
pub(super) struct Denoising {
    pub weighting: Weighting,
}

impl<R: Rows> Term<R> for Denoising {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        SHARE
    }

    fn needs(&self, _: usize) -> Result<Needs, Error> {
        Ok(needs(Directions::new(&[])))
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points) = (chunk.rows, chunk.points());
        let error: &mut R::Array = chunk.held[0].borrow_mut();
        let mut sum = R::none(points.x);
        let (s, seed) = tape.part_and_seed(0, 0);
        points.each(|at| {
            let (one, inverse) = (R::constant(at, 1.0), points.number(at, |c| 1.0 / c.sigma));
            R::combine(at, error, [(one, s), (inverse, rows.target.borrow())]);
            let weight = R::wide(at, |row| self.weighting.lambda(&rows.sde[row]) * rows.weight[row]);
            let k = R::narrow(R::wide(at, |_| scale) * weight.clone());
            let square = R::widen(R::dot(at, error, error));
            R::accumulate(at, seed, [(k, error)]);
            R::sum(&mut sum, R::wide(at, |_| 0.5) * weight * square);
        });
        sum
    }
}
