//! Passes on the CPU: the shape of their tapes, a workspace for each shard, and the memory that they take.

use std::sync::{Mutex, PoisonError};

use fokker_jet::cpu::{MOST_THREADS, Parameters, Plan, Workers, Workspace};
use fokker_jet::{JetError, Real, Tape};

use super::consistency;
use super::draw::{self, ChunkRows, Draw, Source};
use super::lineup::{Lineup, Visit};
use super::loss::NAMES;
use super::ranks::Ranks;
use super::reference::Reference;
use super::term::Chunk;
use crate::rows::{Host, Rows};
use crate::score::network::{NetworkTape, ScoreModel};
use crate::score::{Directions, ScoreTape};
use crate::sde::Coefficients;

/// Bytes of a chunk's values that stay in a core's second-level cache (1 to 2 MiB on present servers) beside the weights.
const CACHE: usize = 3 << 19;

/// More parts than a term has with one probe, and so many times the memory that a pass takes without derivatives.
const MANY: usize = 8;

/// What a shard works with.
#[derive(Debug)]
struct Shard<F: Real> {
    workspace: Workspace<F>,
    rows: ChunkRows<Host<F>>,
    directions: Vec<Vec<F>>,
    held: [Vec<F>; 2],
    columns: [Vec<F>; 2],
    row: Vec<f32>,
    reference: Reference<F>,
    /// The terms' sums over rows, by place.
    sums: Sums,
}

/// The terms' sums over rows, by place.
type Sums = [f64; NAMES.len()];

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
    /// Rows of the reference batch.
    reference: usize,
}

impl Draft {
    /// Chunks of equal size for all shards, of as many rows as the cache holds, but no fewer than the config says and no more than
    /// there are for a shard; whole groups of `unit`.
    pub fn new<F: Real>(
        model: &ScoreModel, directions: Directions, workers: &Workers, batch: usize, unit: usize, reference: usize,
    ) -> Result<Self, JetError> {
        let plan = model.training_plan(&directions)?;
        let block = draw::block(model.dim(), unit);
        let of_row = plan.numbers_per_row().saturating_mul(size_of::<F>());
        let fit = (CACHE / of_row.max(1)).max(workers.chunk_rows());
        let of_shard = batch.div_ceil(workers.all_shards());
        let rows = of_shard.div_ceil(of_shard.div_ceil(fit).max(1)).div_ceil(block).max(1) * block;
        Ok(Self { directions, plan, dim: model.dim(), rows, block, shards: workers.shards(), reference })
    }

    /// Bytes that all shards take.
    pub fn bytes<F: Real>(&self) -> u64 {
        self.shard_bytes::<F>(self.rows).saturating_mul(self.shards as u64)
    }

    /// Bytes that a shard takes with chunks of so many rows.
    fn shard_bytes<F: Real>(&self, rows: usize) -> u64 {
        // x, z and its mean, the directions, two arrays and two columns for the terms.
        let vectors = 6 + self.directions.kinds().len();
        let of_row = (self.dim as u64)
            .saturating_mul((vectors * size_of::<F>()) as u64)
            .saturating_add((size_of::<Coefficients>() + size_of::<f64>()) as u64);
        let gradient = (self.plan.graph().parameter_count() as u64).saturating_mul(size_of::<F>() as u64);
        let own = of_row.saturating_mul(rows as u64);
        let reference = Reference::<F>::bytes(self.dim, self.reference);
        self.plan.workspace_bytes::<F>(rows).saturating_add(own).saturating_add(gradient).saturating_add(reference)
    }

    /// The key to change if all is more than `most` bytes, this pass being the largest: `probes` is that of its divergence, if it has one,
    /// and `plain` the pass without derivatives.
    pub fn culprit<'a, F: Real>(&self, probes: Option<&'a str>, plain: &Self, most: u64) -> &'a str {
        let shards = self.shards as u64;
        let reference = Reference::<F>::bytes(self.dim, self.reference);
        let many_times = |bytes: u64| self.bytes::<F>() / MANY as u64 > bytes.saturating_mul(shards);
        match probes {
            Some(probes) if self.directions.parts() > MANY && many_times(plain.shard_bytes::<F>(self.rows)) => probes,
            _ if reference > self.shard_bytes::<F>(self.rows) / 2 => "loss.reference_batch",
            _ if self.rows > self.block && self.shard_bytes::<F>(self.block).saturating_mul(shards) <= most => {
                "train.chunk_rows"
            }
            _ if self.shards > 1 && self.shard_bytes::<F>(self.rows) <= most => "train.threads",
            _ => "network.width",
        }
    }

    /// Takes the memory.
    pub fn pass<F: Real>(self) -> Pass<F> {
        let Self { directions, plan, dim, rows, shards, reference, .. } = self;
        let shard = || Shard {
            workspace: Workspace::new(&plan, rows),
            rows: ChunkRows::new(dim),
            directions: Vec::new(),
            held: [Vec::new(), Vec::new()],
            columns: [Vec::new(), Vec::new()],
            row: vec![0.0; dim],
            reference: Reference::new(dim, reference),
            sums: [0.0; NAMES.len()],
        };
        let totals = [0.0; NAMES.len()];
        Pass { directions, rows, shards: (0..shards).map(|_| Mutex::new(shard())).collect(), totals }
    }
}

