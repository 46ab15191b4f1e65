//! A mixture at t = 0: how it is built and drawn from.

use nalgebra::DMatrix;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::component::{Component, check, decompose, dot, eigen, to_axes};
use super::error::MixtureError;

/// A Gaussian mixture Σ wₖ N(μₖ, Cₖ) on R^D with full covariances, all in the data's unit.
///
/// ```
/// use fokker::density::mixture::Mixture;
/// use fokker::sde::Sde;
/// let mixture = Mixture::ring(8, 1.0, 0.1)?;
/// let q = mixture.diffused(&Sde::vp().at(0.2));
/// let mut score = [0.0; 2];
/// q.score(&[0.3, -0.4], &mut score);
/// assert!(score.iter().all(|s| s.is_finite()));
/// # Ok::<(), fokker::density::mixture::MixtureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mixture {
    pub(super) dim: usize,
    pub(super) components: Vec<Component>,
}

impl Mixture {
    /// A mixture from K `weights` (normalised here), K `means` (D each) and K `covariances`
    /// (row-major D×D each).
    ///
    /// # Errors
    /// [`MixtureError`]: counts or shapes that disagree, a weight that is not positive, an entry
    /// that is not finite, a covariance that is not symmetric positive definite.
    ///
    /// ```
    /// use fokker::density::mixture::Mixture;
    /// let mixture = Mixture::new(
    ///     &[1.0, 3.0],
    ///     &[vec![-1.0, 0.0], vec![1.0, 0.5]],
    ///     &[vec![0.2, 0.1, 0.1, 0.3], vec![0.1, 0.0, 0.0, 0.4]],
    /// )?;
    /// assert_eq!(mixture.dim(), 2);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn new(weights: &[f64], means: &[Vec<f64>], covariances: &[Vec<f64>]) -> Result<Self, MixtureError> {
        // First of all, because nalgebra panics on an empty matrix.
        let dim = dimension(weights, means)?;
        let (expected, found) = (weights.len(), covariances.len());
        if found != expected {
            return Err(MixtureError::Count { what: "covariances", expected, found });
        }
        let shapes: Result<Vec<_>, _> = covariances.iter().enumerate().map(|(k, c)| eigen(k, dim, c)).collect();
        Self::assemble(weights, means, shapes?)
    }

    /// A mixture of round Gaussians N(μₖ, std² I); cost per point O(K D) instead of O(K D²).
    ///
    /// # Errors
    /// [`MixtureError`]: as for [`Mixture::new`], or `std` not positive and finite.
    ///
    /// ```
    /// use fokker::density::mixture::Mixture;
    /// let mixture = Mixture::isotropic(&[1.0, 1.0], &[vec![-1.0; 3], vec![1.0; 3]], 0.2)?;
    /// assert_eq!(mixture.dim(), 3);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn isotropic(weights: &[f64], means: &[Vec<f64>], std: f64) -> Result<Self, MixtureError> {
        let variance = std * std;
        if !(std > 0.0 && variance > 0.0 && variance.is_finite()) {
            return Err(MixtureError::Std { value: std });
        }
        let shapes = means.iter().map(|mean| (vec![variance; mean.len()], None)).collect();
        Self::assemble(weights, means, shapes)
    }

    /// The law of (x − shift)/scale, axis by axis, for a mixture of Gaussians whose axes are the coordinates' or for one scale; `None` if
    /// neither holds, or lengths differ.
    pub(crate) fn scaled(&self, shift: &[f64], scale: &[f64]) -> Option<Self> {
        let first = *scale.first()?;
        let is_one = scale.iter().all(|scale| *scale == first);
        if [shift.len(), scale.len()] != [self.dim; 2] || !(is_one || self.components.iter().all(|c| c.axes.is_none()))
        {
            return None;
        }
        let each = |component: &Component| {
            let mean = component.mean.iter().zip(shift).zip(scale).map(|((x, shift), scale)| (x - shift) / scale);
            let variances = component.variances.iter().zip(scale).map(|(variance, scale)| variance / (scale * scale));
            (mean.collect(), (variances.collect(), component.axes.clone()))
        };
        let weights: Vec<f64> = self.components.iter().map(|component| component.weight).collect();
        let (means, shapes): (Vec<_>, Vec<_>) = self.components.iter().map(each).unzip();
        Self::assemble(&weights, &means, shapes).ok()
    }

    /// `modes` equal round Gaussians in the plane (D = 2), mode k at angle 2πk/modes.
    ///
    /// # Errors
    /// [`MixtureError`]: no mode, `radius` not finite, `std` not positive and finite.
    ///
    /// ```
    /// let ring = fokker::density::mixture::Mixture::ring(8, 1.0, 0.1)?;
    /// assert_eq!(ring.dim(), 2);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn ring(modes: usize, radius: f64, std: f64) -> Result<Self, MixtureError> {
        let means: Vec<Vec<f64>> = (0..modes)
            .map(|k| {
                let angle = std::f64::consts::TAU * k as f64 / modes as f64;
                vec![radius * angle.cos(), radius * angle.sin()]
            })
            .collect();
        Self::isotropic(&vec![1.0; modes], &means, std)
    }

    /// A random mixture, the same for the same arguments: means of norm 1.2 to 1.8, spread apart;
    /// covariances with Haar-random axes and eigenvalues uniform in \[0.05, 0.5\]; weights within
    /// a factor 3.
    ///
    /// # Errors
    /// [`MixtureError::Empty`] when `dim` or `components` is 0.
    ///
    /// ```
    /// use fokker::density::mixture::Mixture;
    /// let mixture = Mixture::random(5, 3, 42)?;
    /// assert_eq!(mixture.dim(), 5);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn random(dim: usize, components: usize, seed: u64) -> Result<Self, MixtureError> {
        if dim == 0 || components == 0 {
            return Err(MixtureError::Empty);
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut weights = Vec::new();
        let mut means: Vec<Vec<f64>> = Vec::new();
        let mut shapes = Vec::new();
        for k in 0..components {
            weights.push(rng.random_range(0.5..1.5));
            means.push(spread_mean(&mut rng, dim, &means));
            // The eigenvectors of a symmetric Gaussian matrix are Haar-distributed.
            let noise: Vec<f64> = (0..dim * dim).map(|_| StandardNormal.sample(&mut rng)).collect();
            let noise = DMatrix::from_row_slice(dim, dim, &noise);
            let (_, axes) = decompose(k, &noise + noise.transpose())?;
            let variances = (0..dim).map(|_| rng.random_range(0.05..0.5)).collect();
            shapes.push((variances, Some(axes)));
        }
        Self::assemble(&weights, &means, shapes)
    }

    /// The dimension D of the space.
    ///
    /// ```
    /// assert_eq!(fokker::density::mixture::Mixture::random(7, 2, 0)?.dim(), 7);
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Draws independent points x₀ into `out`, which holds N points of D numbers each (N·D).
    ///
    /// ```
    /// use fokker::density::mixture::Mixture;
    /// use rand::SeedableRng;
    /// let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(1);
    /// let mut points = [0.0; 2 * 100];
    /// Mixture::ring(4, 1.0, 0.1)?.sample(&mut rng, &mut points);
    /// assert!(points.iter().all(|x| x.abs() < 2.0));
    /// # Ok::<(), fokker::density::mixture::MixtureError>(())
    /// ```
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R, out: &mut [f64]) {
        debug_assert_eq!(out.len() % self.dim, 0, "out must hold whole points");
        // On the stack for all but large dimensions: training draws row by row.
        let (mut stack, mut heap) = ([0.0; 64], Vec::new());
        let noise = match stack.get_mut(..self.dim) {
            Some(noise) => noise,
            None => {
                heap.resize(self.dim, 0.0);
                &mut heap[..]
            }
        };
        for point in out.chunks_exact_mut(self.dim) {
            let mut left: f64 = rng.random();
            let picked = self.components.iter().find(|component| {
                left -= component.weight;
                left < 0.0
            });
            // Rounding can leave a remainder above the last weight: it belongs to the last component.
            let Some(component) = picked.or(self.components.last()) else {
                continue;
            };
            for (z, variance) in noise.iter_mut().zip(&component.variances) {
                let normal: f64 = StandardNormal.sample(rng);
                *z = variance.sqrt() * normal;
            }
            point.copy_from_slice(&component.mean);
            component.add_from_axes(1.0, noise, point);
        }
    }

    fn assemble(
        weights: &[f64], means: &[Vec<f64>], shapes: Vec<(Vec<f64>, Option<Vec<f64>>)>,
    ) -> Result<Self, MixtureError> {
        let dim = dimension(weights, means)?;
        let total: f64 = weights.iter().sum();
        let mut components = Vec::with_capacity(weights.len());
        for (k, ((&weight, mean), (variances, axes))) in weights.iter().zip(means).zip(shapes).enumerate() {
            if !(weight > 0.0 && weight.is_finite() && total.is_finite()) {
                return Err(MixtureError::Weight { component: k, value: weight });
            }
            check("mean", k, dim, mean)?;
            let (weight, mean) = (weight / total, mean.clone());
            let mut mean_in_axes = vec![0.0; dim];
            to_axes(axes.as_deref(), &mean, &mut mean_in_axes);
            components.push(Component { weight, mean, mean_in_axes, variances, axes });
        }
        Ok(Self { dim, components })
    }
}

