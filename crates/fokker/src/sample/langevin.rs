//! Predictor–corrector sampling: after each step of a predictor, steps of Langevin dynamics at the new time.

use super::chunk::{Field, Scheme};

/// The scheme of [`Sampler::PredictorCorrector`](super::Sampler::PredictorCorrector).
pub(super) struct PredictorCorrector {
    predictor: Box<dyn Scheme>,
    corrector: Langevin,
    corrector_steps: usize,
}

impl PredictorCorrector {
    pub fn new(predictor: Box<dyn Scheme>, corrector_steps: usize, snr: f64) -> Self {
        Self { predictor, corrector: Langevin::new(snr), corrector_steps }
    }
}

impl Scheme for PredictorCorrector {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        self.predictor.step(field, grid, at, x);
        for _ in 0..self.corrector_steps {
            self.corrector.step(field, grid[at + 1], x);
        }
    }
}

/// Unadjusted Langevin dynamics at one time, x ← x + e s + √(2e) z, e = 2 (snr σ)².
///
/// Song et al. 2021 (arXiv 2011.13456, algorithms 4 and 5) take e = 2 α (snr ‖z‖/‖s‖)², the norms averaged over the batch, so that
/// a row would depend on its batch mates. The row's own norms would not do instead: a step that depends on x and z has another
/// stationary law, and near a mode, where ‖s‖ vanishes, no finite one at all in few dimensions. Here stand what the norms are in the
/// mean: E‖z‖² = D, and E‖s‖² = D/σ², which it never exceeds (s = −E\[z | x\]/σ) and which it is where the noise is wider than
/// the data or the data lie on few dimensions. The step is never longer than the published one would be in a large batch, and
/// stable for snr < 1, because −∇² log q_t ≼ I/σ². α = 1 − β_i, 1 for VE and near 1 for VP, is left out.
pub(super) struct Langevin {
    snr: f64,
    score: Vec<f64>,
    noise: Vec<f64>,
}

impl Langevin {
    pub fn new(snr: f64) -> Self {
        Self { snr, score: Vec::new(), noise: Vec::new() }
    }

    /// One step at time `t`.
    pub fn step(&mut self, field: &mut dyn Field, t: f64, x: &mut [f64]) {
        let length = 2.0 * (self.snr * field.sde().at(t).sigma).powi(2);
        self.noise.resize(x.len(), 0.0);
        field.score(t, x, &mut self.score);
        field.noise(&mut self.noise);
        let spread = (2.0 * length).sqrt();
        for ((x, s), z) in x.iter_mut().zip(&self.score).zip(&self.noise) {
            *x += length * s + spread * z;
        }
    }
}
