//! The exact W₂ distance.

use fokker_jet::cpu::Workers;

use super::assignment::assign;
use super::statistic::Statistic;
use super::two_samples::{TwoSamples, request};
use crate::Error;

/// The W₂ distance of two sets of the same size n, in the points' unit: min over pairings π of (Σ ‖aᵢ − b_π(i)‖²/n)^½, exact
/// (Peyré & Cuturi 2019, *Computational Optimal Transport*, section 2.2: between such sets an optimal coupling is a pairing).
///
/// O(n³), for n up to some thousands. As an estimate of the distance of the distributions drawn from it is too large, by much in
/// many dimensions: compare it with that of two draws from one distribution.
///
/// ```
/// use fokker::distance::{TwoSamples, Statistic, W2};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A set, and the same moved by (3, 4).
/// let samples = TwoSamples::new(&[0.0, 0.0, 1.0, 0.0], &[4.0, 4.0, 3.0, 4.0], 2)?;
/// assert_eq!(W2::new(&samples, &Workers::new(1, 64)?)?.observed(), 5.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct W2 {
    n: usize,
    /// Squared distances of the pool, `2n × 2n`.
    squares: Vec<f64>,
}

impl W2 {
    /// Computes all squared distances, on all threads.
    ///
    /// # Errors
    /// [`Error::Config`] if the sets have different sizes.
    pub fn new(samples: &TwoSamples, workers: &Workers) -> Result<Self, Error> {
        let (n, m) = (samples.n(), samples.m());
        if n != m {
            return Err(request("b", &format!("has {m} rows where a has {n}: the exact distance needs as many")));
        }
        let chunks = workers.map(2 * n, vec![(); workers.shards()], |(), _, rows| {
            rows.flat_map(|i| (0..2 * n).map(move |j| samples.squared_distance(i, j))).collect::<Vec<_>>()
        });
        Ok(Self { n, squares: chunks.concat() })
    }
}

impl Statistic for W2 {
    fn sizes(&self) -> (usize, usize) {
        (self.n, self.n)
    }

    #[allow(clippy::cast_precision_loss)]
    fn of(&self, order: &[usize]) -> f64 {
        let (a, b) = order.split_at(self.n);
        let cost: Vec<f64> = a.iter().flat_map(|i| b.iter().map(move |j| self.squares[i * 2 * self.n + j])).collect();
        let (columns, _) = assign(&cost, self.n);
        let sum: f64 = columns.iter().enumerate().map(|(i, j)| cost[i * self.n + j]).sum();
        (sum / self.n as f64).sqrt()
    }
}
