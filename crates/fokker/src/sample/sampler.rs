//! The kinds of sampler, and what can be set about each.

use serde::{Deserialize, Serialize};

use super::chunk::Scheme;
use super::dpm_solver::DpmSolver;
use super::euler_maruyama::ReverseEulerMaruyama;
use super::grid::Grid;
use super::heun::Heun;
use super::langevin::PredictorCorrector;
use super::reverse_diffusion::ReverseDiffusion;
use crate::Error;
use crate::solve::{Limits, Tolerance};

/// How samples are drawn. In TOML a table with `kind`; every other key may be left out.
///
/// The fixed-step samplers take `steps` steps along a [`Grid`] of times, and with `denoise` end with E\[x₀ | x\] = (x + σ² s)/m at
/// t_min (Tweedie's formula; Efron 2011, JASA 106(496)), one more evaluation, which takes off the noise that is left there.
///
/// ```
/// use fokker::{sample::{Grid, Sampler}, solve::Tolerance};
/// let sampler: Sampler = toml::from_str("kind = \"euler-maruyama\"\nsteps = 200")?;
/// assert_eq!(sampler, Sampler::EulerMaruyama { steps: 200, grid: Grid::LogSnr, denoise: true });
/// assert!(toml::from_str::<Sampler>("kind = \"probability-flow\"\nsteps = 200").is_err());
/// assert_eq!(Sampler::default(), Sampler::ProbabilityFlow { tolerance: Tolerance::default(), step_limit: 10_000 });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sampler {
    /// The ODE dx/dt = a x − ½ g² s from T to t_min, adaptive (Song et al. 2021, arXiv 2011.13456, eq. 13).
    ProbabilityFlow {
        /// The error allowed to one step.
        #[serde(default)]
        tolerance: Tolerance,
        /// The most steps of one row, rejected ones included.
        #[serde(default = "step_limit")]
        step_limit: usize,
    },
    /// The reverse SDE dx = (a x − g² s) dt + g dw̄ (Anderson 1982, Stoch. Proc. Appl. 12(3); Song et al., eq. 6) by Euler–Maruyama:
    /// weak order 1, one evaluation a step.
    EulerMaruyama {
        /// Number of steps.
        #[serde(default = "sde_steps")]
        steps: usize,
        /// Where they lie.
        #[serde(default)]
        grid: Grid,
        /// Ends with E\[x₀ | x\].
        #[serde(default = "yes")]
        denoise: bool,
    },
    /// x ← x + (1 − R) x + Q s + √Q z with N(R x, Q I) the exact forward transition over the step, R = m′/m, Q = σ′² − R² σ²
    /// (Song et al., eq. 46; for VE and VP their appendix E): weak order 1, one evaluation a step.
    ReverseDiffusion {
        /// Number of steps.
        #[serde(default = "sde_steps")]
        steps: usize,
        /// Where they lie.
        #[serde(default)]
        grid: Grid,
        /// Ends with E\[x₀ | x\].
        #[serde(default = "yes")]
        denoise: bool,
    },
    /// After each step of a predictor, `corrector_steps` steps of Langevin dynamics at the new time,
    /// x ← x + e s + √(2e) z with e = 2 (snr σ)² (Song et al., algorithms 2 to 5): 1 + `corrector_steps` evaluations a step.
    ///
    /// The published step is e = 2 (snr ‖z‖/‖s‖)², the norms averaged over the batch. Here stand their values in the mean, √D
    /// and √D/σ, so that a row does not depend on its batch mates; a row's own norms would spoil the stationary law. The dynamics
    /// leave q_t as it is up to a share of the order of snr²: a Gaussian of variance v gets variance v/(1 − (snr σ)²/v).
    PredictorCorrector {
        /// What takes the step.
        #[serde(default)]
        predictor: Predictor,
        /// Number of steps.
        #[serde(default = "sde_steps")]
        steps: usize,
        /// Where they lie.
        #[serde(default)]
        grid: Grid,
        /// Langevin steps after each.
        #[serde(default = "corrector_steps")]
        corrector_steps: usize,
        /// Signal-to-noise ratio r of a Langevin step, in (0, 1): the dynamics are stable below 1.
        #[serde(default = "snr")]
        snr: f64,
        /// Ends with E\[x₀ | x\].
        #[serde(default = "yes")]
        denoise: bool,
    },
    /// The probability-flow ODE by Heun's method in σ/m (Karras et al. 2022, arXiv 2206.00364, algorithm 1, without churn):
    /// order 2, two evaluations a step.
    Heun {
        /// Number of steps.
        #[serde(default = "ode_steps")]
        steps: usize,
        /// Where they lie.
        #[serde(default)]
        grid: Grid,
        /// Ends with E\[x₀ | x\].
        #[serde(default = "yes")]
        denoise: bool,
    },
    /// The probability-flow ODE by DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2): order 2, one evaluation a
    /// step. The first step is of order 1.
    DpmSolverPp {
        /// Number of steps.
        #[serde(default = "ode_steps")]
        steps: usize,
        /// Where they lie.
        #[serde(default)]
        grid: Grid,
        /// Makes the last step of fewer than 15 one of order 1, which is steadier.
        #[serde(default = "yes")]
        lower_order_final: bool,
        /// Ends with E\[x₀ | x\].
        #[serde(default = "yes")]
        denoise: bool,
    },
}

