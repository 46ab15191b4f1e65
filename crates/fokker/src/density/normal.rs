//! A normal law fitted to points.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// A normal law from which points are made of standard normal numbers.
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    mean: DVector<f64>,
    cholesky: Cholesky<f64, Dyn>,
}

/// What the covariance is multiplied by: tails that reach beyond those of the points, and weights without a heavy tail.
const WIDER: f64 = 4.0;

/// The ratio of widths below which points lie in a plane.
const FLAT: f64 = 1e-7;

/// The most dimensions in which that is worth while.
const MOST_DIMENSIONS: usize = 64;

impl Normal {
    /// The law of some points' mean and covariance (`rows × dim`), twice as wide; `None` if there are fewer than two, too many dimensions,
    /// or they lie in a plane.
    #[allow(clippy::cast_precision_loss)]
    pub fn wide(points: &[f64], dim: usize) -> Option<Self> {
        let rows = points.len().checked_div(dim)?;
        if rows < 2 || dim > MOST_DIMENSIONS {
            return None;
        }
        let points = DMatrix::from_column_slice(dim, rows, &points[..rows * dim]);
        let mean = points.column_mean();
        let centred = DMatrix::from_fn(dim, rows, |i, j| points[(i, j)] - mean[i]);
        let covariance = &centred * centred.transpose() * (WIDER / (rows - 1) as f64);
        let cholesky = Cholesky::new(covariance)?;
        let diagonal = cholesky.l_dirty().diagonal();
        // Rounding may leave something where there is nothing.
        (diagonal.min() > FLAT * diagonal.max()).then_some(Self { mean, cholesky })
    }

    /// Points of standard normal numbers (`rows × dim`), and the logarithm of the law's density at each.
    #[allow(clippy::cast_precision_loss)]
    pub fn points(&self, z: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let dim = self.mean.len();
        let root = self.cholesky.l();
        let log_det: f64 = (0..dim).map(|i| root[(i, i)].ln()).sum();
        let constant = -0.5 * dim as f64 * std::f64::consts::TAU.ln() - log_det;
        let (mut x, mut log_law) = (Vec::with_capacity(z.len()), Vec::with_capacity(z.len() / dim));
        for z in z.chunks_exact(dim) {
            let point = &self.mean + &root * DVector::from_column_slice(z);
            x.extend_from_slice(point.as_slice());
            log_law.push(constant - 0.5 * z.iter().map(|z| z * z).sum::<f64>());
        }
        (x, log_law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_twice_as_wide_as_the_points() {
        let points = [1.0, 0.0, -1.0, 0.0, 0.0, 2.0, 0.0, -2.0];
        let law = Normal::wide(&points, 2).unwrap();
        let (x, log_law) = law.points(&[0.0, 0.0, 1.0, 0.0]);
        // Variances 2/3 and 8/3, four times that.
        let expected = -(std::f64::consts::TAU).ln() - 0.5 * (8.0_f64 / 3.0 * 32.0 / 3.0).ln();
        assert!((log_law[0] - expected).abs() < 1e-12 && (log_law[0] - log_law[1] - 0.5).abs() < 1e-12);
        assert!(x[0].abs() < 1e-12 && (x[2] - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(Normal::wide(&points[..2], 2).is_none() && Normal::wide(&[1.0, 1.0, 2.0, 2.0], 2).is_none());
    }
}
