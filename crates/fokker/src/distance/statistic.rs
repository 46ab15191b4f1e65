//! What a permutation test can test.

/// A distance of two sets, for every way of parting the pooled points into sets of the same sizes.
///
/// ```
/// use fokker::distance::{Energy, TwoSamples, Statistic};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let samples = TwoSamples::new(&[0.0, 1.0], &[5.0, 6.0], 1)?;
/// let energy = Energy::new(&samples, &Workers::new(1, 64)?);
/// // Parted as {0, 5}, {1, 6} the sets are nearer to each other.
/// assert!(energy.of(&[0, 2, 1, 3]) < energy.observed());
/// # Ok(()) }
/// ```
pub trait Statistic: Sync {
    /// (n, m), the sizes of the two sets.
    fn sizes(&self) -> (usize, usize);

    /// The distance of the first n from the other m points of `order`, a permutation of the pool's row numbers.
    fn of(&self, order: &[usize]) -> f64;

    /// The distance of the sets as given.
    fn observed(&self) -> f64 {
        let (n, m) = self.sizes();
        self.of(&(0..n + m).collect::<Vec<_>>())
    }
}

/// Which rows of the pool are among the first `n` of `order`: 1 for those, 0 for the others.
pub(super) fn mask(order: &[usize], n: usize) -> Vec<f64> {
    let mut mask = vec![0.0; order.len()];
    order[..n].iter().for_each(|&i| mask[i] = 1.0);
    mask
}
