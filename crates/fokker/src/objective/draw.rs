//! What a chunk is made of: points, times, directions, dropout masks, drawn from named streams.

use std::ops::Range;

use fokker_jet::Real;
use rand::RngExt;

use super::consistency::GROUP;
use super::time::TimeSampler;
use crate::data::Data;
use crate::divergence::{Divergence, fill_normal};
use crate::rng::{Stream, Streams};
use crate::rows::{Host, Rows};
use crate::sde::{Coefficients, Sde};

/// Numbers that are drawn from one stream, about, and rows at most. What is drawn does not depend on how the batch is cut into
/// chunks, which are made of whole blocks of rows.
const NUMBERS: usize = 512;
const MOST_ROWS: usize = 32;

/// Rows that are drawn from one stream, whole groups of `unit` (1, 2 or 4).
pub(super) fn block(dim: usize, unit: usize) -> usize {
    let rows = (NUMBERS / dim.max(1)).clamp(1, MOST_ROWS);
    (1 << rows.ilog2()).max(unit)
}

/// What a chunk's points are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Draw {
    /// x ~ q_t, each t for so many rows.
    Perturbed { copies: usize },
    /// Groups of four: x ~ q_t, and three steps of the model's own from there, down to (1 − step) t.
    Path { step: f64 },
    /// x ~ q₀.
    Data,
    /// Uniform in the data's box.
    Uniform,
}

impl Draw {
    /// The streams of the batch's own points.
    pub const BATCH: &'static str = "rows";
    /// Those of the rest of the batch, where some of it had a pass of its own.
    pub const REST: &'static str = "rows-rest";
}

/// Directions to be drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probing {
    /// How div s is had.
    pub divergence: Divergence,
    /// Independent sets of its directions.
    pub sets: usize,
    /// Is there a normal direction u before those?
    pub slices: bool,
    /// The name of the random streams.
    pub stream: &'static str,
    /// The table of the config that says how many directions there are.
    pub table: &'static str,
}

/// The rows of a chunk.
#[derive(Debug)]
pub(super) struct ChunkRows<R: Rows> {
    pub dim: usize,
    pub x: R::Owned,
    /// The noise in x, where there is any.
    pub z: R::Owned,
    /// What denoising takes for it.
    pub target: R::Owned,
    pub sde: Vec<Coefficients>,
    /// 1/(p(t)(T − t_min)).
    pub weight: Vec<f64>,
}

impl<F: Real> ChunkRows<Host<F>> {
    /// No rows of dimension `dim`.
    pub fn new(dim: usize) -> Self {
        Self { dim, x: Vec::new(), z: Vec::new(), target: Vec::new(), sde: Vec::new(), weight: Vec::new() }
    }

    fn clear(&mut self) {
        self.x.clear();
        self.z.clear();
        self.target.clear();
        self.sde.clear();
        self.weight.clear();
    }
}

/// Where a step's draws come from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub sde: &'a Sde,
    pub data: &'a Data,
    pub sampler: &'a TimeSampler,
    pub streams: &'a Streams,
    /// The step.
    pub step: u64,
}

