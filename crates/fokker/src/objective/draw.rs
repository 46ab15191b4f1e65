//! What a chunk is made of: points, times, probes, drawn from named streams.

use std::ops::Range;

use fokker_jet::{Real, Tape};
use rand::RngExt;

use super::objective::Call;
use super::pass::Shard;
use crate::divergence::{Divergence, fill_normal};
use crate::residual::equation::Points;
use crate::rng::Stream;
use crate::score::network::NetworkTape;
use crate::sde::Coefficients;

/// Numbers that are drawn from one stream, about, and rows at most. What is drawn does not depend on how the batch is cut into
/// chunks, which are made of whole blocks of rows.
const NUMBERS: usize = 512;
const MOST_ROWS: usize = 32;

/// Rows that are drawn from one stream, whole groups of `copies` (1 or 2) that share their time.
pub(super) fn block(dim: usize, copies: usize) -> usize {
    let rows = (NUMBERS / dim.max(1)).clamp(1, MOST_ROWS);
    (1 << rows.ilog2()).max(copies)
}

/// What a chunk's points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draw {
    /// x ~ q_t, each t for so many rows.
    Perturbed { copies: usize },
    /// x ~ q₀.
    Data,
    /// Uniform in the data's box.
    Uniform,
}

/// The rows of a chunk.
#[derive(Debug, Default)]
pub(super) struct ChunkRows<F> {
    pub dim: usize,
    pub x: Vec<F>,
    pub z: Vec<F>,
    pub sde: Vec<Coefficients>,
    /// 1/(p(t)(T − t_min)).
    pub weight: Vec<f64>,
}

impl<F> ChunkRows<F> {
    pub fn clear(&mut self) {
        self.x.clear();
        self.z.clear();
        self.sde.clear();
        self.weight.clear();
    }

    pub fn points(&self) -> Points<'_, F> {
        Points { dim: self.dim, x: &self.x, sde: &self.sde }
    }
}

/// The directions of a chunk and what is held constant between two passes.
#[derive(Debug, Default)]
pub(super) struct Probing<F> {
    pub u: Vec<F>,
    pub v: Vec<Vec<F>>,
    pub residual: [Vec<F>; 2],
}

impl<F: Real> Call<'_, F> {
    /// Draws the points of a chunk, block by block.
    pub(super) fn draw(&self, shard: &mut Shard<F>, range: &Range<usize>, what: Draw, name: &str) {
        shard.rows.clear();
        let copies = if let Draw::Perturbed { copies } = what { copies } else { 1 };
        let size = block(self.model.dim(), copies);
        for block in blocks(range, size) {
            let mut rng = self.streams.at(name, self.step.0, (block.start / size) as u64);
            let first = shard.rows.sde.len();
            self.draw_times(&mut shard.rows, first + block.len(), copies, &mut rng);
            match what {
                Draw::Perturbed { .. } => self.diffuse(shard, first, &mut rng),
                Draw::Data => self.draw_data(shard, block.len(), &mut rng),
                Draw::Uniform => self.draw_uniform(shard, block.len(), &mut rng),
            }
        }
    }

    /// Times until there are `count` rows.
    fn draw_times(&self, rows: &mut ChunkRows<F>, count: usize, copies: usize, rng: &mut Stream) {
        while rows.sde.len() < count {
            let (t, weight) = self.sampler.draw(rng);
            let c = self.model.sde().at(t);
            for _ in 0..copies {
                rows.weight.push(weight);
                rows.sde.push(c);
            }
        }
    }

    /// x = m x₀ + σ z for the rows from `first` on.
    fn diffuse(&self, shard: &mut Shard<F>, first: usize, rng: &mut Stream) {
        let Shard { rows, row, .. } = shard;
        rows.z.resize(rows.sde.len() * rows.dim, F::ZERO);
        let z = &mut rows.z[first * rows.dim..];
        fill_normal(rng, z);
        for (c, z) in rows.sde[first..].iter().zip(z.chunks_exact(rows.dim)) {
            self.data.draw(rng, row);
            let (m, sigma) = (F::of(c.m), F::of(c.sigma));
            rows.x.extend(row.iter().zip(z).map(|(&x, &z)| m * F::of(f64::from(x)) + sigma * z));
        }
    }

    fn draw_data(&self, shard: &mut Shard<F>, rows: usize, rng: &mut Stream) {
        for _ in 0..rows {
            self.data.draw(rng, &mut shard.row);
            shard.rows.x.extend(shard.row.iter().map(|&x| F::of(f64::from(x))));
        }
    }

    fn draw_uniform(&self, shard: &mut Shard<F>, rows: usize, rng: &mut Stream) {
        let (low, high) = self.data.bounds();
        for _ in 0..rows {
            let point = low.iter().zip(high).map(|(&a, &b)| a + (b - a) * rng.random::<f32>());
            shard.rows.x.extend(point.map(|x| F::of(f64::from(x))));
        }
    }

    /// Draws the dropout masks of a chunk whose points were drawn from the streams of this name.
    pub(super) fn draw_masks<T: Tape<F>>(&self, tape: &mut NetworkTape<'_, F, T>, range: &Range<usize>, name: &str) {
        if self.model.masks().is_empty() {
            return;
        }
        let (size, name) = (block(self.model.dim(), 1), format!("dropout-{name}"));
        for block in blocks(range, size) {
            let mut rng = self.streams.at(&name, self.step.0, (block.start / size) as u64);
            tape.draw_masks(block.start - range.start..block.end - range.start, &mut rng);
        }
    }

    /// Draws the probes of a chunk and, for slices, u.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn draw_probes(
        &self, shard: &mut Shard<F>, range: &Range<usize>, divergence: Divergence, sets: usize, slices: bool,
        name: &str,
    ) {
        let (dim, size) = (shard.rows.dim, shard.rows.x.len());
        let n = divergence.directions(dim);
        let Probing { u, v, .. } = &mut shard.probing;
        v.resize_with(sets * n, Vec::new);
        v.iter_mut().for_each(|v| v.resize(size, F::ZERO));
        u.resize(if slices { size } else { 0 }, F::ZERO);
        let size = block(self.model.dim(), 1);
        for block in blocks(range, size) {
            let mut rng = self.streams.at(name, self.step.0, (block.start / size) as u64);
            let at = (block.start - range.start) * dim..(block.end - range.start) * dim;
            for (j, v) in v.iter_mut().enumerate() {
                divergence.fill(j % n, dim, &mut rng, &mut v[at.clone()]);
            }
            if slices {
                fill_normal(&mut rng, &mut u[at]);
            }
        }
    }
}

/// The blocks of a range that begins at a block's border.
fn blocks(range: &Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let end = range.end;
    range.clone().step_by(size).map(move |start| start..end.min(start + size))
}
