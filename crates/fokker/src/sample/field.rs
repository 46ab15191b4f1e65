//! What fixed steps work on: a chunk of rows that are all at one time.

use fokker_jet::Real;

use super::samples::fill_normal;
use crate::rng::Stream;
use crate::score::Evaluator;
use crate::sde::{Coefficients, Sde};

/// The score of rows that are all at one time, and each row's own random numbers. Arrays are `rows × D`.
pub(super) trait Field {
    /// The SDE.
    fn sde(&self) -> &Sde;
    /// Puts the score at time `t` and points `x` into `out`.
    fn score(&mut self, t: f64, x: &[f64], out: &mut Vec<f64>);
    /// Fills `z` with standard normal draws, each row from its own stream.
    fn noise(&mut self, z: &mut [f64]);
}

/// One chunk's rows.
pub(super) struct ChunkField<'a, F> {
    sde: &'a Sde,
    evaluator: &'a mut dyn Evaluator<F>,
    streams: Vec<Stream>,
    /// The points and their scores, in the score's precision.
    x: Vec<F>,
    s: Vec<F>,
    /// The SDE at each row's time.
    at: Vec<Coefficients>,
    /// Evaluations of the score so far, the same for every row.
    pub evaluations: u64,
}

impl<'a, F> ChunkField<'a, F> {
    pub fn new(sde: &'a Sde, evaluator: &'a mut dyn Evaluator<F>, streams: Vec<Stream>) -> Self {
        Self { sde, evaluator, streams, x: Vec::new(), s: Vec::new(), at: Vec::new(), evaluations: 0 }
    }
}

impl<F: Real> Field for ChunkField<'_, F> {
    fn sde(&self) -> &Sde {
        self.sde
    }

    fn score(&mut self, t: f64, x: &[f64], out: &mut Vec<f64>) {
        self.evaluations += 1;
        self.x.clear();
        self.x.extend(x.iter().map(|&x| F::of(x)));
        self.at.clear();
        self.at.resize(self.streams.len(), self.sde.at(t));
        self.s.resize(x.len(), F::ZERO);
        self.evaluator.evaluate(&self.x, &self.at, &mut self.s);
        out.clear();
        out.extend(self.s.iter().map(|s| s.as_f64()));
    }

    fn noise(&mut self, z: &mut [f64]) {
        let dim = z.len() / self.streams.len().max(1);
        for (stream, z) in self.streams.iter_mut().zip(z.chunks_exact_mut(dim.max(1))) {
            fill_normal(stream, z);
        }
    }
}
