//! What a config's `[loss]` table says.

use serde::{Deserialize, Serialize};

use crate::divergence::Divergence;
use crate::sde::Coefficients;

/// The training objective: `[loss]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossConfig {
    /// Weight λ(t) of denoising score matching.
    #[serde(default)]
    pub weighting: Weighting,
    /// How t is drawn.
    #[serde(default)]
    pub time_sampling: TimeSampling,
    /// The score-FPE term; absent: plain denoising score matching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp: Option<FpConfig>,
    /// The log-density form of the score-FPE term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalar: Option<ScalarConfig>,
}

/// λ(t) in J_DSM = ½ E λ(t) ‖s + z/σ‖² (Song et al. 2021, arXiv 2011.13456, eq. 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// The law p(t) that times are drawn from. Every draw is weighted by 1/(p(t)(T − t_min)), so the objective is the same under all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSampling {
    /// Uniform on [t_min, T].
    #[default]
    Uniform,
    /// p ∝ g²/σ², uniform in the logarithm of the signal-to-noise ratio: keeps the variance of the `likelihood` weighting down
    /// (Song et al. 2021, arXiv 2101.09258, section 5.1).
    Importance,
    /// Half of each: the weights never exceed 2, and small t, where the residual is largest, is still seen often
    /// (defensive importance sampling, Hesterberg 1995, Technometrics 37(2)).
    Mixture,
}

/// The score-FPE term α R_vec: `[loss.fp]` (Lai et al. 2023, arXiv 2210.04296, eq. 11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

fn one() -> u64 {
    1
}

fn whole() -> f64 {
    1.0
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
            points: PointSource::default(),
            divergence: Divergence::default(),
            unbiased: false,
            every: 1,
            batch_fraction: 1.0,
        }
    }
}

/// How ‖ε‖ᵐ is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// The residual vector itself: one reverse pass in x, one in θ.
    #[default]
    Vector,
    /// E_u (u·ε)² over normal directions u: one reverse pass in θ.
    Sliced,
}

/// m in ‖ε‖ᵐ; written `1` or `2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// w(t) in R_vec and R_scalar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeWeight {
    /// 1.
    Constant,
    /// g, the paper's "convention".
    Convention,
    /// g², the paper's default.
    #[default]
    Likelihood,
    /// σ⁴: what makes the residual of a noise-predicting network of one size at all t.
    Sigma4,
    /// g²σ²: σ⁴ for t uniform in the logarithm of the signal-to-noise ratio, so that small t counts for more.
    LogSnr,
}

impl TimeWeight {
    /// w(t).
    ///
    /// ```
    /// use fokker::{objective::TimeWeight, sde::Sde};
    /// let c = Sde::vp().at(0.5);
    /// assert_eq!(TimeWeight::Sigma4.at(&c), c.sigma.powi(4));
    /// ```
    #[must_use]
    pub fn at(self, c: &Coefficients) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Convention => c.g2.sqrt(),
            Self::Likelihood => c.g2,
            Self::Sigma4 => c.sigma.powi(4),
            Self::LogSnr => c.g2 * c.sigma * c.sigma,
        }
    }
}

/// Where the points of the score-FPE term come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// The log-density form β R_scalar: `[loss.scalar]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScalarForm {
    /// E_t w(t) (E_{x~q_t} φ)²: ∫ ∂ₜq_t = 0 makes the inner mean vanish for the true score. Estimated without bias by
    /// φ(x₁, t) φ(x₂, t) of independent x₁, x₂.
    #[default]
    Product,
    /// E w(t) ‖φ + div f‖/D, as the published code does. Not zero for the true score; for comparison only.
    Published,
}
