//! A density given by a plain function.

use super::density::{LogDensity, LogDensityEvaluator};
use crate::Error;

/// Puts ∇ log q at a point into its last argument and returns log q.
type Of<'f> = Box<dyn Fn(&[f64], &mut [f64]) -> f64 + Sync + 'f>;

/// A density given by a function of a point.
///
/// ```
/// use fokker::Workers;
/// use fokker::simulate::{Dynamics, Integrator, LogDensityFn, Simulation};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A harmonic well, U = ½ k x² with k = 4, at kT = 2: the variance is kT/k = 0.5.
/// let (k, kt) = (4.0, 2.0);
/// let well = LogDensityFn::new(1, |x, gradient| {
///     gradient[0] = -k * x[0] / kt;
///     -0.5 * k * x[0] * x[0] / kt
/// });
/// let dynamics = Dynamics { kt, ..Dynamics::of(0.5) };
/// let workers = Workers::new(1, 64)?;
/// let mut run = Simulation::new(&well, &Integrator::default(), &dynamics, &[0.0; 2000], 0, &workers)?;
/// run.advance(50);
/// let variance = run.state().x.iter().map(|x| x * x).sum::<f64>() / 2000.0;
/// assert!((variance - 0.5).abs() < 0.08, "{variance}");
/// # Ok(()) }
/// ```
pub struct LogDensityFn<'f> {
    dim: usize,
    of: Of<'f>,
}

impl<'f> LogDensityFn<'f> {
    /// The density, in `dim` dimensions, of `of(x, gradient)`, which puts ∇ log q(x) into its last argument and returns log q(x), up to one
    /// constant.
    #[must_use]
    pub fn new(dim: usize, of: impl Fn(&[f64], &mut [f64]) -> f64 + Sync + 'f) -> Self {
        Self { dim, of: Box::new(of) }
    }
}

impl LogDensity for LogDensityFn<'_> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn has_values(&self) -> bool {
        true
    }

    fn evaluator<'a>(&'a self, _: usize) -> Result<Box<dyn LogDensityEvaluator + Send + 'a>, Error> {
        Ok(Box::new(Rows { dim: self.dim, of: &self.of }))
    }
}

/// Evaluates a function row by row.
struct Rows<'a, 'f> {
    dim: usize,
    of: &'a Of<'f>,
}

impl LogDensityEvaluator for Rows<'_, '_> {
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64], mut log_density: Option<&mut [f64]>) {
        let rows = x.chunks_exact(self.dim).zip(gradient.chunks_exact_mut(self.dim));
        for (row, (x, gradient)) in rows.enumerate() {
            let value = (self.of)(x, gradient);
            if let Some(values) = log_density.as_deref_mut() {
                values[row] = value;
            }
        }
    }
}
