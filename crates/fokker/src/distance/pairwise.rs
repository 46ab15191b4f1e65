//! The energy distance and MMD², from one symmetric matrix over all pairs of the pooled points.

use fokker_jet::cpu::Workers;

use super::statistic::{Statistic, mask};
use super::two_samples::TwoSamples;

/// A symmetric matrix over the pool with a zero diagonal.
#[derive(Clone, Debug)]
struct Pairwise {
    n: usize,
    size: usize,
    /// `size × size`.
    entries: Vec<f64>,
    row_sums: Vec<f64>,
}

/// Sums of a matrix's entries over ordered pairs of different points.
struct Sums {
    in_a: f64,
    in_b: f64,
    /// Over a × b, each pair once.
    between: f64,
}

impl Pairwise {
    /// From the entry of each pair i ≠ j.
    fn new(n: usize, size: usize, workers: &Workers, entry: impl Fn(usize, usize) -> f64 + Sync) -> Self {
        let chunks = workers.map(size, vec![(); workers.shards()], |(), _, rows| {
            let row = |i| (0..size).map(move |j| (i, j));
            rows.flat_map(row).map(|(i, j)| if i == j { 0.0 } else { entry(i, j) }).collect::<Vec<_>>()
        });
        let entries = chunks.concat();
        let row_sums = entries.chunks_exact(size).map(|row| row.iter().sum()).collect();
        Self { n, size, entries, row_sums }
    }

    /// Distances of all pairs.
    fn distances(samples: &TwoSamples, workers: &Workers) -> Self {
        Self::new(samples.n(), samples.len(), workers, |i, j| samples.squared_distance(i, j).sqrt())
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.entries[i * self.size..(i + 1) * self.size]
    }

    /// Sums over the sets that `order` makes. Only those within a are looked up: the rest follows from the rows' sums, which no
    /// permutation changes.
    fn sums(&self, order: &[usize]) -> Sums {
        let mask = mask(order, self.n);
        let within = |i: &usize| self.row(*i).iter().zip(&mask).map(|(entry, on)| entry * on).sum::<f64>();
        let in_a: f64 = order[..self.n].iter().map(within).sum();
        let of_a: f64 = order[..self.n].iter().map(|&i| self.row_sums[i]).sum();
        let of_b: f64 = order[self.n..].iter().map(|&i| self.row_sums[i]).sum();
        let between = of_a - in_a;
        Sums { in_a, in_b: of_b - between, between }
    }

    #[allow(clippy::cast_precision_loss)]
    fn counts(&self) -> (f64, f64) {
        (self.n as f64, (self.size - self.n) as f64)
    }
}

/// The energy distance 2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖ of two empirical distributions, in the points' unit (Székely & Rizzo
/// 2013, J. Stat. Plan. Inference 143(8), eq. 6.1).
///
/// It is at least 0, and 0 only for equal distributions. Means within a set are over all n² ordered pairs, a point with itself
/// included (a V-statistic): as an estimate of the distance of the distributions drawn from it is too large by
/// E‖x − x′‖/n + E‖y − y′‖/m.
///
/// ```
/// use fokker::distance::{Energy, TwoSamples, Statistic};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Two points at 0 and two at 3: 2·3 − 0 − 0.
/// let samples = TwoSamples::new(&[0.0, 0.0], &[3.0, 3.0], 1)?;
/// assert_eq!(Energy::new(&samples, &Workers::new(1, 64)?).observed(), 6.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Energy {
    distances: Pairwise,
}

impl Energy {
    /// Computes all (n + m)² distances, on all threads.
    #[must_use]
    pub fn new(samples: &TwoSamples, workers: &Workers) -> Self {
        Self { distances: Pairwise::distances(samples, workers) }
    }
}

impl Statistic for Energy {
    fn sizes(&self) -> (usize, usize) {
        (self.distances.n, self.distances.size - self.distances.n)
    }

    fn of(&self, order: &[usize]) -> f64 {
        let (n, m) = self.distances.counts();
        let sums = self.distances.sums(order);
        2.0 * sums.between / (n * m) - sums.in_a / (n * n) - sums.in_b / (m * m)
    }
}

/// The unbiased estimate of MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y) (dimensionless; Gretton et al. 2012, JMLR 13, eq. 3), for
/// k(x, y) = exp(−‖x − y‖²/(2h²)) with h the median distance of the pooled points (their section 8).
///
/// Means within a set are over pairs of different points, so it can be negative. The median is over pairs at a distance other
/// than 0; it is one of the pool, the same for every permutation.
///
/// ```
/// use fokker::distance::{Mmd2, TwoSamples, Statistic};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let samples = TwoSamples::new(&[0.0, 0.0], &[3.0, 3.0], 1)?;
/// let mmd2 = Mmd2::new(&samples, &Workers::new(1, 64)?);
/// assert_eq!(mmd2.bandwidth(), 3.0);
/// assert!((mmd2.observed() - (2.0 - 2.0 * (-0.5_f64).exp())).abs() < 1e-15);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Mmd2 {
    kernel: Pairwise,
    bandwidth: f64,
}

impl Mmd2 {
    /// Computes the kernel of all (n + m)² pairs, on all threads.
    #[must_use]
    pub fn new(samples: &TwoSamples, workers: &Workers) -> Self {
        Self::of_distances(&Pairwise::distances(samples, workers), workers)
    }

    /// From the distances that an energy distance has computed already.
    ///
    /// ```
    /// use fokker::distance::{Energy, Mmd2, TwoSamples, Statistic};
    /// use fokker_jet::cpu::Workers;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (samples, workers) = (TwoSamples::new(&[0.0, 1.0], &[5.0, 6.5], 1)?, Workers::new(1, 64)?);
    /// let energy = Energy::new(&samples, &workers);
    /// assert_eq!(Mmd2::reuse(&energy, &workers).observed(), Mmd2::new(&samples, &workers).observed());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reuse(energy: &Energy, workers: &Workers) -> Self {
        Self::of_distances(&energy.distances, workers)
    }

    fn of_distances(distances: &Pairwise, workers: &Workers) -> Self {
        let bandwidth = median_of_pairs(distances);
        let kernel = Pairwise::new(distances.n, distances.size, workers, |i, j| {
            (-0.5 * (distances.row(i)[j] / bandwidth).powi(2)).exp()
        });
        Self { kernel, bandwidth }
    }

    /// The kernel's h, in the points' unit.
    #[must_use]
    pub fn bandwidth(&self) -> f64 {
        self.bandwidth
    }
}

/// The median (the upper one of two) of the distances that are not 0, each pair counted once; 1 if all are 0.
fn median_of_pairs(distances: &Pairwise) -> f64 {
    let above = |i: usize| distances.row(i)[i + 1..].iter().copied();
    let mut known: Vec<f64> = (0..distances.size).flat_map(above).filter(|&d| d > 0.0).collect();
    if known.is_empty() {
        return 1.0;
    }
    let middle = known.len() / 2;
    *known.select_nth_unstable_by(middle, f64::total_cmp).1
}

impl Statistic for Mmd2 {
    fn sizes(&self) -> (usize, usize) {
        (self.kernel.n, self.kernel.size - self.kernel.n)
    }

    fn of(&self, order: &[usize]) -> f64 {
        let (n, m) = self.kernel.counts();
        let sums = self.kernel.sums(order);
        sums.in_a / (n * (n - 1.0)) + sums.in_b / (m * (m - 1.0)) - 2.0 * sums.between / (n * m)
    }
}
