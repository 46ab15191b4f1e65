//! The affine map between the data's coordinates and the model's, and what it does to densities.

use serde::{Deserialize, Serialize};

use super::DataError;

/// An affine map per dimension: x_model = (x_data − shift) / scale.
///
/// Stored with a trained model; reading one back checks it (equal lengths, finite numbers, scale > 0).
/// All slices hold one or several rows of [`Scaling::dim`] values, row after row.
///
/// ```
/// use fokker::data::Scaling;
/// let scaling = Scaling::standardise(&[0.0, 10.0, 2.0, 30.0], 2);
/// let mut row = [2.0_f32, 10.0];
/// scaling.apply(&mut row);
/// assert_eq!(row, [1.0, -1.0]);
/// scaling.invert(&mut row);
/// assert_eq!(row, [2.0, 10.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Scaling {
    /// Subtracted, in the data's units.
    pub shift: Vec<f64>,
    /// Divided by, in the data's units; positive.
    pub scale: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    shift: Vec<f64>,
    scale: Vec<f64>,
}

impl TryFrom<Unchecked> for Scaling {
    type Error = DataError;
    fn try_from(Unchecked { shift, scale }: Unchecked) -> Result<Self, DataError> {
        Self::new(shift, scale)
    }
}

impl Scaling {
    /// A scaling from its parts, checked.
    ///
    /// # Errors
    /// [`DataError::Scaling`] if the lengths differ or are zero, a number is not finite or a scale is not positive.
    ///
    /// ```
    /// use fokker::data::Scaling;
    /// assert!(Scaling::new(vec![0.0], vec![2.0]).is_ok());
    /// assert!(Scaling::new(vec![0.0], vec![0.0]).is_err());
    /// ```
    pub fn new(shift: Vec<f64>, scale: Vec<f64>) -> Result<Self, DataError> {
        let reason = if shift.len() != scale.len() || shift.is_empty() {
            format!("{} shifts and {} scales; as many of each, and at least one, are needed", shift.len(), scale.len())
        } else if let Some((at, value)) = shift.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            format!("column {}: shift {value} is not finite", at + 1)
        } else if let Some((at, value)) =
            scale.iter().enumerate().find(|(_, value)| !(value.is_normal() && **value > 0.0))
        {
            format!("column {}: scale {value} is not a positive number", at + 1)
        } else {
            return Ok(Self { shift, scale });
        };
        Err(DataError::Scaling { reason })
    }

    /// The map that changes nothing.
    ///
    /// ```
    /// assert_eq!(fokker::data::Scaling::identity(3).log_det(), 0.0);
    /// ```
    #[must_use]
    pub fn identity(dim: usize) -> Self {
        Self { shift: vec![0.0; dim], scale: vec![1.0; dim] }
    }

    /// Mean 0 and (population) standard deviation 1 per column of `values`, rows of `dim` values each.
    ///
    /// A constant column keeps scale 1. The result of values near the end of the range of `f64` may not be finite:
    /// [`Scaling::new`] checks it.
    ///
    /// ```
    /// let scaling = fokker::data::Scaling::standardise(&[1.0, 5.0, 3.0, 5.0], 2);
    /// assert_eq!((scaling.shift, scaling.scale), (vec![2.0, 5.0], vec![1.0, 1.0]));
    /// ```
    #[must_use]
    pub fn standardise(values: &[f64], dim: usize) -> Self {
        let (shift, variance) = moments(values, dim);
        let scale = variance.iter().zip(&shift).map(|(&v, &m)| if is_constant(v, m) { 1.0 } else { v.sqrt() });
        Self { scale: scale.collect(), shift }
    }

    /// Mean 0 per column of `values`, rows of `dim` values each, and for all columns one scale: the mean of their (population)
    /// standard deviations, 1 if all are constant. It commutes with rotations of what is left of the shift.
    ///
    /// ```
    /// let scaling = fokker::data::Scaling::isotropic(&[1.0, 5.0, 3.0, 11.0], 2);
    /// assert_eq!((scaling.shift, scaling.scale), (vec![2.0, 8.0], vec![2.0, 2.0]));
    /// ```
    #[must_use]
    pub fn isotropic(values: &[f64], dim: usize) -> Self {
        let (shift, variance) = moments(values, dim);
        let stds = variance.iter().zip(&shift).map(|(v, m)| if is_constant(*v, *m) { 0.0 } else { v.sqrt() });
        let mean = stds.sum::<f64>() / dim.max(1) as f64;
        Self { shift, scale: vec![if mean == 0.0 { 1.0 } else { mean }; dim] }
    }

    /// Maps the range of each column of `values` to [−1, 1]; a constant column keeps scale 1.
    ///
    /// ```
    /// let scaling = fokker::data::Scaling::min_max(&[0.0, 4.0, 10.0], 1);
    /// assert_eq!((scaling.shift, scaling.scale), (vec![5.0], vec![5.0]));
    /// ```
    #[must_use]
    pub fn min_max(values: &[f64], dim: usize) -> Self {
        let mut low = vec![f64::INFINITY; dim];
        let mut high = vec![f64::NEG_INFINITY; dim];
        for row in values.chunks_exact(dim.max(1)) {
            for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(row) {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
        let halves = low.iter().zip(&high).map(|(&low, &high)| (low / 2.0, high / 2.0));
        let (shift, scale) = halves.map(|(low, high)| (low + high, if high > low { high - low } else { 1.0 })).unzip();
        Self { shift, scale }
    }

    /// The number of dimensions.
    ///
    /// ```
    /// assert_eq!(fokker::data::Scaling::identity(3).dim(), 3);
    /// ```
    #[must_use]
    pub fn dim(&self) -> usize {
        self.shift.len()
    }

    /// From the data's coordinates to the model's, in place.
    ///
    /// ```
    /// let mut row = [130.0_f32];
    /// fokker::data::Scaling::new(vec![128.0], vec![128.0])?.apply(&mut row);
    /// assert_eq!(row, [0.015625]);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    pub fn apply(&self, rows: &mut [f32]) {
        self.each(rows, |x, shift, scale| *x = ((f64::from(*x) - shift) / scale) as f32);
    }

    /// From the model's coordinates to the data's, in place: the inverse of [`Scaling::apply`].
    ///
    /// ```
    /// let mut row = [0.0_f32];
    /// fokker::data::Scaling::new(vec![128.0], vec![128.0])?.invert(&mut row);
    /// assert_eq!(row, [128.0]);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    pub fn invert(&self, rows: &mut [f32]) {
        self.each(rows, |x, shift, scale| *x = (f64::from(*x) * scale + shift) as f32);
    }

    /// [`Scaling::apply`] in double precision.
    ///
    /// ```
    /// let mut row = [3.0_f64];
    /// fokker::data::Scaling::new(vec![1.0], vec![4.0])?.apply_f64(&mut row);
    /// assert_eq!(row, [0.5]);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    pub fn apply_f64(&self, rows: &mut [f64]) {
        self.each(rows, |x, shift, scale| *x = (*x - shift) / scale);
    }

    /// [`Scaling::invert`] in double precision.
    ///
    /// ```
    /// let mut row = [0.5_f64];
    /// fokker::data::Scaling::new(vec![1.0], vec![4.0])?.invert_f64(&mut row);
    /// assert_eq!(row, [3.0]);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    pub fn invert_f64(&self, rows: &mut [f64]) {
        self.each(rows, |x, shift, scale| *x = *x * scale + shift);
    }

    /// log |∂x_model/∂x_data| = −Σ ln scale, in nats: added to log p_model(x_model) it gives log p_data(x_data).
    ///
    /// ```
    /// let scaling = fokker::data::Scaling::new(vec![0.0; 2], vec![2.0; 2])?;
    /// assert!((scaling.log_det() + 2.0 * 2.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn log_det(&self) -> f64 {
        -self.scale.iter().map(|scale| scale.ln()).sum::<f64>()
    }

    fn each<T>(&self, rows: &mut [T], map: impl Fn(&mut T, f64, f64)) {
        for row in rows.chunks_mut(self.dim().max(1)) {
            for ((x, &shift), &scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
                map(x, shift, scale);
            }
        }
    }
}

