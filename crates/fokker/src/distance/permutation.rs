//! The two-sample permutation test.

use fokker_jet::cpu::Workers;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::statistic::Statistic;
use super::two_samples::request;
use crate::Error;
use crate::rng::Streams;

/// Values that agree to this share of the observed one count as equal: sums over the same pairs in another order differ by
/// rounding.
const TIE: f64 = 1e-10;

/// What a permutation test found.
///
/// ```
/// use fokker::distance::PermutationTest;
/// let test = PermutationTest { observed: 0.3, p_value: 0.02, permutations: 99 };
/// assert_eq!(test.p_value * 100.0, 2.0); // the set as given, and one permutation
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermutationTest {
    /// The statistic of the sets as given.
    pub observed: f64,
    /// (1 + #{permutations with a statistic at least as large})/(1 + permutations).
    pub p_value: f64,
    /// Random permutations drawn, B.
    pub permutations: usize,
}

/// Tests whether two sets may come from one distribution: if they do, every parting of the pooled points is as likely as the one
/// observed.
///
/// p = (1 + #{T_b ≥ T})/(1 + B) over B random permutations, which is never 0 and at most α with probability at most α (Phipson &
/// Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9(1), eq. 2). Permutation `b` has its own stream of `seed`, so the value does not
/// depend on the threads.
///
/// ```
/// use fokker::distance::{Energy, TwoSamples, permutation_test};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let workers = Workers::new(1, 64)?;
/// let a: Vec<f64> = (0..20).map(f64::from).collect();
/// let b: Vec<f64> = a.iter().map(|x| x + 30.0).collect();
/// let test = permutation_test(&Energy::new(&TwoSamples::new(&a, &b, 1)?, &workers), 99, 0, &workers)?;
/// assert_eq!(test.p_value, 0.01);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] if `permutations` is 0.
#[allow(clippy::cast_precision_loss)]
pub fn permutation_test(
    statistic: &dyn Statistic, permutations: usize, seed: u64, workers: &Workers,
) -> Result<PermutationTest, Error> {
    if permutations == 0 {
        return Err(request("permutations", "must be at least 1"));
    }
    let (n, m) = statistic.sizes();
    let streams = Streams::new(seed);
    let observed = statistic.observed();
    let least = observed - TIE * observed.abs();
    let orders = (0..workers.shards()).map(|_| Vec::with_capacity(n + m)).collect();
    let as_large = workers.map(permutations, orders, |order: &mut Vec<usize>, _, range| {
        let is_as_large = |b: &usize| {
            order.clear();
            order.extend(0..n + m);
            order.shuffle(&mut streams.at("permutation", *b as u64, 0));
            statistic.of(order) >= least
        };
        range.filter(is_as_large).count()
    });
    let count: usize = as_large.iter().sum();
    Ok(PermutationTest { observed, p_value: (1 + count) as f64 / (1 + permutations) as f64, permutations })
}
