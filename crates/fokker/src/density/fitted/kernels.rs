//! Kernel density estimates.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::gaussians::log_sum;

/// Widths that are tried, as multiples of Scott's rule.
const WIDTHS: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7];

/// A Gaussian of covariance h² C at each row, C being the rows' covariance; h is the one of some multiples of Scott's rule
/// n^(−1/(D + 4)) under which each row is likeliest by the others (leave-one-out likelihood; Duin 1976).
///
/// ```
/// use fokker::density::fitted::Kernels;
/// let rows: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
/// let density = |x: f64| Kernels::fit(&rows, 1).map_or(f64::NAN, |fitted| fitted.log_density(&[x]).exp());
/// assert!((density(0.5) - 1.0).abs() < 0.05 && density(2.0) < 1e-3);
/// ```
#[derive(Clone, Debug)]
pub struct Kernels {
    dim: usize,
    /// The rows in coordinates in which their covariance is the identity.
    rows: Vec<f64>,
    lower: DMatrix<f64>,
    width: f64,
    /// log of n (2π)^(D/2) h^D √det C.
    log_norm: f64,
}

impl Kernels {
    /// The estimate; `None` if there are no more rows than columns, or their covariance is not that of so many dimensions.
    #[must_use]
    pub fn fit(rows: &[f64], dim: usize) -> Option<Self> {
        let count = rows.len().checked_div(dim)?;
        if count <= dim + 1 {
            return None;
        }
        let rows = &rows[..count * dim];
        let matrix = DMatrix::from_row_slice(count, dim, rows);
        let mean = matrix.row_mean();
        let centred = DMatrix::from_fn(count, dim, |i, j| matrix[(i, j)] - mean[j]);
        let lower = Cholesky::new(centred.transpose() * &centred / count as f64)?.unpack();
        let log_det = lower.diagonal().iter().map(|d| d.ln()).sum::<f64>();
        if !log_det.is_finite() {
            return None;
        }
        let mut white = Vec::with_capacity(rows.len());
        rows.chunks_exact(dim).for_each(|row| white.extend(whitened(&lower, row)));
        let scott = (count as f64).powf(-1.0 / (dim as f64 + 4.0));
        let squares = squares(&white, dim);
        let likelihood = |width: f64| left_out(&squares, count, dim, width);
        let scored = WIDTHS.map(|multiple| (likelihood(multiple * scott), multiple * scott));
        let (_, width) = scored.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let log_norm = (count as f64).ln() + dim as f64 * (width.ln() + 0.5 * std::f64::consts::TAU.ln()) + log_det;
        Some(Self { dim, rows: white, lower, width, log_norm })
    }

    /// log p(x).
    #[must_use]
    pub fn log_density(&self, x: &[f64]) -> f64 {
        let x = whitened(&self.lower, x);
        let log = |row: &[f64]| {
            let square: f64 = row.iter().zip(&x).map(|(a, b)| (a - b).powi(2)).sum();
            -0.5 * square / (self.width * self.width)
        };
        log_sum(&self.rows.chunks_exact(self.dim).map(log).collect::<Vec<_>>()) - self.log_norm
    }
}

/// L⁻¹ x.
fn whitened(lower: &DMatrix<f64>, x: &[f64]) -> Vec<f64> {
    let mut x = DVector::from_column_slice(x);
    lower.solve_lower_triangular_mut(&mut x);
    x.iter().copied().collect()
}

/// Squared distances between all rows.
fn squares(rows: &[f64], dim: usize) -> Vec<f32> {
    let mut all = Vec::with_capacity((rows.len() / dim).pow(2));
    for a in rows.chunks_exact(dim) {
        all.extend(rows.chunks_exact(dim).map(|b| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() as f32));
    }
    all
}

/// Mean log-density of each row by the others, up to what no width changes.
fn left_out(squares: &[f32], count: usize, dim: usize, width: f64) -> f64 {
    let scale = -0.5 / (width * width);
    let of_row = |(at, row): (usize, &[f32])| {
        let others = row.iter().enumerate().filter(|(other, _)| *other != at);
        log_sum(&others.map(|(_, &square)| scale * f64::from(square)).collect::<Vec<_>>())
    };
    squares.chunks_exact(count).enumerate().map(of_row).sum::<f64>() / count as f64 - dim as f64 * width.ln()
}
