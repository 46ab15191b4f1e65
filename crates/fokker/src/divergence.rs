//! div s = Σ_j c v_jᵀ J v_j: exactly, or by random probes.

use fokker_jet::Real;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// How div s = tr J is had: a sum over directions v_j with one coefficient c.
///
/// ```
/// use fokker::divergence::Divergence;
/// assert_eq!(Divergence::Exact {}.directions(5), 5);
/// assert_eq!(Divergence::default().directions(5), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Divergence {
    /// v_j = e_j, c = 1: D directions.
    Exact {},
    /// n random probes, c = 1/n (Hutchinson 1990, Commun. Stat. Simul. Comput. 19(2)).
    Hutchinson {
        /// n.
        #[serde(default = "one")]
        probes: usize,
        /// Law of the probes' entries.
        #[serde(default)]
        distribution: ProbeDistribution,
    },
}

fn one() -> usize {
    1
}

impl Default for Divergence {
    fn default() -> Self {
        Self::Hutchinson { probes: 1, distribution: ProbeDistribution::default() }
    }
}

/// Law of a probe's entries: mean 0, variance 1.
///
/// ```
/// use fokker::{divergence::ProbeDistribution, rng::Streams};
/// let mut v = [0.0_f32; 5];
/// ProbeDistribution::Rademacher.fill(&mut Streams::new(0).named("probes"), &mut v);
/// assert!(v.iter().all(|v| v.abs() == 1.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeDistribution {
    /// ±1 with equal chance: the least variance of all such laws.
    #[default]
    Rademacher,
    /// Normal.
    Gaussian,
}

impl ProbeDistribution {
    /// Fills a vector with independent draws.
    pub fn fill<F: Real>(self, rng: &mut impl Rng, out: &mut [F]) {
        match self {
            Self::Rademacher => {
                for block in out.chunks_mut(64) {
                    let mut bits: u64 = rng.random();
                    for x in block {
                        *x = if bits & 1 == 0 { F::ONE } else { -F::ONE };
                        bits >>= 1;
                    }
                }
            }
            Self::Gaussian => fill_normal(rng, out),
        }
    }
}

/// Fills a vector with independent normal draws.
pub(crate) fn fill_normal<F: Real>(rng: &mut impl Rng, out: &mut [F]) {
    for x in out {
        let z: f32 = StandardNormal.sample(rng);
        *x = F::of(f64::from(z));
    }
}

impl Divergence {
    /// Number of directions for data of dimension `dim`.
    #[must_use]
    pub fn directions(self, dim: usize) -> usize {
        match self {
            Self::Exact {} => dim,
            Self::Hutchinson { probes, .. } => probes,
        }
    }

    /// The coefficient c.
    #[must_use]
    pub fn coefficient(self) -> f64 {
        match self {
            Self::Exact {} => 1.0,
            #[allow(clippy::cast_precision_loss)]
            Self::Hutchinson { probes, .. } => 1.0 / probes as f64,
        }
    }

    /// Fills direction `j` for all rows (`rows × dim`).
    pub fn fill<F: Real>(self, j: usize, dim: usize, rng: &mut impl Rng, out: &mut [F]) {
        match self {
            Self::Exact {} => {
                out.fill(F::ZERO);
                out.iter_mut().skip(j).step_by(dim).for_each(|x| *x = F::ONE);
            }
            Self::Hutchinson { distribution, .. } => distribution.fill(rng, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Streams;

    #[test]
    fn probes_have_mean_zero_and_variance_one() {
        for law in [ProbeDistribution::Rademacher, ProbeDistribution::Gaussian] {
            let mut v = vec![0.0_f64; 100_000];
            law.fill(&mut Streams::new(1).named("test"), &mut v);
            let n = v.len() as f64;
            let mean = v.iter().sum::<f64>() / n;
            let variance = v.iter().map(|x| x * x).sum::<f64>() / n;
            assert!(
                mean.abs() < 5.0 / n.sqrt() && (variance - 1.0).abs() < 8.0 / n.sqrt(),
                "{law:?} {mean} {variance}"
            );
        }
    }

    #[test]
    fn exact_directions_are_the_unit_vectors_of_every_row() {
        let mut v = vec![7.0_f64; 6];
        Divergence::Exact {}.fill(1, 3, &mut Streams::new(1).named("test"), &mut v);
        assert_eq!(v, [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    }
}
