//! U = −ln p of a mixture of two Gaussians of unit covariance.

use crate::sde::LN_2PI;

/// The weights.
pub(super) const WEIGHTS: [f64; 2] = [0.2, 0.8];

/// Both coordinates of each mean.
pub(super) const MEANS: [f64; 2] = [-5.0, 5.0];

/// U.
pub(super) fn energy(x: f64, y: f64) -> f64 {
    let [one, other] = logs(x, y);
    let most = one.max(other);
    LN_2PI - most - ((one - most).exp() + (other - most).exp()).ln()
}

/// −∇U = Σ r (μ − x), r the posterior weights of the components.
pub(super) fn force(x: f64, y: f64) -> [f64; 2] {
    let [one, other] = logs(x, y);
    let r = 1.0 / (1.0 + (other - one).exp());
    let mean = r * MEANS[0] + (1.0 - r) * MEANS[1];
    [mean - x, mean - y]
}

/// ln w − ½‖x − μ‖² of each component.
fn logs(x: f64, y: f64) -> [f64; 2] {
    [0, 1].map(|k| WEIGHTS[k].ln() - 0.5 * ((x - MEANS[k]).powi(2) + (y - MEANS[k]).powi(2)))
}
