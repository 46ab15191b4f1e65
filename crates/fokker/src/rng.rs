//! Named seeded streams of random numbers.
//!
//! A stream is fixed by the run's seed, a name and up to two counters (step and chunk, say). Nothing has to be saved to go on
//! where a run stopped: the same names and counters give the same numbers, in whatever order and on whatever thread they are
//! asked for.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random numbers: xoshiro256++ (Blackman & Vigna 2021, ACM TOMS 47(4)).
pub type Stream = Xoshiro256PlusPlus;

/// All the streams of a run.
///
/// ```
/// use fokker::rng::Streams;
/// use rand::RngExt;
/// let streams = Streams::new(7);
/// let a: u64 = streams.at("noise", 3, 0).random();
/// assert_eq!(a, streams.at("noise", 3, 0).random::<u64>());
/// assert_ne!(a, streams.at("probes", 3, 0).random::<u64>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of the run with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Stream {
        self.at(name, 0, 0)
    }

    /// The stream with this name and these counters.
    #[must_use]
    pub fn at(&self, name: &str, step: u64, chunk: u64) -> Stream {
        let mut key = mix(self.seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in name.bytes() {
            key = mix(key ^ u64::from(byte));
        }
        Stream::seed_from_u64(mix(mix(key ^ step) ^ chunk.rotate_left(32)))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection in which every input bit changes half of the output's.
fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use std::collections::HashSet;

    #[test]
    fn streams_differ_by_seed_name_and_counters() {
        let mut seen = HashSet::new();
        for seed in 0..4 {
            for name in ["a", "b", "ab"] {
                for step in 0..20 {
                    for chunk in 0..20 {
                        assert!(seen.insert(Streams::new(seed).at(name, step, chunk).random::<u64>()));
                    }
                }
            }
        }
    }
}
