//! Langevin dynamics with the force kT ∇ log q of a density q that is known by its gradient.
//!
//! Whatever kT is, the density that these dynamics leave alone is q itself: the potential is U = −kT log q. Two kinds of it, with mass m
//! and friction γ (Leimkuhler & Matthews 2015, *Molecular Dynamics*, chapter 6):
//!
//! > underdamped  dx = v dt,  m dv = F dt − γ m v dt + √(2 γ m kT) dW;  overdamped  dx = F/(mγ) dt + √(2kT/(mγ)) dW
//!
//! | | |
//! | --- | --- |
//! | [`LogDensity`] | what drives them: ∇ log q, and log q where it is known |
//! | [`ScoreGradient`], [`LogDensityFn`] | that of a score at one time, and of a function of the caller's own |
//! | [`Dynamics`], [`Integrator`] | Δt, kT, m, γ; how steps are taken |
//! | [`Simulation`] | many chains on their way; [`ChainOutcome`]: what became of each |
//!
//! Each chain draws from its own streams, one for each step, so where it goes depends on no other chain, on no thread, and not on where it was
//! interrupted. Units: x in those of the data, time in √(m x²/kT), as the numbers given to [`Dynamics`] are.

mod closure;
mod density;
mod draws;
mod dynamics;
mod integrator;
mod integrators;
mod outcome;
mod score;
mod simulation;
mod state;
mod walkers;

#[cfg(test)]
mod tests;

pub use closure::LogDensityFn;
pub use density::{LogDensity, LogDensityEvaluator};
pub use dynamics::Dynamics;
pub use integrator::Integrator;
pub use outcome::ChainOutcome;
pub use score::ScoreGradient;
pub use simulation::Simulation;
pub use state::State;