/// D, given one mean per weight, at least one and not of length 0.
fn dimension(weights: &[f64], means: &[Vec<f64>]) -> Result<usize, MixtureError> {
    let (expected, found) = (weights.len(), means.len());
    if found != expected {
        return Err(MixtureError::Count { what: "means", expected, found });
    }
    match means.first() {
        Some(mean) if !mean.is_empty() => Ok(mean.len()),
        _ => Err(MixtureError::Empty),
    }
}

/// The one of 8 random candidates, of norm 1.2 to 1.8, that lies farthest from the `others`.
fn spread_mean(rng: &mut Xoshiro256PlusPlus, dim: usize, others: &[Vec<f64>]) -> Vec<f64> {
    let (mut best, mut best_gap) = (vec![0.0; dim], f64::NEG_INFINITY);
    for _ in 0..8 {
        let mut mean: Vec<f64> = (0..dim).map(|_| StandardNormal.sample(rng)).collect();
        let scale = rng.random_range(1.2..1.8) / dot(&mean, &mean).sqrt();
        mean.iter_mut().for_each(|x| *x *= scale);
        let gap = others
            .iter()
            .map(|other| other.iter().zip(&mean).map(|(a, b)| (a - b).powi(2)).sum())
            .fold(f64::INFINITY, f64::min);
        if gap > best_gap {
            (best, best_gap) = (mean, gap);
        }
    }
    best
}
