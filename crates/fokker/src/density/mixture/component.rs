//! One Gaussian of a mixture: its covariance in eigen form and the changes of axes.

use super::error::MixtureError;
use nalgebra::{DMatrix, SymmetricEigen};

/// One Gaussian, with its covariance as eigenvalues and axes.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// Normalised over the mixture.
    pub(super) weight: f64,
    pub(super) mean: Vec<f64>,
    /// Qᵀ μ.
    pub(super) mean_in_axes: Vec<f64>,
    /// Eigenvalues λ of the covariance.
    pub(super) variances: Vec<f64>,
    /// Eigenvectors, one per row (Qᵀ, D×D); `None` for Q = I, which then costs O(D), not O(D²).
    pub(super) axes: Option<Vec<f64>>,
}

impl Component {
    /// out = Qᵀ v.
    pub(super) fn to_axes(&self, v: &[f64], out: &mut [f64]) {
        to_axes(self.axes.as_deref(), v, out);
    }

    /// out += scale · Q y.
    pub(super) fn add_from_axes(&self, scale: f64, y: &[f64], out: &mut [f64]) {
        match &self.axes {
            None => add_scaled(scale, y, out),
            Some(axes) => {
                for (&yj, axis) in y.iter().zip(axes.chunks_exact(self.mean.len())) {
                    add_scaled(scale * yj, axis, out);
                }
            }
        }
    }
}

/// out = Qᵀ v, with D = `out.len()`.
pub(super) fn to_axes(axes: Option<&[f64]>, v: &[f64], out: &mut [f64]) {
    match axes {
        None => out.iter_mut().zip(v).for_each(|(o, v)| *o = *v),
        Some(axes) => {
            let dim = out.len();
            for (o, axis) in out.iter_mut().zip(axes.chunks_exact(dim)) {
                *o = dot(axis, v);
            }
        }
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn add_scaled(scale: f64, v: &[f64], out: &mut [f64]) {
    for (o, v) in out.iter_mut().zip(v) {
        *o += scale * v;
    }
}

/// Eigenvalues and axes (one per row) of a covariance given row-major, checked.
pub(super) fn eigen(
    component: usize, dim: usize, covariance: &[f64],
) -> Result<(Vec<f64>, Option<Vec<f64>>), MixtureError> {
    check("covariance", component, dim * dim, covariance)?;
    let matrix = DMatrix::from_row_slice(dim, dim, covariance);
    let largest = matrix.amax();
    for row in 0..dim {
        for column in 0..row {
            if (matrix[(row, column)] - matrix[(column, row)]).abs() > 1e-10 * largest {
                return Err(MixtureError::NotSymmetric { component, row, column });
            }
        }
    }
    let (variances, axes) = decompose(component, &matrix * 0.5 + matrix.transpose() * 0.5)?;
    let least = variances.iter().copied().fold(f64::INFINITY, f64::min);
    // An eigenvalue within rounding of 0 has no reliable inverse.
    let floor = dim as f64 * f64::EPSILON * largest;
    if !variances.iter().all(|v| *v > floor && v.is_finite()) {
        return Err(MixtureError::NotPositiveDefinite { component, eigenvalue: least });
    }
    Ok((variances, Some(axes)))
}

/// Eigenvalues and row-wise eigenvectors of a symmetric matrix.
pub(super) fn decompose(component: usize, matrix: DMatrix<f64>) -> Result<(Vec<f64>, Vec<f64>), MixtureError> {
    // Convergence of symmetric QR is certain for finite entries; the cap only guards overflow.
    let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, 100_000)
        .ok_or(MixtureError::NonFinite { what: "covariance", component })?;
    // Column-major columns are exactly the row-major rows wanted.
    Ok((eigen.eigenvalues.as_slice().to_vec(), eigen.eigenvectors.as_slice().to_vec()))
}

/// Refuses a mean or covariance of the wrong length or with an entry that is not finite.
pub(super) fn check(what: &'static str, component: usize, expected: usize, values: &[f64]) -> Result<(), MixtureError> {
    if values.len() != expected {
        return Err(MixtureError::Shape { what, component, expected, found: values.len() });
    }
    if !values.iter().all(|v| v.is_finite()) {
        return Err(MixtureError::NonFinite { what, component });
    }
    Ok(())
}
