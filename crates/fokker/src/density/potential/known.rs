//! e^{−U/kT}/Z, normalised, with exact draws.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::basin::Basin;
use super::energy::Potential;
use super::envelope::Envelope;
use super::error::PotentialError;
use super::quadrature::Quadrature;
use crate::sde::LN_2PI;

/// The density p(x) = e^{−U(x)/kT}/Z of a potential, in its own coordinates and at t = 0: the truth that models of it are held against.
///
/// Z and the basins' probabilities come from [`Quadrature`] over the coordinates that have wells; the others of a double well are
/// independent of them and Gaussian, so that nothing is approximate in any dimension.
///
/// ```
/// use fokker::density::potential::{KnownDensity, Potential, PotentialName};
/// use fokker::rng::Streams;
/// let known = KnownDensity::new(&Potential::new(PotentialName::GaussianMixture, None, None)?)?;
/// // U is −ln of a density, and kT = 1: Z = 1.
/// assert!(known.ln_z().abs() < 1e-9);
/// let masses = known.masses();
/// assert_eq!(masses[1].0.name, "right");
/// assert!((masses[1].1 - 0.8).abs() < 1e-6);
/// let mut x = [0.0; 2];
/// known.sample(&mut Streams::new(0).named("draws"), &mut x);
/// assert!(known.log_density(&x) > -20.0);
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KnownDensity {
    potential: Potential,
    quadrature: Quadrature,
    envelope: Envelope,
    ln_z: f64,
}

impl KnownDensity {
    /// Integrates e^{−U/kT}.
    ///
    /// # Errors
    /// As for [`Quadrature::new`].
    pub fn new(potential: &Potential) -> Result<Self, PotentialError> {
        let quadrature = Quadrature::new(potential)?;
        let envelope = Envelope::new(potential);
        let rest = 0.5 * (LN_2PI + potential.rest_variance().ln());
        let ln_z = quadrature.ln_z() + rest_dim(potential) * rest;
        Ok(Self { potential: potential.clone(), quadrature, envelope, ln_z })
    }

    /// The potential.
    #[must_use]
    pub fn potential(&self) -> &Potential {
        &self.potential
    }

    /// The quadrature over the coordinates that have wells.
    #[must_use]
    pub fn quadrature(&self) -> &Quadrature {
        &self.quadrature
    }

    /// The least and the greatest value of each coordinate beyond which the density is as good as 0: those of the quadrature, and eight
    /// standard deviations of the Gaussian ones.
    #[must_use]
    pub fn ranges(&self) -> Vec<[f64; 2]> {
        let reach = 8.0 * self.potential.rest_variance().sqrt();
        let wells = self.quadrature.ranges().iter().copied();
        wells.chain(std::iter::repeat([-reach, reach])).take(self.dim()).collect()
    }

    /// D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.potential.dim()
    }

    /// ln Z = ln ∫ e^{−U/kT} dx, nats.
    #[must_use]
    pub fn ln_z(&self) -> f64 {
        self.ln_z
    }

    /// ln p(x) = −U(x)/kT − ln Z, nats; `x` has [`KnownDensity::dim`] values.
    ///
    /// # Panics
    /// As for [`Potential::energy`].
    #[must_use]
    pub fn log_density(&self, x: &[f64]) -> f64 {
        -self.potential.energy(x) / self.potential.kt() - self.ln_z
    }

    /// The score ∇ ln p = −∇U/kT at `x` into `score`, both of [`KnownDensity::dim`] values.
    ///
    /// # Panics
    /// As for [`Potential::energy`].
    pub fn score(&self, x: &[f64], score: &mut [f64]) {
        self.potential.force(x, score);
        score.iter_mut().for_each(|s| *s /= self.potential.kt());
    }

    /// The basins and their probabilities.
    #[must_use]
    pub fn masses(&self) -> [(Basin, f64); 2] {
        self.potential.basins().map(|basin| (basin, self.quadrature.mass(&basin)))
    }

    /// The differential entropy −E ln p = ln Z + E U/kT, nats.
    ///
    /// ```
    /// # use fokker::density::potential::{KnownDensity, Potential, PotentialName};
    /// let known = KnownDensity::new(&Potential::new(PotentialName::GaussianMixture, None, None)?)?;
    /// // Two Gaussians that do not overlap: that of one and that of the choice.
    /// let entropy = 1.0 + (2.0 * std::f64::consts::PI).ln() - 0.2 * 0.2_f64.ln() - 0.8 * 0.8_f64.ln();
    /// assert!((known.entropy() - entropy).abs() < 1e-5);
    /// # Ok::<(), fokker::density::potential::PotentialError>(())
    /// ```
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let wells = self.quadrature.expectation(|x| self.potential.energy(x) / self.potential.kt());
        self.ln_z + wells + 0.5 * rest_dim(&self.potential)
    }

    /// An exact independent draw into `x`: the coordinates that have wells by rejection from a step function above their density.
    ///
    /// # Panics
    /// If `x` does not hold [`KnownDensity::dim`] values.
    pub fn sample<R: Rng>(&self, rng: &mut R, x: &mut [f64]) {
        assert_eq!(x.len(), self.dim(), "a point has as many values as the potential has dimensions");
        let (wells, rest) = x.split_at_mut(self.potential.wells_dim());
        self.envelope.draw(&self.potential, rng, wells);
        let std = self.potential.rest_variance().sqrt();
        rest.iter_mut().for_each(|x| *x = std * rng.sample::<f64, _>(StandardNormal));
    }

    #[cfg(test)]
    pub(super) fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

/// How many coordinates have no wells.
#[allow(clippy::cast_precision_loss)]
fn rest_dim(potential: &Potential) -> f64 {
    (potential.dim() - potential.wells_dim()) as f64
}
