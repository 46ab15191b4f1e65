//! What an integrator is.

use std::fmt;

use super::density::LogDensityEvaluator;
use super::draws::Draws;
use super::dynamics::Dynamics;
use super::integrators::ALL;
use super::walkers::Walkers;

/// How steps are taken: one of [`Integrator::all`].
///
/// ```
/// use fokker::simulate::Integrator;
/// assert_eq!(Integrator::default().name, "baoab");
/// assert!(Integrator::named("mala").is_some_and(|mala| mala.needs_values && !mala.has_velocities));
/// assert!(Integrator::named("verlet").is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Integrator {
    /// Its name.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether chains have velocities.
    pub has_velocities: bool,
    /// Whether it needs log q, and not its gradient alone. Such an integrator proposes steps, which are accepted or not.
    pub needs_values: bool,
    /// Makes what takes the steps.
    pub(super) start: fn(&Dynamics) -> Box<dyn Step + Send>,
}

impl Integrator {
    /// Those that there are.
    #[must_use]
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|integrator| integrator.name == name).copied()
    }
}

impl Default for Integrator {
    /// The most exact one that needs no log q.
    fn default() -> Self {
        super::integrators::DEFAULT
    }
}

impl PartialEq for Integrator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Integrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Takes steps.
pub(super) trait Step {
    /// Takes one step of all chains. Their gradients (and log-densities, where these are needed) are those at their positions before, and
    /// have to be those at their positions after.
    fn step(&mut self, chains: &mut Walkers, density: &mut dyn LogDensityEvaluator, draws: &mut dyn Draws);
}
