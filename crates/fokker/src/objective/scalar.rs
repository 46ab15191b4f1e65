//! R_scalar: the log-density form, from one forward pass.

use std::borrow::BorrowMut;

use serde::{Deserialize, Serialize};

use super::cost;
use super::draw::{Draw, Probing};
use super::fault::{Fault, share, whole};
use super::term::{Chunk, Needs, Share, Term, TermName};
use super::time_weight::TimeWeight;
use crate::Error;
use crate::divergence::Divergence;
use crate::residual::equation::{Probes, log_density_rate, seed_log_density_rate};
use crate::rows::{Rows, Scalar};
use crate::score::{Directions, RowTape};

pub(super) const NAME: TermName =
    TermName { key: "scalar", label: "scalar term", symbol: "R_scalar", weight: Some("β") };

/// The table of the config.
const TABLE: &str = "loss.scalar";

/// The log-density form β R_scalar: `[loss.scalar]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalarConfig {
    /// β.
    pub weight: f64,
    /// What is penalised.
    #[serde(default)]
    pub form: ScalarForm,
    /// w(t).
    #[serde(default)]
    pub time_weight: TimeWeight,
    /// How div s is had.
    #[serde(default)]
    pub divergence: Divergence,
    /// Fraction of the batch that it is applied to.
    #[serde(default = "whole")]
    pub batch_fraction: f64,
}

/// What R_scalar penalises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScalarForm {
    /// E_t w(t) (E_{x~q_t} φ)²: ∫ ∂ₜq_t = 0 makes the inner mean vanish for the true score. Estimated without bias by
    /// φ(x₁, t) φ(x₂, t) of independent x₁, x₂.
    #[default]
    Product,
    /// E w(t) ‖φ + div f‖/D, as the published code does. Not zero for the true score; for comparison only.
    Published,
}

impl ScalarConfig {
    /// The key and the reason, if a number is out of its range.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        share(TABLE, self.weight, 1, self.batch_fraction)?;
        cost::validate(self.divergence, TABLE)
    }
}

impl<R: Rows> Term<R> for ScalarConfig {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        Share { weight: self.weight, begin: 0, warmup: 0, every: 1, fraction: self.batch_fraction, unit: 2 }
    }

    /// The probes alone. For the product form rows 2i and 2i+1 have the same t and independent x.
    fn needs(&self, dim: usize) -> Result<Needs, Error> {
        cost::require(self.divergence, TABLE, 1, 1, dim)?;
        let directions = Directions::space(self.divergence.directions(dim));
        let draw = Draw::Perturbed { copies: if self.form == ScalarForm::Product { 2 } else { 1 } };
        let probes =
            Probing { divergence: self.divergence, sets: 1, slices: false, stream: "scalar-probes", table: TABLE };
        Ok(Needs { draw, stream: "scalar-rows", probes: Some(probes), first: directions.parts(), directions })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points) = (chunk.rows, chunk.points());
        let probes = Probes::<R> { vectors: chunk.directions, first: 1, coefficient: self.divergence.coefficient() };
        let [phi, kappa] = &mut *chunk.held;
        let (phi, kappa): (&mut R::Array, &mut R::Array) = (phi.borrow_mut(), kappa.borrow_mut());
        log_density_rate(tape, points, &probes, phi);
        let mut sum = R::none(points.x);
        #[allow(clippy::cast_precision_loss)]
        let dim = points.dim as f64;
        let w = |row: usize| self.time_weight.at(&rows.sde[row]);
        match self.form {
            // Each pair counts for two rows.
            ScalarForm::Product => R::each_pair(points.x, points.dim, |i, j| {
                let weight = R::wide(i, |row| 2.0 * w(row) * rows.weight[row]);
                let scaled = R::wide(i, |_| scale) * weight.clone();
                let (p, q) = (R::widen(R::get(i, phi)), R::widen(R::get(j, phi)));
                R::put(i, kappa, R::narrow(scaled.clone() * q.clone()));
                R::put(j, kappa, R::narrow(scaled * p.clone()));
                R::sum(&mut sum, weight * p * q);
            }),
            ScalarForm::Published => points.each(|at| {
                let weight = R::wide(at, |row| w(row) * rows.weight[row] / dim);
                let value = R::widen(R::get(at, phi)) + R::wide(at, |row| rows.sde[row].a * dim);
                R::sum(&mut sum, weight.clone() * value.clone().abs());
                R::put(at, kappa, R::narrow(R::wide(at, |_| scale) * weight * value.signum()));
            }),
        }
        seed_log_density_rate(tape, points, &probes, kappa);
        sum
    }
}