/// Mean and (population) variance of each column.
fn moments(values: &[f64], dim: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = (values.len() / dim.max(1)).max(1) as f64;
    let column_means = |term: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; dim];
        for row in values.chunks_exact(dim.max(1)) {
            for (at, (sum, &value)) in sums.iter_mut().zip(row).enumerate() {
                *sum += term(at, value);
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= rows);
        sums
    };
    let means = column_means(&|_, value| value);
    let variances = column_means(&|at, value| (value - means[at]).powi(2));
    (means, variances)
}

/// Rounding leaves a constant column a variance of about (ε·mean)².
fn is_constant(variance: f64, mean: f64) -> bool {
    variance.sqrt() <= 1e-12 * mean.abs()
}

/// Bits per dimension of a point, −(log p_model + log |∂x_model/∂x_data|) / (dim ln 2), from its log-density under the model.
///
/// `log_p_model` is in nats and in model coordinates; the result is for the data's units. For 8-bit pixels the scaling's
/// unit is one grey level, so a model that gives every grey level the same chance has 8 bits per dimension.
///
/// ```
/// use fokker::data::{Scaling, bits_per_dim};
/// // Pixels 0..256 are mapped to [−1, 1], where the uniform density is 1/2 per dimension.
/// let scaling = Scaling::new(vec![128.0; 3], vec![128.0; 3])?;
/// assert!((bits_per_dim(3.0 * 0.5_f64.ln(), &scaling, 3) - 8.0).abs() < 1e-12);
/// # Ok::<(), fokker::data::DataError>(())
/// ```
#[must_use]
pub fn bits_per_dim(log_p_model: f64, scaling: &Scaling, dim: usize) -> f64 {
    -(log_p_model + scaling.log_det()) / (dim as f64 * std::f64::consts::LN_2)
}
