//! What a sampler is: settings, what can be said of them, and the steps that they come to.

use super::field::Field;
use super::request::wrong;
use super::time_grid::TimeGrid;
use crate::Error;
use crate::solve::{Limits, Tolerance};

/// More steps than these are a slip of the pen.
const MOST_STEPS: usize = 10_000_000;

/// More of anything that each step is taken, or corrected, times.
const MOST_TIMES: usize = 10_000;

/// And more steps of any kind for a sample: days.
const MOST_IN_ALL: usize = 1_000_000_000;

/// Refuses to take each of `steps` steps too often; `key` says how often.
///
/// # Errors
/// [`Error::Config`].
pub(super) fn require_times(key: &str, times: usize, steps: usize) -> Result<(), Error> {
    if times > MOST_TIMES {
        return Err(wrong(key, &format!("must be at most {MOST_TIMES}")));
    }
    if steps.saturating_mul(times) > MOST_IN_ALL {
        return Err(wrong(key, &format!("{times} for each of {steps} steps: more than {MOST_IN_ALL} in all")));
    }
    Ok(())
}

/// The settings of one kind of sampler. Its file holds these, their defaults, what is said of them, and its steps; the registry,
/// `methods/mod.rs`, names it.
pub(super) trait Method {
    /// One line about it.
    const ABOUT: &'static str;

    /// The settings that a program may offer as options.
    const SETTINGS: &'static [Setting];

    /// What the settings come to.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault.
    fn plan(&self) -> Result<Plan, Error>;
}

/// What a sampler's settings come to.
pub(super) enum Plan {
    /// The adaptive probability-flow ODE.
    Adaptive(Tolerance, Limits),
    /// Fixed steps along a grid of times.
    Steps(FixedSteps),
}

impl Plan {
    /// The same as fixed steps, if it is such.
    pub fn steps(self) -> Option<FixedSteps> {
        match self {
            Self::Steps(steps) => Some(steps),
            Self::Adaptive(..) => None,
        }
    }
}

/// Makes what takes the steps of a chunk, at rest.
pub(super) type Start = Box<dyn Fn() -> Box<dyn FixedStep> + Send + Sync>;

/// Fixed steps along a grid of times, whatever takes them.
pub(super) struct FixedSteps {
    pub steps: usize,
    pub grid: TimeGrid,
    /// Ends with x ← E\[x₀ | x\].
    pub denoise: bool,
    /// Does each step draw noise, and depend on none before it?
    pub is_markov: bool,
    pub start: Start,
}

impl FixedSteps {
    /// From the settings that all have; `start` makes what takes the steps. Not Markov.
    ///
    /// # Errors
    /// [`Error::Config`] for no steps, or more than 10⁷.
    pub fn new<S: FixedStep + 'static>(
        steps: usize, grid: TimeGrid, denoise: bool, start: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let start: Start = Box::new(move || Box::new(start()));
        match steps {
            0 => Err(wrong("steps", "must be at least 1")),
            1..=MOST_STEPS => Ok(Self { steps, grid, denoise, is_markov: false, start }),
            _ => Err(wrong("steps", &format!("must be at most {MOST_STEPS}"))),
        }
    }

    /// Says that each step draws noise, and depends on none before it.
    pub fn markov(self) -> Self {
        Self { is_markov: true, ..self }
    }
}

/// Takes fixed steps, and remembers what it must from one to the next.
pub(super) trait FixedStep {
    /// Takes `x` (`rows × D`) from time `grid[at]` to `grid[at + 1]`.
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]);
}

/// A setting of a sampler that a program may offer as an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in TOML.
    pub key: &'static str,
    /// One line about it; of a switch, about turning it off.
    pub about: &'static str,
    /// What its values are.
    pub values: Values,
}

/// What the values of a [`Setting`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Whole numbers from 0.
    Count,
    /// Real numbers.
    Real,
    /// A [`Tolerance`].
    Tolerance,
    /// Yes or no; yes by default.
    Switch,
    /// One of some names, each with a line about it.
    Choice(&'static [(&'static str, &'static str)]),
}

/// The settings of all fixed-step samplers.
pub(super) const FIXED: [Setting; 3] = [
    Setting { key: "steps", about: "Fixed steps", values: Values::Count },
    Setting { key: "grid", about: "Where fixed steps lie", values: Values::Choice(TimeGrid::CHOICES) },
    Setting { key: "denoise", about: "Keep the noise that is left after fixed steps", values: Values::Switch },
];
