//! What drives a simulation.

use crate::Error;

/// Coordinates beyond this are far off for any density.
const FAR: f64 = 1e100;

/// A density q, up to a constant factor, by the gradient of its logarithm; by log q itself, too, where that is known.
///
/// ```
/// use fokker::simulate::{LogDensity, LogDensityFn};
/// let normal = LogDensityFn::new(1, |x, gradient| {
///     gradient[0] = -x[0];
///     -0.5 * x[0] * x[0]
/// });
/// let mut gradient = [0.0];
/// normal.evaluator(1)?.evaluate(&[2.0], &mut gradient, None);
/// assert!(gradient == [-2.0] && normal.has_values());
/// # Ok::<(), fokker::Error>(())
/// ```
pub trait LogDensity: Sync {
    /// Dimension D of x.
    fn dim(&self) -> usize;
    /// Is log q itself known, and not its gradient alone?
    fn has_values(&self) -> bool;
    /// What evaluates up to `rows` rows at a time.
    ///
    /// # Errors
    /// [`Error::Memory`] if it would take more memory than there may be; whatever else keeps it from being evaluated.
    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn LogDensityEvaluator + Send + 'a>, Error>;
    /// Is a point so far from where q has its mass that a chain which comes there is lost? By default beyond 10¹⁰⁰.
    fn is_far_off(&self, x: &[f64]) -> bool {
        x.iter().any(|x| x.abs() > FAR)
    }
}

/// Evaluates a [`LogDensity`] at rows.
pub trait LogDensityEvaluator {
    /// Puts ∇ log q at the points `x` (`rows × D`, in the units of the data, row by row) into `gradient`, and log q, up to one constant, into
    /// `log_density` (a number for each row) where that is asked for: of densities that [have values](LogDensity::has_values) alone.
    /// What is computed for a row depends on no other.
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64], log_density: Option<&mut [f64]>);
}
