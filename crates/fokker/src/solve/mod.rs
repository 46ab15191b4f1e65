//! Steppers for ordinary and stochastic differential equations. They know no diffusion.
//!
//! [`Dopri5`] integrates many trajectories of one system at once, each with its own adaptive step; [`EulerMaruyama`] takes fixed
//! steps with additive noise. How a trajectory ended is a value, [`Outcome`], that callers must look at.

mod control;
mod dopri5;
mod euler_maruyama;
mod outcome;
mod rounding;
mod row;
mod system;
mod tableau;
mod tolerance;

pub use dopri5::Dopri5;
pub use euler_maruyama::{EulerMaruyama, NoisySystem};
pub use outcome::{Outcome, Trajectory};
pub use system::{Step, System};
pub(crate) use tolerance::rms;
pub use tolerance::{Limits, Tolerance};

#[cfg(test)]
mod tests;
