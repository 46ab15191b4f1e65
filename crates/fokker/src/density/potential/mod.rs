//! Potentials U at a temperature kT: their density p = e^{−U/kT}/Z by quadrature, exact draws, and Langevin trajectories.
//!
//! A [`Potential`] gives U and the force −∇U; [`KnownDensity`] the normalised ln p, the score and the basins' probabilities;
//! [`trajectory`] what a molecular simulation would see of it. As data: [`DataConfig::Potential`](crate::data::DataConfig::Potential).
//! Everything is f64 and in the potential's own units.

mod basin;
mod energy;
mod envelope;
mod error;
mod grid;
mod known;
mod langevin;
mod mueller_brown;
mod name;
mod quadrature;
mod two_gaussians;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use basin::Basin;
pub use energy::Potential;
pub use error::PotentialError;
pub use known::KnownDensity;
pub use langevin::{Dynamics, Integrator, trajectory};
pub use name::PotentialName;
pub use quadrature::Quadrature;