/// A tape shape and a workspace for each shard.
#[derive(Debug)]
pub(super) struct Pass<F: Real> {
    directions: Directions,
    /// Rows of a chunk.
    rows: usize,
    shards: Vec<Mutex<Shard<F>>>,
    /// The sums of all shards, when [`total`](Self::total) has taken them.
    totals: Sums,
}

/// One evaluation of an objective.
#[derive(Clone, Copy)]
pub(super) struct Call<'a, F: Real> {
    pub model: &'a ScoreModel,
    pub parameters: &'a Parameters<F>,
    pub source: Source<'a>,
    pub lineup: &'a Lineup<Host<F>>,
    pub workers: &'a Workers,
}

impl<F: Real> Pass<F> {
    /// Takes rows through the pass, chunk by chunk on all threads.
    pub fn run(&mut self, call: &Call<'_, F>, visit: Visit) {
        for shard in &mut self.shards {
            let shard = unlocked(shard);
            shard.workspace.clear_gradient();
            shard.sums = [0.0; NAMES.len()];
        }
        let (model, dim) = (call.model, call.model.dim());
        let probes = visit.lead.and_then(|place| call.lineup.members()[place].needs.probes);
        call.workers.run(self.rows, visit.rows, &self.shards, |shard, _, range| {
            let Shard { workspace, rows, directions, held, columns, row, reference, sums } = shard;
            call.source.points(rows, row, &range, visit.draw, visit.stream);
            if visit.riders {
                reference.average(&call.source, rows, row);
            }
            if let Some(probes) = &probes {
                call.source.directions(directions, dim, &range, probes);
            }
            held.iter_mut().for_each(|held| held.resize(rows.x.len(), F::ZERO));
            columns.iter_mut().for_each(|column| column.resize(range.len(), F::ZERO));
            let mut tape = NetworkTape::new(model, &self.directions, call.parameters, workspace);
            tape.begin(&rows.x, &rows.sde);
            if let Draw::Path { step } = visit.draw {
                // Nothing is dropped on the way.
                tape.fill_masks(F::ONE);
                tape.forward(0..1);
                consistency::follow(model.sde(), rows, tape.part(0), step);
                tape.begin(&rows.x, &rows.sde);
            }
            if !model.masks().is_empty() {
                call.source.masks(dim, &range, visit.stream, |rows, rng| tape.draw_masks(rows, rng));
            }
            let mut chunk = Chunk { rows, directions, held, columns };
            call.lineup.chunk(visit, &mut tape, &mut chunk, |place, sum| sums[place] += Host::<F>::total(sum));
        });
    }

    /// Takes the shards' sums, in order, those of other ranks among them.
    pub fn total(&mut self, ranks: &Ranks<F>) {
        let Self { shards, totals, .. } = self;
        *totals = [0.0; NAMES.len()];
        ranks.each_shard(shards.iter_mut().map(|shard| unlocked(shard).sums), |sums| {
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        });
    }

    /// The sum of a term over all rows.
    pub fn sum(&self, place: usize) -> f64 {
        self.totals[place]
    }

    /// Adds the shards' gradients, in order, those of other ranks among them where their order matters; replaces what is there if `fresh`.
    pub fn add_gradient(&mut self, workers: &Workers, ranks: &mut Ranks<F>, gradient: &mut [F], fresh: bool) {
        let (mut of_shards, shards) = ([&[][..]; MOST_THREADS], self.shards.len());
        for (of_shard, shard) in of_shards.iter_mut().zip(&mut self.shards) {
            *of_shard = unlocked(shard).workspace.parameter_gradient();
        }
        let of_shards = &of_shards[..shards.min(MOST_THREADS)];
        if ranks.add_in_order(workers, of_shards, gradient, fresh) {
            return;
        }
        workers.for_each_chunk([gradient], |start, [gradient]| {
            let end = start + gradient.len();
            for (i, of_shard) in of_shards.iter().enumerate() {
                if fresh && i == 0 {
                    gradient.copy_from_slice(&of_shard[start..end]);
                } else {
                    gradient.iter_mut().zip(&of_shard[start..end]).for_each(|(g, &s)| *g += s);
                }
            }
        });
    }
}

fn unlocked<T>(shard: &mut Mutex<T>) -> &mut T {
    shard.get_mut().unwrap_or_else(PoisonError::into_inner)
}
