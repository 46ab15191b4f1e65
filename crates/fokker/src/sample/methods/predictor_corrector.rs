//! Predictor–corrector sampling: after each step of a predictor, steps of Langevin dynamics at the new time.

use serde::{Deserialize, Serialize};

use super::super::field::Field;
use super::super::method::{FIXED, FixedStep, FixedSteps, Method, Plan, Setting, Values, require_times};
use super::super::request::wrong;
use super::super::time_grid::TimeGrid;
use super::euler_maruyama::ReverseEulerMaruyama;
use super::reverse_diffusion::ReverseTransition;
use crate::Error;

/// After each step of a predictor, `corrector_steps` steps of Langevin dynamics at the new time,
/// x ← x + e s + √(2e) z with e = 2 (snr σ)² (Song et al. 2021, arXiv 2011.13456, algorithms 2 to 5): 1 + `corrector_steps` evaluations
/// a step.
///
/// The published step is e = 2 (snr ‖z‖/‖s‖)², the norms averaged over the batch. Here stand their values in the mean, √D
/// and √D/σ, so that a row does not depend on its batch mates; a row's own norms would spoil the stationary law. The dynamics
/// leave q_t as it is up to a share of the order of snr²: a Gaussian of variance v gets variance v/(1 − (snr σ)²/v).
///
/// ```
/// use fokker::sample::{PredictorCorrector, Sampler};
/// assert!(Sampler::from(PredictorCorrector { snr: 1.0, ..PredictorCorrector::default() }).validate().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PredictorCorrector {
    /// What takes the step.
    pub predictor: Predictor,
    /// Number of steps.
    pub steps: usize,
    /// Where they lie.
    pub grid: TimeGrid,
    /// Langevin steps after each.
    pub corrector_steps: usize,
    /// Signal-to-noise ratio r of a Langevin step, in (0, 1): the dynamics are stable below 1.
    pub snr: f64,
    /// Ends with E\[x₀ | x\].
    pub denoise: bool,
}

impl Default for PredictorCorrector {
    /// 500 steps of reverse diffusion in ln(m/σ), one Langevin step of snr 0.16 after each, denoised.
    fn default() -> Self {
        Self {
            predictor: Predictor::default(),
            steps: 500,
            grid: TimeGrid::LogSnr,
            corrector_steps: 1,
            snr: 0.16,
            denoise: true,
        }
    }
}

/// The steps between which [`PredictorCorrector`] corrects. In TOML `reverse-diffusion` or `euler-maruyama`.
///
/// ```
/// assert_eq!(fokker::sample::Predictor::default(), fokker::sample::Predictor::ReverseDiffusion);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// As [`ReverseDiffusion`](super::ReverseDiffusion).
    #[default]
    ReverseDiffusion,
    /// As [`EulerMaruyama`](super::EulerMaruyama).
    EulerMaruyama,
}

impl Method for PredictorCorrector {
    const ABOUT: &'static str = "Reverse diffusion with Langevin steps after each step";

    const SETTINGS: &'static [Setting] = &[
        FIXED[0],
        FIXED[1],
        FIXED[2],
        Setting {
            key: "corrector_steps",
            about: "Langevin steps of predictor-corrector after each step",
            values: Values::Count,
        },
        Setting { key: "snr", about: "Signal-to-noise ratio of the Langevin steps, below 1", values: Values::Real },
    ];

    fn plan(&self) -> Result<Plan, Error> {
        let Self { predictor, steps, grid, corrector_steps, snr, denoise } = *self;
        let start = move || Corrected::new(predictor, corrector_steps, snr);
        let fixed = FixedSteps::new(steps, grid, denoise, start)?.markov();
        require_times("corrector_steps", corrector_steps, steps)?;
        if !(snr > 0.0 && snr < 1.0) {
            return Err(wrong("snr", "must lie between 0 and 1, both excluded"));
        }
        Ok(Plan::Steps(fixed))
    }
}

/// What takes the steps.
struct Corrected {
    predictor: Box<dyn FixedStep>,
    corrector: Langevin,
    corrector_steps: usize,
}

impl Corrected {
    fn new(predictor: Predictor, corrector_steps: usize, snr: f64) -> Self {
        let predictor: Box<dyn FixedStep> = match predictor {
            Predictor::ReverseDiffusion => Box::new(ReverseTransition::default()),
            Predictor::EulerMaruyama => Box::new(ReverseEulerMaruyama::default()),
        };
        Self { predictor, corrector: Langevin::new(snr), corrector_steps }
    }
}

impl FixedStep for Corrected {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        self.predictor.step(field, grid, at, x);
        for _ in 0..self.corrector_steps {
            self.corrector.step(field, grid[at + 1], x);
        }
    }
}

/// Unadjusted Langevin dynamics at one time, x ← x + e s + √(2e) z, e = 2 (snr σ)².
///
/// Song et al. 2021 (arXiv 2011.13456, algorithms 4 and 5) take e = 2 α (snr ‖z‖/‖s‖)², the norms averaged over the batch, so that
/// a row would depend on its batch mates. The row's own norms would not do instead: a step that depends on x and z has another
/// stationary law, and near a mode, where ‖s‖ vanishes, no finite one at all in few dimensions. Here stand what the norms are in the
/// mean: E‖z‖² = D, and E‖s‖² = D/σ², which it never exceeds (s = −E\[z | x\]/σ) and which it is where the noise is wider than
/// the data or the data lie on few dimensions. The step is never longer than the published one would be in a large batch, and
/// stable for snr < 1, because −∇² log q_t ≼ I/σ². α = 1 − β_i, 1 for VE and near 1 for VP, is left out.
pub(in crate::sample) struct Langevin {
    snr: f64,
    score: Vec<f64>,
    noise: Vec<f64>,
}

impl Langevin {
    pub fn new(snr: f64) -> Self {
        Self { snr, score: Vec::new(), noise: Vec::new() }
    }

    /// One step at time `t`.
    pub fn step(&mut self, field: &mut dyn Field, t: f64, x: &mut [f64]) {
        let length = 2.0 * (self.snr * field.sde().at(t).sigma).powi(2);
        self.noise.resize(x.len(), 0.0);
        field.score(t, x, &mut self.score);
        field.noise(&mut self.noise);
        let spread = (2.0 * length).sqrt();
        for ((x, s), z) in x.iter_mut().zip(&self.score).zip(&self.noise) {
            *x += length * s + spread * z;
        }
    }
}
