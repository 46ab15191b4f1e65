//! Targets of denoising averaged over a reference batch: less noise in them, for a bias that vanishes as the batch grows.
//!
//! Denoising score matching asks for the noise z that is in x, whose mean given x the best network has. Xu et al. (2023,
//! arXiv 2302.00670, eq. 8) ask for that mean over rows r₁ … r_n of the data and the row x₀ that x was made from:
//! z̄ = Σ wᵢ (x − m rᵢ)/σ, wᵢ ∝ exp(−‖x − m rᵢ‖²/2σ²).

use fokker_jet::Real;
use fokker_jet::cpu::kernel_mean;

use super::draw::{ChunkRows, Source};
use crate::rows::Host;

/// A reference batch: that of a step, the same for all chunks.
#[derive(Debug)]
pub(super) struct Reference<F> {
    dim: usize,
    /// The coordinates of all rows, one coordinate after another.
    rows: Vec<F>,
    /// Memory for a number a row.
    near: Vec<F>,
    /// x/σ.
    scaled: Vec<F>,
    /// The step that the rows are of.
    step: Option<u64>,
}

impl<F: Real> Reference<F> {
    /// A batch of `count` rows; with none of them targets stay as they are.
    pub fn new(dim: usize, count: usize) -> Self {
        Self {
            dim,
            rows: vec![F::ZERO; dim * count],
            near: vec![F::ZERO; count],
            scaled: Vec::with_capacity(dim),
            step: None,
        }
    }

    /// Bytes of a batch.
    pub fn bytes(dim: usize, count: usize) -> u64 {
        ((dim as u64).saturating_add(1)).saturating_mul((count * size_of::<F>()) as u64)
    }

    /// Averages the targets of a chunk over the batch of the source's step; `row` is memory for a row of data.
    pub fn average(&mut self, source: &Source<'_>, rows: &mut ChunkRows<Host<F>>, row: &mut [f32]) {
        if self.near.is_empty() {
            return;
        }
        if self.step != Some(source.step) {
            self.draw(source, row);
        }
        let ChunkRows { x, target, sde, .. } = rows;
        for ((x, target), c) in x.chunks_exact(self.dim).zip(target.chunks_exact_mut(self.dim)).zip(sde) {
            let [k, inverse] = [c.m / c.sigma, 1.0 / c.sigma].map(F::of);
            self.scaled.clear();
            self.scaled.extend(x.iter().map(|&x| x * inverse));
            kernel_mean(target, &self.scaled, k, &self.rows, &mut self.near);
        }
    }

    fn draw(&mut self, source: &Source<'_>, row: &mut [f32]) {
        let (mut rng, count) = (source.streams.at("reference", source.step, 0), self.near.len());
        for place in 0..count {
            source.data.draw(&mut rng, row);
            for (d, &x) in row.iter().enumerate() {
                self.rows[d * count + place] = F::of(f64::from(x));
            }
        }
        self.step = Some(source.step);
    }
}
