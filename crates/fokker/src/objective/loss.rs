//! What a config's `[loss]` table says, and the list of all terms.

use serde::{Deserialize, Serialize};

use super::combine::Combination;
use super::conservativity::{self, ConservativityConfig};
use super::consistency::{self, ConsistencyConfig};
use super::dsm::{self, Denoising, Weighting};
use super::energy::{EnergyDenoising, LogDensityTerm};
use super::fault::{Fault, check};
use super::fp::{self, Estimator, FpConfig};
use super::scalar::{self, ScalarConfig};
use super::second_order::{self, SecondOrderConfig};
use super::sliced::Sliced;
use super::term::{Term, TermName};
use super::time::TimeSampling;
use super::vector::Vector;
use crate::net::Output;
use crate::rows::{Host, Rows};

/// The training objective: `[loss]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossConfig {
    /// Weight λ(t) of denoising score matching.
    #[serde(default)]
    pub weighting: Weighting,
    /// How t is drawn.
    #[serde(default)]
    pub time_sampling: TimeSampling,
    /// Rows of the data over which the targets of denoising are averaged (Xu et al. 2023, arXiv 2302.00670), beside the row that each
    /// was made from; 0: none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reference_batch: usize,
    /// How the gradients of denoising and of the regularisers become one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub combination: Combination,
    /// The score-FPE term; absent: plain denoising score matching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp: Option<FpConfig>,
    /// The log-density form of the score-FPE term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalar: Option<ScalarConfig>,
    /// The conservativity term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conservativity: Option<ConservativityConfig>,
    /// Denoising score matching of second order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_order: Option<SecondOrderConfig>,
    /// The denoiser's consistency along its own path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<ConsistencyConfig>,
}

/// The most rows of a reference batch.
const MOST_REFERENCE: usize = 1 << 20;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// All terms that there are, in the order in which they are reported.
pub(super) const NAMES: [TermName; 6] =
    [dsm::NAME, fp::NAME, scalar::NAME, conservativity::NAME, second_order::NAME, consistency::NAME];

impl LossConfig {
    /// The terms, in the order in which their passes are made: those that have the batch's points before the ones that need no
    /// directions, which then share those passes. Terms of weight 0 are left out, draws included.
    pub(super) fn terms<R: Rows>(&self, output: Output) -> Vec<Box<dyn Term<R>>> {
        let mut terms: Vec<Box<dyn Term<R>>> = Vec::new();
        if let Some(fp) = &self.fp {
            terms.push(match fp.estimator {
                Estimator::Vector => Box::new(Vector(fp.clone())),
                Estimator::Sliced => Box::new(Sliced(fp.clone())),
                Estimator::LogDensity => Box::new(LogDensityTerm(fp.clone())),
            });
        }
        if let Some(conservativity) = &self.conservativity {
            terms.push(Box::new(conservativity.clone()));
        }
        if let Some(second_order) = &self.second_order {
            terms.push(Box::new(second_order.clone()));
        }
        terms.push(match output {
            Output::Score => Box::new(Denoising { weighting: self.weighting }),
            Output::Energy => Box::new(EnergyDenoising { weighting: self.weighting }),
        });
        if let Some(scalar) = &self.scalar {
            terms.push(Box::new(scalar.clone()));
        }
        if let Some(consistency) = &self.consistency {
            terms.push(Box::new(consistency.clone()));
        }
        terms.retain(|term| term.share().weight != 0.0);
        terms
    }

    /// The key and the reason, if a number is out of its range or two settings do not go together.
    pub(crate) fn validate(&self) -> Result<(), Fault> {
        check(self.reference_batch <= MOST_REFERENCE, "loss.reference_batch", "must be at most 1048576")?;
        let reason = "balanced is for one regulariser, whose weight is its share of the step";
        let one = self.combination != Combination::Balanced || self.terms::<Host<f32>>(Output::Score).len() <= 2;
        check(one, "loss.combination", reason)?;
        self.fp.as_ref().map_or(Ok(()), FpConfig::validate)?;
        self.scalar.as_ref().map_or(Ok(()), ScalarConfig::validate)?;
        self.conservativity.as_ref().map_or(Ok(()), ConservativityConfig::validate)?;
        self.second_order.as_ref().map_or(Ok(()), SecondOrderConfig::validate)?;
        self.consistency.as_ref().map_or(Ok(()), ConsistencyConfig::validate)
    }

    /// The key and the reason, if a term is not for networks of this output.
    ///
    /// # Errors
    /// The key and the reason.
    pub fn check(&self, output: Output) -> Result<(), (String, String)> {
        let estimator = self.fp.as_ref().filter(|fp| fp.weight != 0.0).map(|fp| fp.estimator);
        let of_log_density = estimator == Some(Estimator::LogDensity);
        match output {
            Output::Score => check(
                !of_log_density,
                "loss.fp.estimator",
                "log-density is for energy models (network.output = \"energy\"): a score network has no log-density",
            ),
            Output::Energy => {
                check(
                    estimator.is_none() || of_log_density,
                    "loss.fp.estimator",
                    "must be log-density for an energy model: of its score, which is a gradient already, the vector form would need third-order derivatives",
                )?;
                let scalar = self.scalar.as_ref().is_some_and(|scalar| scalar.weight != 0.0);
                check(
                    !scalar,
                    "loss.scalar",
                    "is for score networks; of an energy model the log-density form is loss.fp with estimator = \"log-density\"",
                )?;
                let second_order = self.second_order.as_ref().is_some_and(|term| term.weight != 0.0);
                let reason = "is for score networks: of an energy model it would need third-order derivatives";
                check(!second_order, "loss.second_order", reason)?;
                let consistency = self.consistency.as_ref().is_some_and(|term| term.weight != 0.0);
                check(!consistency, "loss.consistency", "is for score networks")?;
                let conservativity = self.conservativity.as_ref().is_some_and(|term| term.weight != 0.0);
                check(
                    !conservativity,
                    "loss.conservativity",
                    "is for score networks: an energy model's score is a gradient already",
                )
            }
        }
    }

    /// The same without any regulariser: plain denoising score matching.
    ///
    /// ```
    /// use fokker::objective::{FpConfig, LossConfig};
    /// let loss = LossConfig { fp: Some(FpConfig::default()), ..LossConfig::default() };
    /// assert!(!loss.is_plain() && loss.plain() == LossConfig::default());
    /// ```
    #[must_use]
    pub fn plain(&self) -> Self {
        let Self { weighting, time_sampling, reference_batch, .. } = *self;
        Self { weighting, time_sampling, reference_batch, ..Self::default() }
    }

    /// Is there no regulariser?
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == self.plain()
    }
}
