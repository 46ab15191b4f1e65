//! Everything that is measured on a score, a file each: a new figure is a file of its own and a line here.

mod asymmetry;
mod baselines;
mod basis;
mod bound_gap;
mod columns;
mod density;
mod generalisation;
mod likelihood;
mod memorisation;
mod potential;
mod residual;
mod samples;
mod score_error;
mod simulation;

use fokker_jet::Real;

use super::measurement::Measurement;
use crate::figure::Definition;

#[cfg(test)]
pub(super) use residual::residuals;

/// All measurements, in the order in which their figures are shown.
pub(super) fn registry<F: Real>() -> Vec<Measurement<F>> {
    vec![
        basis::measurement(),
        residual::average(),
        residual::measurement(),
        asymmetry::measurement(),
        score_error::measurement(),
        likelihood::measurement(),
        baselines::measurement(),
        generalisation::measurement(),
        bound_gap::measurement(),
        density::measurement(),
        density::normaliser(),
        potential::measurement(),
        simulation::measurement(),
        samples::measurement(),
        columns::measurement(),
        memorisation::measurement(),
        likelihood::counts(),
    ]
}

/// Every figure that an audit gives, in the order in which they are shown.
///
/// ```
/// let keys: Vec<&str> = fokker::audit::definitions().iter().map(|definition| definition.key).collect();
/// assert!(keys.contains(&"nll") && keys.contains(&"residual"));
/// ```
#[must_use]
pub fn definitions() -> Vec<&'static Definition> {
    registry::<f32>().into_iter().flat_map(|measurement| measurement.figures).collect()
}
