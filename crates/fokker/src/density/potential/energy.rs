//! A potential at a temperature: its energy, its force, and what is usual for it.

use super::basin::Basin;
use super::error::{PotentialError, number};
use super::langevin::Dynamics;
use super::name::PotentialName;
use super::two_gaussians::{MEANS, WEIGHTS};
use super::{mueller_brown, two_gaussians};
use crate::density::mixture::Mixture;

/// Height of the double well's barrier, in units of energy: three kT at its usual temperature.
const BARRIER: f64 = 3.0;

/// Stiffness of the double well's other coordinates: their variance is kT over this.
const STIFFNESS: f64 = 1.0;

/// The highest dimension of a double well.
const MOST_DIM: usize = 10_000;

/// How many times lower or higher than usual a temperature may be.
const TEMPERATURES: f64 = 10.0;

/// A potential U(x) on R^D at a temperature kT, in one unit of energy: the density is p(x) = e^{−U(x)/kT}/Z.
///
/// | potential | U | usual kT, mass, friction, Δt | start | basins |
/// | --- | --- | --- | --- | --- |
/// | `mueller-brown` | Σ A e^{a(x−X)² + b(x−X)(y−Y) + c(y−Y)²}, four terms (Müller & Brown 1979) | 23, 0.5, 1, 5e-3 (those of Plainer et al. 2025, ScoreMD) | (−0.55828035, 1.44169) | x below and above −0.2 |
/// | `double-well` | 3 (x₀² − 1)² + ½ Σ_{i>0} xᵢ² | 1, 1, 1, 5e-3 | (1, 0, …) | x₀ below and above 0 |
/// | `gaussian-mixture` | −ln (N((−5, −5), I)/5 + 4 N((5, 5), I)/5) | 1, 1, 1, 5e-3 | (5, 5) | x below and above 0 |
///
/// ```
/// use fokker::density::potential::{Potential, PotentialName};
/// let potential = Potential::new(PotentialName::DoubleWell, Some(3), None)?;
/// assert_eq!((potential.dim(), potential.kt()), (3, 1.0));
/// assert_eq!(potential.energy(&[0.0, 0.0, 2.0]), 3.0 + 2.0);
/// let mut force = [0.0; 3];
/// potential.force(&[0.5, 0.0, 2.0], &mut force);
/// assert_eq!(force, [4.5, 0.0, -2.0]);
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Potential {
    name: PotentialName,
    dim: usize,
    kt: f64,
}

