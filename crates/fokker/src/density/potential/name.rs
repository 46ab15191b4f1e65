//! Names of the potentials.

use serde::{Deserialize, Serialize};

/// The potentials there are, by the names that configurations use.
///
/// ```
/// use fokker::density::potential::PotentialName;
/// let name: PotentialName = serde_json::from_str("\"double-well\"")?;
/// assert_eq!(name, PotentialName::DoubleWell);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PotentialName {
    /// Müller & Brown 1979, Theor. Chim. Acta 53: a sum of four Gaussians in the plane with three minima.
    #[default]
    MuellerBrown,
    /// 3 (x₀² − 1)² + ½ Σ_{i>0} xᵢ²: two wells of equal weight at x₀ = ±1, harmonic in all other coordinates.
    DoubleWell,
    /// −ln of a mixture of two Gaussians of unit covariance in the plane, at (−5, −5) with weight 1/5 and at (5, 5) with weight 4/5.
    GaussianMixture,
}
