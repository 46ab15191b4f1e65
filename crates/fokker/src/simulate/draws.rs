//! The random numbers of chains: each chain has a stream for each step.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::rng::{Stream, Streams};

/// Random numbers for the chains that take a step together.
pub(super) trait Draws {
    /// Fills `z` (`chains × D`) with standard normal draws.
    fn normal(&mut self, z: &mut [f64]);
    /// Fills `u`, a number for each chain, with draws that are uniform in \[0, 1).
    fn uniform(&mut self, u: &mut [f64]);
}

/// Each chain's stream for the step that is being taken.
#[derive(Default)]
pub(super) struct ChainDraws(Vec<Stream>);

impl ChainDraws {
    /// For step number `step`, from 1, of these chains; 0 is for what they start with.
    pub fn begin(&mut self, streams: &Streams, step: u64, chains: &[usize]) {
        self.0.clear();
        self.0.extend(chains.iter().map(|&chain| streams.at("simulate", step, chain as u64)));
    }
}

impl Draws for ChainDraws {
    fn normal(&mut self, z: &mut [f64]) {
        let dim = z.len() / self.0.len().max(1);
        for (stream, z) in self.0.iter_mut().zip(z.chunks_exact_mut(dim.max(1))) {
            z.iter_mut().for_each(|z| *z = StandardNormal.sample(stream));
        }
    }

    fn uniform(&mut self, u: &mut [f64]) {
        self.0.iter_mut().zip(u).for_each(|(stream, u)| *u = stream.random());
    }
}
