//! The score-FPE term α R_vec: what its table of the config says.

use serde::{Deserialize, Serialize};

use super::cost;
use super::draw::{Draw, Probing};
use super::fault::{Fault, check, one, share, whole};
use super::term::{Share, TermName};
use super::time_weight::TimeWeight;
use crate::divergence::Divergence;
use crate::sde::Coefficients;

pub(super) const NAME: TermName = TermName { key: "fp", label: "score-FPE term", symbol: "R", weight: Some("α") };

/// The table of the config.
pub(super) const TABLE: &str = "loss.fp";

/// The score-FPE term α R_vec: `[loss.fp]` (Lai et al. 2023, arXiv 2210.04296, eq. 11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FpConfig {
    /// α. At 0 the term is left out altogether.
    pub weight: f64,
    /// How ‖ε‖ᵐ is estimated.
    #[serde(default)]
    pub estimator: Estimator,
    /// m in ‖ε‖ᵐ.
    #[serde(default)]
    pub norm: Norm,
    /// What ‖ε‖ᵐ is multiplied by, and so what α means in other dimensions.
    #[serde(default)]
    pub scale: Scale,
    /// w(t).
    #[serde(default)]
    pub time_weight: TimeWeight,
    /// Divides ‖ε‖² by ‖∂ₜs‖², held constant: a residual beside the rate that it is the error of, w then having no unit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relative: bool,
    /// The largest t with the term: w(t) is 0 beyond it.
    #[serde(default = "whole")]
    pub t_max: f64,
    /// The first step of training with the term.
    #[serde(default)]
    pub begin: u64,
    /// Steps from there over which α grows from 0.
    #[serde(default)]
    pub warmup: u64,
    /// Where x comes from.
    #[serde(default)]
    pub points: PointSource,
    /// How div s is had.
    #[serde(default)]
    pub divergence: Divergence,
    /// Takes the product of residuals under two independent sets of probes, whose mean is ‖ε‖², instead of one residual's square,
    /// whose mean is larger by the probes' variance.
    #[serde(default)]
    pub unbiased: bool,
    /// Applies the term on every k-th step only, with k-fold weight.
    #[serde(default = "one")]
    pub every: u64,
    /// Applies the term to this fraction of the batch.
    #[serde(default = "whole")]
    pub batch_fraction: f64,
}

impl Default for FpConfig {
    /// The paper's defaults: α = 0.15, m = 2, divided by Dᵐ, w = g², x from q_t.
    fn default() -> Self {
        Self {
            weight: 0.15,
            estimator: Estimator::default(),
            norm: Norm::default(),
            scale: Scale::Paper,
            time_weight: TimeWeight::default(),
            relative: false,
            t_max: 1.0,
            begin: 0,
            warmup: 0,
            points: PointSource::default(),
            divergence: Divergence::default(),
            unbiased: false,
            every: 1,
            batch_fraction: 1.0,
        }
    }
}

impl FpConfig {
    /// Sets of probes: one, or two that are independent.
    pub(super) fn sets(&self) -> usize {
        if self.unbiased { 2 } else { 1 }
    }

    /// How much of it there is in a step.
    pub(super) fn share(&self) -> Share {
        let Self { weight, begin, warmup, every, batch_fraction, .. } = *self;
        Share { weight, begin, warmup, every, fraction: batch_fraction, unit: 1 }
    }

    /// w(t), 0 beyond t_max.
    pub(super) fn weight_at(&self, c: &Coefficients) -> f64 {
        if c.t <= self.t_max { self.time_weight.at(c) } else { 0.0 }
    }

    /// The directions that are drawn, with a normal one before the probes where there are `slices`.
    pub(super) fn probing(&self, slices: bool) -> Probing {
        Probing { divergence: self.divergence, sets: self.sets(), slices, stream: "fp-probes", table: TABLE }
    }

    /// Where the points come from, and the streams that they are drawn from: those of the batch, or its own.
    pub(super) fn draw(&self) -> (Draw, &'static str) {
        match self.points {
            PointSource::Perturbed => (Draw::Perturbed { copies: 1 }, Draw::BATCH),
            PointSource::Data => (Draw::Data, "fp-rows"),
            PointSource::Uniform => (Draw::Uniform, "fp-rows"),
        }
    }

