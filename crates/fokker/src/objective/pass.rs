//! A pass over part of a batch: the shape of its tapes, a workspace for each shard, and the memory that they take.

use std::sync::{Mutex, PoisonError};

use fokker_jet::cpu::{MOST_THREADS, Plan, Workers, Workspace};
use fokker_jet::{JetError, Real, Tape};

use super::draw::{self, ChunkRows, Probing};
use crate::score::Directions;
use crate::score::network::ScoreModel;
use crate::sde::Coefficients;

/// Bytes of a chunk's values that stay in a core's second-level cache (1 to 2 MiB on present servers) beside the weights.
const CACHE: usize = 3 << 19;

/// More parts than a term has with one probe, and so many times the memory that a pass takes without derivatives.
const MANY: usize = 8;

/// What a shard works with.
#[derive(Debug)]
pub(super) struct Shard<F> {
    pub chunk: Workspace<F>,
    pub rows: ChunkRows<F>,
    pub probing: Probing<F>,
    pub row: Vec<f32>,
    pub sums: Sums,
}

/// Sums over rows of J_DSM and of the pass's own term.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub dsm: f64,
    pub term: f64,
}

/// A pass before any memory is taken for it.
#[derive(Debug)]
pub(super) struct Draft {
    directions: Directions,
    plan: Plan,
    dim: usize,
    /// Rows of a chunk, and the fewest that there could be.
    rows: usize,
    block: usize,
    shards: usize,
}

impl Draft {
    /// Chunks of equal size for all shards, of as many rows as the cache holds, but no fewer than the config says and no more than
    /// there are for a shard; whole groups of `copies`.
    pub fn new<F: Real>(
        model: &ScoreModel, directions: Directions, workers: &Workers, batch: usize, copies: usize,
    ) -> Result<Self, JetError> {
        let plan = model.training_plan(&directions)?;
        let block = draw::block(model.dim(), copies);
        let of_row = plan.numbers_per_row().saturating_mul(size_of::<F>());
        let fit = (CACHE / of_row.max(1)).max(workers.chunk_rows());
        let of_shard = batch.div_ceil(workers.shards());
        let rows = of_shard.div_ceil(of_shard.div_ceil(fit).max(1)).div_ceil(block).max(1) * block;
        Ok(Self { directions, plan, dim: model.dim(), rows, block, shards: workers.shards() })
    }

    /// Bytes that all shards take.
    pub fn bytes<F: Real>(&self) -> u64 {
        self.shard_bytes::<F>(self.rows).saturating_mul(self.shards as u64)
    }

    /// Bytes that a shard takes with chunks of so many rows.
    fn shard_bytes<F: Real>(&self, rows: usize) -> u64 {
        // x and z, u and the probes, two residuals.
        let vectors = 5 + self.directions.kinds().len();
        let of_row = (self.dim as u64)
            .saturating_mul((vectors * size_of::<F>()) as u64)
            .saturating_add((size_of::<Coefficients>() + size_of::<f64>()) as u64);
        let gradient = (self.plan.graph().parameter_count() as u64).saturating_mul(size_of::<F>() as u64);
        let own = of_row.saturating_mul(rows as u64);
        self.plan.workspace_bytes::<F>(rows).saturating_add(own).saturating_add(gradient)
    }

    /// The key to change if all is more than `most` bytes, this pass being the largest: `probes` is that of its divergence, if it has one,
    /// and `plain` the pass without derivatives.
    pub fn culprit<'a, F: Real>(&self, probes: Option<&'a str>, plain: &Self, most: u64) -> &'a str {
        let shards = self.shards as u64;
        let many_times = |bytes: u64| self.bytes::<F>() / MANY as u64 > bytes.saturating_mul(shards);
        match probes {
            Some(probes) if self.directions.parts() > MANY && many_times(plain.shard_bytes::<F>(self.rows)) => probes,
            _ if self.rows > self.block && self.shard_bytes::<F>(self.block).saturating_mul(shards) <= most => {
                "train.chunk_rows"
            }
            _ if self.shards > 1 && self.shard_bytes::<F>(self.rows) <= most => "train.threads",
            _ => "network.width",
        }
    }

    /// Takes the memory.
    pub fn pass<F: Real>(self) -> Pass<F> {
        let Self { directions, plan, dim, rows, shards, .. } = self;
        let shard = || Shard {
            chunk: Workspace::new(&plan, rows),
            rows: ChunkRows { dim, ..ChunkRows::default() },
            probing: Probing::default(),
            row: vec![0.0; dim],
            sums: Sums::default(),
        };
        Pass { directions, rows, shards: (0..shards).map(|_| Mutex::new(shard())).collect() }
    }
}

/// A tape shape and a workspace for each shard.
#[derive(Debug)]
pub(super) struct Pass<F> {
    pub directions: Directions,
    /// Rows of a chunk.
    pub rows: usize,
    pub shards: Vec<Mutex<Shard<F>>>,
}

impl<F: Real> Pass<F> {
    pub fn clear(&mut self) {
        for shard in &mut self.shards {
            let shard = unlocked(shard);
            shard.chunk.clear_gradient();
            shard.sums = Sums::default();
        }
    }

    /// The shards' sums, in order.
    pub fn sums(&mut self) -> Sums {
        self.shards.iter_mut().map(unlocked).fold(Sums::default(), |all, shard| Sums {
            dsm: all.dsm + shard.sums.dsm,
            term: all.term + shard.sums.term,
        })
    }

    /// Adds the shards' gradients, in order; replaces what is there if `fresh`.
    pub fn add_gradient(&mut self, workers: &Workers, gradient: &mut [F], fresh: bool) {
        let (mut of_shards, shards) = ([&[][..]; MOST_THREADS], self.shards.len());
        for (of_shard, shard) in of_shards.iter_mut().zip(&mut self.shards) {
            *of_shard = unlocked(shard).chunk.parameter_gradient();
        }
        let of_shards = &of_shards[..shards.min(MOST_THREADS)];
        workers.for_each_chunk([gradient], |start, [gradient]| {
            let end = start + gradient.len();
            for (i, of_shard) in of_shards.iter().enumerate() {
                if fresh && i == 0 {
                    gradient.copy_from_slice(&of_shard[start..end]);
                } else {
                    gradient.iter_mut().zip(&of_shard[start..end]).for_each(|(g, &l)| *g += l);
                }
            }
        });
    }
}

fn unlocked<T>(shard: &mut Mutex<T>) -> &mut T {
    shard.get_mut().unwrap_or_else(PoisonError::into_inner)
}