impl Source<'_> {
    /// Calls `f(rows from the range's first on, their stream)` for each block of a range that begins at a block's border.
    fn blocks(&self, range: &Range<usize>, size: usize, name: &str, mut f: impl FnMut(Range<usize>, &mut Stream)) {
        for start in range.clone().step_by(size) {
            let mut rng = self.streams.at(name, self.step, (start / size) as u64);
            f(start - range.start..range.end.min(start + size) - range.start, &mut rng);
        }
    }

    /// Draws the points of a chunk, block by block; `row` is memory for a row of data.
    pub fn points<F: Real>(
        &self, rows: &mut ChunkRows<Host<F>>, row: &mut [f32], range: &Range<usize>, what: Draw, name: &str,
    ) {
        rows.clear();
        let copies = match what {
            Draw::Perturbed { copies } => copies,
            Draw::Path { .. } => GROUP,
            Draw::Data | Draw::Uniform => 1,
        };
        self.blocks(range, block(rows.dim, copies), name, |block, rng| {
            let first = rows.sde.len();
            self.times(rows, block.end, copies, rng);
            match what {
                Draw::Perturbed { .. } | Draw::Path { .. } => self.diffuse(rows, row, first, rng),
                Draw::Data => self.of_data(rows, row, block.len(), rng),
                Draw::Uniform => self.uniform(rows, block.len(), rng),
            }
        });
    }

    /// Times until there are `count` rows.
    fn times<F: Real>(&self, rows: &mut ChunkRows<Host<F>>, count: usize, copies: usize, rng: &mut Stream) {
        while rows.sde.len() < count {
            let (t, weight) = self.sampler.draw(rng);
            let c = self.sde.at(t);
            for _ in 0..copies {
                rows.weight.push(weight);
                rows.sde.push(c);
            }
        }
    }

    /// x = m x₀ + σ z for the rows from `first` on.
    fn diffuse<F: Real>(&self, rows: &mut ChunkRows<Host<F>>, row: &mut [f32], first: usize, rng: &mut Stream) {
        rows.z.resize(rows.sde.len() * rows.dim, F::ZERO);
        let z = &mut rows.z[first * rows.dim..];
        fill_normal(rng, z);
        for (c, z) in rows.sde[first..].iter().zip(z.chunks_exact(rows.dim)) {
            self.data.draw(rng, row);
            let (m, sigma) = (F::of(c.m), F::of(c.sigma));
            rows.x.extend(row.iter().zip(z).map(|(&x, &z)| m * F::of(f64::from(x)) + sigma * z));
        }
        rows.target.extend_from_slice(z);
    }

    fn of_data<F: Real>(&self, rows: &mut ChunkRows<Host<F>>, row: &mut [f32], count: usize, rng: &mut Stream) {
        for _ in 0..count {
            self.data.draw(rng, row);
            rows.x.extend(row.iter().map(|&x| F::of(f64::from(x))));
        }
    }

    fn uniform<F: Real>(&self, rows: &mut ChunkRows<Host<F>>, count: usize, rng: &mut Stream) {
        let (low, high) = self.data.bounds();
        for _ in 0..count {
            let point = low.iter().zip(high).map(|(&a, &b)| a + (b - a) * rng.random::<f32>());
            rows.x.extend(point.map(|x| F::of(f64::from(x))));
        }
    }

    /// Draws the directions of a chunk's rows: u, if there are slices, then the probes.
    pub fn directions<F: Real>(&self, vectors: &mut Vec<Vec<F>>, dim: usize, range: &Range<usize>, probing: &Probing) {
        let Probing { divergence, sets, slices, stream, .. } = *probing;
        let (n, u) = (divergence.directions(dim), usize::from(slices));
        vectors.resize_with(u + sets * n, Vec::new);
        vectors.iter_mut().for_each(|v| v.resize(range.len() * dim, F::ZERO));
        let (slices, probes) = vectors.split_at_mut(u);
        self.blocks(range, block(dim, 1), stream, |block, rng| {
            let at = block.start * dim..block.end * dim;
            for (j, v) in probes.iter_mut().enumerate() {
                divergence.fill(j % n, dim, rng, &mut v[at.clone()]);
            }
            for u in slices.iter_mut() {
                fill_normal(rng, &mut u[at.clone()]);
            }
        });
    }

    /// Calls `draw(rows, stream)` for each block of a chunk whose dropout masks are to be drawn; its points are those of the streams
    /// of this name.
    pub fn masks(&self, dim: usize, range: &Range<usize>, name: &str, draw: impl FnMut(Range<usize>, &mut Stream)) {
        self.blocks(range, block(dim, 1), &format!("dropout-{name}"), draw);
    }
}
