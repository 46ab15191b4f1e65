//! A batch whose shards lie on several ranks.

use std::sync::Arc;

use bytemuck::Zeroable;
use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::collective::{self, Collective, Scratch, single, sum_in_order};

/// The ranks that an objective's batch lies on, and how their gradients become one.
#[derive(Debug)]
pub(super) struct Ranks<F> {
    collective: Arc<dyn Collective>,
    /// Shards in all.
    shards: usize,
    /// Is the sum to be the same for any number of ranks?
    in_order: bool,
    scratch: Scratch<F>,
}

impl<F: Real> Ranks<F> {
    /// All shards here.
    pub fn none() -> Self {
        Self::new(single(), 0, false)
    }

    /// So many shards in all, on these ranks.
    pub fn new(collective: &Arc<dyn Collective>, shards: usize, in_order: bool) -> Self {
        Self { collective: Arc::clone(collective), shards, in_order, scratch: Scratch::default() }
    }

    fn are_several(&self) -> bool {
        self.collective.size() > 1
    }

    /// Calls `each` with what each shard has, in the order of the shards.
    pub fn each_shard<const N: usize>(&self, mine: impl Iterator<Item = [f64; N]>, mut each: impl FnMut([f64; N])) {
        if !self.are_several() {
            mine.for_each(each);
            return;
        }
        // As many of each rank: the last ones of some are nobody's.
        let (size, shards) = (self.collective.size(), self.shards);
        let most = shards.div_ceil(size);
        let mut said: Vec<[f64; N]> = mine.collect();
        said.resize(most, [0.0; N]);
        let mut all = vec![[f64::zeroed(); N]; most * size];
        let bytes = |shards: &[[f64; N]]| -> Vec<u8> { bytemuck::cast_slice(shards.as_flattened()).to_vec() };
        self.collective.all_gather(&bytes(&said), bytemuck::cast_slice_mut(all.as_flattened_mut()));
        // They come by rank, and are dealt in turn.
        (0..shards).for_each(|shard| each(all[shard % size * most + shard / size]));
    }

    /// Adds the gradients of all ranks' shards in their order; replaces what is there if `fresh`. `false`, and nothing is done, where their order
    /// does not matter.
    pub fn add_in_order(&mut self, workers: &Workers, mine: &[&[F]], gradient: &mut [F], fresh: bool) -> bool {
        let applies = self.are_several() && self.in_order;
        if applies {
            debug_assert_eq!(workers.all_shards(), self.shards);
            sum_in_order(&*self.collective, self.shards, mine, gradient, fresh, &mut self.scratch);
        }
        applies
    }

    /// Sums the ranks' gradients, unless their shards' have been summed in order.
    pub fn sum(&self, gradient: &mut [F]) {
        if self.are_several() && !self.in_order {
            collective::all_reduce(&*self.collective, gradient);
        }
    }

    /// Bytes that the sum of a gradient takes.
    pub fn bytes(&self, parameters: usize) -> u64 {
        if !self.are_several() { 0 } else { Scratch::<F>::bytes(parameters, self.shards, self.collective.size()) }
    }
}
