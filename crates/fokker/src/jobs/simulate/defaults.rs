//! What the model's data say about the dynamics.

use std::path::Path;

use super::super::run::Run;
use crate::Error;
use crate::data::{DataConfig, DataError, PotentialConfig};
use crate::density::potential::Potential;
use crate::simulate::Dynamics;

/// Δt, kT, mass and friction of the potential whose trajectory the model was trained on, from the run's config; `None` if there is none
/// (the model is a file by itself), or its data are not of a potential.
///
/// # Errors
/// If there is a config that cannot be read.
pub(super) fn defaults(run: &Path) -> Result<Option<Dynamics>, Error> {
    if !run.is_dir() {
        return Ok(None);
    }
    let (_, config) = Run::open(run)?;
    let DataConfig::Potential(config) = &config.data else { return Ok(None) };
    let PotentialConfig { potential, dim, kt, dt, mass, friction, .. } = *config;
    let potential = Potential::new(potential, dim, kt).map_err(DataError::from)?;
    let usual = potential.dynamics();
    Ok(Some(Dynamics {
        dt: dt.unwrap_or(usual.dt),
        kt: potential.kt(),
        mass: mass.unwrap_or(usual.mass),
        friction: friction.unwrap_or(usual.friction),
    }))
}
