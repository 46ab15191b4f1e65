//! R_QC: how far the score is from a gradient, from forward parts alone.
//!
//! Chao et al. (2023, arXiv 2209.12753) penalise ½E‖J − Jᵀ‖²_F, by Jᵀv and so a reverse pass in x. Two independent directions v, w of
//! identity covariance do without: A = v·Jw − w·Jv is vᵀ(J − Jᵀ)w, and E A² = ‖J − Jᵀ‖²_F.

use std::borrow::{Borrow, BorrowMut};

use serde::{Deserialize, Serialize};

use super::cost;
use super::draw::{Draw, Probing};
use super::fault::{Fault, check, one, share, whole};
use super::term::{Chunk, Needs, Share, Term, TermName};
use super::time_weight::TimeWeight;
use crate::Error;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::rows::Rows;
use crate::score::{Directions, RowTape};

pub(super) const NAME: TermName =
    TermName { key: "conservativity", label: "conservativity term", symbol: "R_QC", weight: Some("γ") };

/// The table of the config.
const TABLE: &str = "loss.conservativity";

/// The conservativity term γ R_QC, R_QC = E w(t) ½‖J − Jᵀ‖²_F with J = ∂s/∂x: `[loss.conservativity]` (Chao et al. 2023, arXiv
/// 2209.12753). For score networks: an energy model's score is a gradient already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConservativityConfig {
    /// γ. At 0 the term is left out altogether.
    pub weight: f64,
    /// w(t).
    #[serde(default)]
    pub time_weight: TimeWeight,
    /// Pairs of directions for each point.
    #[serde(default = "one_pair")]
    pub pairs: usize,
    /// Applies the term on every k-th step only, with k-fold weight.
    #[serde(default = "one")]
    pub every: u64,
    /// Applies the term to this fraction of the batch.
    #[serde(default = "whole")]
    pub batch_fraction: f64,
}

fn one_pair() -> usize {
    1
}

impl ConservativityConfig {
    /// The key and the reason, if a number is out of its range.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        share(TABLE, self.weight, self.every, self.batch_fraction)?;
        check((1..=10_000).contains(&self.pairs), "loss.conservativity.pairs", "must be between 1 and 10000")
    }

    fn directions(&self) -> Divergence {
        Divergence::Hutchinson { probes: self.pairs, distribution: ProbeDistribution::Rademacher }
    }
}

impl<R: Rows> Term<R> for ConservativityConfig {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        Share { weight: self.weight, begin: 0, warmup: 0, every: self.every, fraction: self.batch_fraction, unit: 1 }
    }

    /// All v, then all w.
    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        cost::require(self.directions(), TABLE, 2, 1, dim)?;
        let directions = Directions::space(2 * self.pairs);
        let probes = Probing {
            divergence: self.directions(),
            sets: 2,
            slices: false,
            stream: "conservativity-directions",
            table: TABLE,
        };
        let draw = Draw::Perturbed { copies: 1 };
        Ok(Needs { draw, stream: Draw::BATCH, probes: Some(probes), first: directions.parts(), directions })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points, n) = (chunk.rows, chunk.points(), self.pairs);
        let (v, w) = chunk.directions.split_at(n);
        let kappa: &mut R::Array = chunk.columns[0].borrow_mut();
        #[allow(clippy::cast_precision_loss)]
        let share = 1.0 / n as f64;
        let mut sum = R::none(points.x);
        for (j, (v, w)) in v.iter().zip(w).enumerate() {
            let (v, w, s_v, s_w) = (v.borrow(), w.borrow(), 1 + j, 1 + n + j);
            points.each(|at| {
                let weight = R::wide(at, |row| share * self.time_weight.at(&rows.sde[row]) * rows.weight[row]);
                let a = R::widen(R::dot(at, v, tape.part(s_w)) - R::dot(at, w, tape.part(s_v)));
                R::sum(&mut sum, R::wide(at, |_| 0.5) * weight.clone() * a.clone() * a.clone());
                R::put(at, kappa, R::narrow(R::wide(at, |_| scale) * weight * a));
            });
            let seed = tape.seed(s_w);
            points.each(|at| R::accumulate(at, seed, [(R::get(at, kappa), v)]));
            let seed = tape.seed(s_v);
            points.each(|at| R::accumulate(at, seed, [(-R::get(at, kappa), w)]));
        }
        sum
    }
}
