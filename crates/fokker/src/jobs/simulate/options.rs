//! What is asked for, and whether it can be.

use std::path::PathBuf;

use super::super::error::JobError;
use crate::memory;
use crate::sample;
use crate::sde::{Sde, T_MAX};
use crate::simulate::{Dynamics, Integrator};

/// Numbers of a coordinate of a chain: in states, twice, and on its way, with its gradient, a proposal and that one's.
const NUMBERS: usize = 12;

/// More steps than these take months of the fastest machine.
const MOST_STEPS: u64 = 1_000_000_000_000;

/// How [`simulate`](super::simulate) simulates.
///
/// ```
/// use fokker::jobs::SimulateOptions;
/// let options = SimulateOptions { dt: Some(0.01), ..SimulateOptions::of(100, 1000, 50) };
/// assert_eq!((options.frames(), options.integrator.name, options.kt), (20, "baoab", None));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateOptions {
    /// Chains.
    pub chains: usize,
    /// Steps of each.
    pub steps: u64,
    /// Steps from one frame to the next, and to the first.
    pub save_every: u64,
    /// How steps are taken.
    pub integrator: Integrator,
    /// The time step; `None`: that of the potential that the model's data are of, if they are.
    pub dt: Option<f64>,
    /// The temperature kT; `None`: the potential's, else 1.
    pub kt: Option<f64>,
    /// The mass; `None`: the potential's, else 1.
    pub mass: Option<f64>,
    /// The friction γ; `None`: the potential's, else 1.
    pub friction: Option<f64>,
    /// The diffusion time of the density, dimensionless; `None`: the SDE's t_min.
    pub t: Option<f64>,
    /// The file of the points that chains start from, one for all or one for each, in the units of the training data; `None`: samples of
    /// the model.
    pub start: Option<PathBuf>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Whether what an earlier call left in `FILE.part` is gone on with; else it is an error.
    pub resume: bool,
    /// Threads; 0: all.
    pub threads: usize,
}

impl SimulateOptions {
    /// So many chains and steps, with a frame every `save_every` steps, and everything else by default.
    #[must_use]
    pub fn of(chains: usize, steps: u64, save_every: u64) -> Self {
        Self {
            chains,
            steps,
            save_every,
            integrator: Integrator::default(),
            dt: None,
            kt: None,
            mass: None,
            friction: None,
            t: None,
            start: None,
            seed: 0,
            resume: false,
            threads: 0,
        }
    }

    /// Frames: after every `save_every` steps; steps after the last are not taken.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.steps.checked_div(self.save_every).unwrap_or(0)
    }

    /// Steps that are taken.
    pub(super) fn last_step(&self) -> u64 {
        self.frames() * self.save_every
    }

    /// Refuses options outside their range.
    pub(super) fn check(&self) -> Result<(), JobError> {
        let counts = [("n", self.chains == 0), ("steps", self.steps == 0), ("save-every", self.save_every == 0)];
        if let Some((option, _)) = counts.iter().find(|(_, is_zero)| *is_zero) {
            return Err(JobError::option(*option, "must be at least 1"));
        }
        if self.steps > MOST_STEPS {
            return Err(JobError::option(format!("steps {}", self.steps), format!("must be at most {MOST_STEPS}")));
        }
        if self.save_every > self.steps {
            let reason = format!("no frame in --steps {}: must be at most that", self.steps);
            return Err(JobError::option(format!("save-every {}", self.save_every), reason));
        }
        let numbers = [self.dt, self.kt, self.mass, self.friction].map(|number| number.unwrap_or(1.0));
        let [dt, kt, mass, friction] = numbers;
        refuse_fault(&Dynamics { dt, kt, mass, friction })
    }

    /// Δt, kT, mass and friction: as given, or else as `defaults` has them.
    pub(super) fn dynamics(&self, defaults: Option<Dynamics>) -> Result<Dynamics, JobError> {
        let Some(dt) = self.dt.or(defaults.map(|of| of.dt)) else {
            return Err(JobError::option("dt", "needed: this model's data say no time step"));
        };
        let usual = defaults.unwrap_or(Dynamics::of(dt));
        let found = Dynamics {
            dt,
            kt: self.kt.unwrap_or(usual.kt),
            mass: self.mass.unwrap_or(usual.mass),
            friction: self.friction.unwrap_or(usual.friction),
        };
        refuse_fault(&found).map(|()| found)
    }

    /// The diffusion time of the density.
    pub(super) fn time(&self, sde: &Sde) -> Result<f64, JobError> {
        match self.t {
            None => Ok(sde.t_min()),
            Some(t) if t > 0.0 && t <= T_MAX => Ok(t),
            Some(t) => Err(JobError::option(format!("t {t}"), "must be in (0, 1]")),
        }
    }

    /// Refuses more chains, or longer arrays, than there may be; `dim` is the model's dimension.
    pub(super) fn require_memory(&self, dim: usize) -> Result<(), JobError> {
        let bytes = sample::bytes(self.chains, dim, 0).saturating_add(memory::product(&[self.chains, dim, NUMBERS, 8]));
        memory::require(&format!("n {}", self.chains), bytes).map_err(JobError::TooLarge)?;
        let frames = usize::try_from(self.frames()).unwrap_or(usize::MAX);
        if memory::product(&[frames, self.chains, dim, 8]) >= 1 << 60 {
            return Err(JobError::option(format!("steps {}", self.steps), "more frames than a file can hold"));
        }
        Ok(())
    }
}

fn refuse_fault(dynamics: &Dynamics) -> Result<(), JobError> {
    match dynamics.fault() {
        None => Ok(()),
        Some((key, value)) => Err(JobError::option(format!("{key} {value}"), "must be positive and finite")),
    }
}