impl Potential {
    /// The potential of this name; `None` is what is usual for it (of the double well's dimension: 2).
    ///
    /// # Errors
    /// [`PotentialError::Parameter`]: a dimension that the potential has not (the double well has 1 to 10,000), or kT not within a
    /// tenth of and ten times the usual one, for which the quadrature is made.
    pub fn new(name: PotentialName, dim: Option<usize>, kt: Option<f64>) -> Result<Self, PotentialError> {
        let dim = dim.unwrap_or(2);
        let reason = match name {
            PotentialName::DoubleWell if (1..=MOST_DIM).contains(&dim) => None,
            PotentialName::DoubleWell => Some(format!("must be between 1 and {MOST_DIM}")),
            _ if dim == 2 => None,
            _ => Some("must be 2, the potential's dimension".into()),
        };
        if let Some(reason) = reason {
            #[allow(clippy::cast_precision_loss)]
            return Err(PotentialError::Parameter { key: "dim", value: dim as f64, reason });
        }
        let usual = if name == PotentialName::MuellerBrown { 23.0 } else { 1.0 };
        let kt = kt.unwrap_or(usual);
        number("kt", kt, usual / TEMPERATURES, usual * TEMPERATURES)?;
        Ok(Self { name, dim, kt })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> PotentialName {
        self.name
    }

    /// D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// kT, in the units of U.
    #[must_use]
    pub fn kt(&self) -> f64 {
        self.kt
    }

    /// U(x), in the units of kT. `x` has [`Potential::dim`] values.
    ///
    /// ```
    /// # use fokker::density::potential::{Potential, PotentialName};
    /// let potential = Potential::new(PotentialName::MuellerBrown, None, None)?;
    /// // The deepest minimum.
    /// assert!((potential.energy(&[-0.558224, 1.441726]) + 146.699517).abs() < 1e-6);
    /// # Ok::<(), fokker::density::potential::PotentialError>(())
    /// ```
    ///
    /// # Panics
    /// If `x` has fewer values than the potential's wells need: 2, or 1 for the double well.
    #[must_use]
    pub fn energy(&self, x: &[f64]) -> f64 {
        match self.name {
            PotentialName::MuellerBrown => mueller_brown::energy(x[0], x[1]),
            PotentialName::DoubleWell => {
                let rest: f64 = x[1..].iter().map(|x| x * x).sum();
                BARRIER * (x[0] * x[0] - 1.0).powi(2) + 0.5 * STIFFNESS * rest
            }
            PotentialName::GaussianMixture => two_gaussians::energy(x[0], x[1]),
        }
    }

    /// The force F = −∇U at `x` into `force`, both of [`Potential::dim`] values.
    ///
    /// # Panics
    /// As for [`Potential::energy`].
    pub fn force(&self, x: &[f64], force: &mut [f64]) {
        match self.name {
            PotentialName::MuellerBrown => force[..2].copy_from_slice(&mueller_brown::force(x[0], x[1])),
            PotentialName::DoubleWell => {
                force[0] = -4.0 * BARRIER * x[0] * (x[0] * x[0] - 1.0);
                force[1..].iter_mut().zip(&x[1..]).for_each(|(f, x)| *f = -STIFFNESS * x);
            }
            PotentialName::GaussianMixture => force[..2].copy_from_slice(&two_gaussians::force(x[0], x[1])),
        }
    }

    /// The usual mass, friction and time step.
    #[must_use]
    pub fn dynamics(&self) -> Dynamics {
        let mass = if self.name == PotentialName::MuellerBrown { 0.5 } else { 1.0 };
        Dynamics { mass, friction: 1.0, dt: 5e-3 }
    }

    /// Where trajectories start: D values.
    #[must_use]
    pub fn start(&self) -> Vec<f64> {
        match self.name {
            PotentialName::MuellerBrown => vec![-0.558_280_35, 1.441_69],
            PotentialName::DoubleWell => (0..self.dim).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect(),
            PotentialName::GaussianMixture => vec![MEANS[1]; 2],
        }
    }

    /// The two basins.
    #[must_use]
    pub fn basins(&self) -> [Basin; 2] {
        Basin::halves(if self.name == PotentialName::MuellerBrown { -0.2 } else { 0.0 })
    }

    /// e^{−U/kT}/Z as a Gaussian mixture, if it is one: the `gaussian-mixture` at kT = 1.
    #[must_use]
    pub fn mixture(&self) -> Option<Mixture> {
        if self.name != PotentialName::GaussianMixture || self.kt != 1.0 {
            return None;
        }
        Mixture::isotropic(&WEIGHTS, &MEANS.map(|mean| vec![mean; 2]), 1.0).ok()
    }

    /// How many of the first coordinates need quadrature.
    pub(super) fn wells_dim(&self) -> usize {
        if self.name == PotentialName::DoubleWell { 1 } else { 2 }
    }

    /// The variance of each coordinate that needs none, which are independent and Gaussian.
    pub(super) fn rest_variance(&self) -> f64 {
        self.kt / STIFFNESS
    }

    /// A region that has all of e^{−U/kT} but for rounding, at every temperature that may be; the second range is of no use in one dimension.
    pub(super) fn region(&self) -> [[f64; 2]; 2] {
        match self.name {
            PotentialName::MuellerBrown => [[-5.5, 3.5], [-3.5, 5.5]],
            PotentialName::DoubleWell => [[-5.0, 5.0], [-0.5, 0.5]],
            PotentialName::GaussianMixture => [[-40.0, 40.0]; 2],
        }
    }
}