    /// The key and the reason, if a number is out of its range or two settings do not go together.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        share(TABLE, self.weight, self.every, self.batch_fraction)?;
        check(self.t_max > 0.0 && self.t_max <= 1.0, "loss.fp.t_max", "must be in (0, 1]")?;
        cost::validate(self.divergence, TABLE)?;
        check(
            !self.unbiased || self.norm == Norm::Second,
            "loss.fp.unbiased",
            "needs norm = 2: only a square is a product of two independent residuals",
        )?;
        check(
            !self.unbiased || !matches!(self.divergence, Divergence::Exact {}),
            "loss.fp.unbiased",
            "has no use with an exact divergence",
        )?;
        check(
            !self.relative || self.estimator == Estimator::Vector && self.norm == Norm::Second,
            "loss.fp.relative",
            "needs estimator = \"vector\" and norm = 2",
        )
    }
}

/// How ‖ε‖ᵐ is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// The residual vector itself: one reverse pass in x, one in θ.
    #[default]
    Vector,
    /// E_u (u·ε)² over normal directions u: one reverse pass in θ.
    Sliced,
    /// |ρ|ᵐ in place of ‖ε‖ᵐ, ρ = ∂ₜ log q − φ being the residual of the log-density, whose gradient ε is: for energy models, and the
    /// only one for them. It fixes what ε cannot: the weights of modes that lie apart, and the normaliser.
    LogDensity,
}

/// m in ‖ε‖ᵐ; written `1` or `2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
pub enum Norm {
    /// ‖ε‖.
    First,
    /// ‖ε‖².
    #[default]
    Second,
}

impl TryFrom<u8> for Norm {
    type Error = String;

    fn try_from(m: u8) -> Result<Self, String> {
        match m {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            other => Err(format!("the norm's power is 1 or 2, not {other}")),
        }
    }
}

impl From<Norm> for u8 {
    fn from(norm: Norm) -> Self {
        match norm {
            Norm::First => 1,
            Norm::Second => 2,
        }
    }
}

/// How R_vec grows with the dimension D.
///
/// J_DSM is a sum over D dimensions. With `dimension-free` so is R_vec, and a weight α that was found in one dimension serves in
/// another: the best weights found on 2 and on 784 dimensions are 0.75e-4 and 1.0e-4 in this scale, 3e-4 and 60 in the paper's.
///
/// ```
/// use fokker::objective::{Norm, Scale};
/// assert_eq!([2, 784].map(|dim| Scale::DimensionFree.factor(Norm::Second, dim)), [1.0, 1.0]);
/// assert_eq!(Scale::Paper.factor(Norm::Second, 784), 1.0 / (784.0 * 784.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// D^(1 − m/2) ‖ε‖ᵐ: for m = 2 the square itself, for m = 1 what grows as it does.
    #[default]
    DimensionFree,
    /// ‖ε‖ᵐ/Dᵐ (Lai et al. 2023, eq. 11).
    Paper,
}

impl Scale {
    /// The factor of ‖ε‖ᵐ.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn factor(self, norm: Norm, dim: usize) -> f64 {
        let d = dim as f64;
        match (self, norm) {
            (Self::DimensionFree, Norm::First) => d.sqrt(),
            (Self::DimensionFree, Norm::Second) => 1.0,
            (Self::Paper, Norm::First) => 1.0 / d,
            (Self::Paper, Norm::Second) => 1.0 / (d * d),
        }
    }
}

impl Scale {
    /// The factor of |ρ|ᵐ: |ρ|ᵐ/Dᵐ in the paper's scale, D^(1 − m) |ρ|ᵐ in the other, since ρ is itself a sum over D dimensions.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn of_log_density(self, norm: Norm, dim: usize) -> f64 {
        let m = i32::from(u8::from(norm));
        (dim as f64).powi(match self {
            Self::DimensionFree => 1 - m,
            Self::Paper => -m,
        })
    }
}

/// Where the points of the score-FPE term come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PointSource {
    /// x ~ q_t, the very points of the denoising term.
    #[default]
    Perturbed,
    /// x ~ q₀.
    Data,
    /// Uniform in the data's box.
    Uniform,
}