/// The steps between which [`Sampler::PredictorCorrector`] corrects. In TOML `reverse-diffusion` or `euler-maruyama`.
///
/// ```
/// assert_eq!(fokker::sample::Predictor::default(), fokker::sample::Predictor::ReverseDiffusion);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// As [`Sampler::ReverseDiffusion`].
    #[default]
    ReverseDiffusion,
    /// As [`Sampler::EulerMaruyama`].
    EulerMaruyama,
}

/// More steps than these are a slip of the pen.
const MOST_STEPS: usize = 10_000_000;

fn step_limit() -> usize {
    10_000
}
fn sde_steps() -> usize {
    500
}
fn ode_steps() -> usize {
    50
}
fn corrector_steps() -> usize {
    1
}
fn snr() -> f64 {
    0.16
}
fn yes() -> bool {
    true
}

impl Default for Sampler {
    fn default() -> Self {
        Self::ProbabilityFlow { tolerance: Tolerance::default(), step_limit: step_limit() }
    }
}

/// What a sampler amounts to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// The adaptive ODE.
    Flow(Tolerance, Limits),
    /// Fixed steps.
    Steps(Steps),
}

/// Fixed steps, whatever their scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    pub steps: usize,
    pub grid: Grid,
    pub denoise: bool,
    pub recipe: Recipe,
}

/// A scheme, and all that is set about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recipe {
    EulerMaruyama,
    ReverseDiffusion,
    /// A predictor, corrector steps, snr.
    Corrected(Predictor, usize, f64),
    Heun,
    /// Whether few steps end with one of order 1.
    DpmSolver(bool),
}

impl Recipe {
    /// The scheme, at rest.
    pub fn scheme(self) -> Box<dyn Scheme> {
        match self {
            Self::EulerMaruyama => Box::new(ReverseEulerMaruyama::default()),
            Self::ReverseDiffusion => Box::new(ReverseDiffusion::default()),
            Self::Corrected(predictor, corrector_steps, snr) => {
                let predictor = match predictor {
                    Predictor::ReverseDiffusion => Self::ReverseDiffusion,
                    Predictor::EulerMaruyama => Self::EulerMaruyama,
                };
                Box::new(PredictorCorrector::new(predictor.scheme(), corrector_steps, snr))
            }
            Self::Heun => Box::new(Heun::default()),
            Self::DpmSolver(lower_order_final) => Box::new(DpmSolver::new(lower_order_final)),
        }
    }

    /// Does each step draw noise, and depend on none before it?
    pub fn is_markov(self) -> bool {
        !matches!(self, Self::Heun | Self::DpmSolver(_))
    }
}

impl Sampler {
    /// Checks that it can be run.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault: a tolerance that is not positive, no steps or more than
    /// 10⁷, an snr outside (0, 1).
    ///
    /// ```
    /// use fokker::sample::{Grid, Sampler};
    /// assert!(Sampler::default().validate().is_ok());
    /// assert!(Sampler::EulerMaruyama { steps: 0, grid: Grid::LogSnr, denoise: true }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        match self.way() {
            Way::Flow(tolerance, _) if !tolerance.is_usable() => Err(wrong("tolerance", "must be positive and finite")),
            Way::Flow(_, Limits { steps: 0 }) => Err(wrong("step_limit", "must be at least 1")),
            Way::Steps(Steps { steps: 0, .. }) => Err(wrong("steps", "must be at least 1")),
            Way::Steps(Steps { steps, .. }) if steps > MOST_STEPS => {
                Err(wrong("steps", &format!("must be at most {MOST_STEPS}")))
            }
            Way::Steps(Steps { recipe: Recipe::Corrected(_, _, snr), .. }) if !(snr > 0.0 && snr < 1.0) => {
                Err(wrong("snr", "must lie between 0 and 1, both excluded"))
            }
            _ => Ok(()),
        }
    }

    /// What it amounts to.
    pub(super) fn way(&self) -> Way {
        let (steps, grid, denoise, recipe) = match *self {
            Self::ProbabilityFlow { tolerance, step_limit } => {
                return Way::Flow(tolerance, Limits { steps: step_limit });
            }
            Self::EulerMaruyama { steps, grid, denoise } => (steps, grid, denoise, Recipe::EulerMaruyama),
            Self::ReverseDiffusion { steps, grid, denoise } => (steps, grid, denoise, Recipe::ReverseDiffusion),
            Self::PredictorCorrector { predictor, steps, grid, corrector_steps, snr, denoise } => {
                (steps, grid, denoise, Recipe::Corrected(predictor, corrector_steps, snr))
            }
            Self::Heun { steps, grid, denoise } => (steps, grid, denoise, Recipe::Heun),
            Self::DpmSolverPp { steps, grid, lower_order_final, denoise } => {
                (steps, grid, denoise, Recipe::DpmSolver(lower_order_final))
            }
        };
        Way::Steps(Steps { steps, grid, denoise, recipe })
    }
}

/// A setting that cannot be used.
pub(super) fn wrong(key: &str, reason: &str) -> Error {
    Error::Config { origin: "sampler".into(), key: key.into(), reason: reason.into() }
}
