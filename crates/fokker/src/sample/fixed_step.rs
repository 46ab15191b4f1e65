//! Fixed steps of all rows along a grid of times, chunk by chunk.

use std::sync::atomic::{AtomicUsize, Ordering};

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::field::{ChunkField, Field};
use super::known::{Known, Resample};
use super::method::{FixedStep, Start};
use super::samples::Samples;
use crate::Error;
use crate::rng::Stream;
use crate::score::Score;
use crate::sde::Transition;
use crate::solve::Outcome;

/// Where rows go, and what is kept on the way.
#[derive(Clone, Copy)]
pub(super) struct FixedStepRun<'a> {
    /// Falling times.
    pub grid: &'a [f64],
    /// Ends with x ← (x + σ² s)/m.
    pub denoise: bool,
    /// The places on the grid, rising, whose states are kept.
    pub kept: &'a [usize],
    /// Coordinates that are given, and how often the others are brought into line with them.
    pub known: Option<(Known<'a>, Resample)>,
    pub workers: &'a Workers,
    /// Called with the number of rows done so far.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// What became of a chunk.
struct ChunkEnd {
    x: Vec<f64>,
    /// `kept × rows × D`.
    states: Vec<f64>,
    outcomes: Vec<Outcome>,
    evaluations: u64,
}

impl FixedStepRun<'_> {
    /// Takes each row of `starts` along the grid, each drawing from its stream. The samples, and the states kept,
    /// `kept × rows × D`.
    pub fn samples<F: Real>(
        &self, score: &dyn Score<F>, starts: &[f64], streams: &[Stream], start: &Start,
    ) -> Result<(Samples, Vec<f64>), Error> {
        let (dim, rows) = (score.dim(), streams.len());
        let evaluator = |_| score.evaluator(self.workers.chunk_rows());
        let evaluators: Result<Vec<_>, _> = (0..self.workers.shards()).map(evaluator).collect();
        let done = AtomicUsize::new(0);
        let chunks = self.workers.map(rows, evaluators?, |evaluator, _, range| {
            let mut field = ChunkField::new(score.sde(), evaluator.as_mut(), streams[range.clone()].to_vec());
            let x = starts[range.start * dim..range.end * dim].to_vec();
            let end = self.chunk(&mut field, start().as_mut(), range.start, range.len(), x);
            (self.progress)(done.fetch_add(range.len(), Ordering::Relaxed) + range.len());
            ChunkEnd { evaluations: field.evaluations, ..end }
        });
        let mut samples = Samples { x: Vec::with_capacity(rows * dim), outcomes: Vec::new(), evaluations: Vec::new() };
        let mut states = vec![0.0; self.kept.len() * rows * dim];
        for chunk in chunks {
            let (first, size) = (samples.x.len(), chunk.x.len());
            for (place, state) in chunk.states.chunks_exact(size).enumerate() {
                states[place * rows * dim + first..][..size].copy_from_slice(state);
            }
            samples.evaluations.resize(samples.evaluations.len() + chunk.outcomes.len(), chunk.evaluations);
            samples.outcomes.extend(chunk.outcomes);
            samples.x.extend(chunk.x);
        }
        Ok((samples, states))
    }

    fn chunk(
        &self, field: &mut dyn Field, stepper: &mut dyn FixedStep, first: usize, rows: usize, x: Vec<f64>,
    ) -> ChunkEnd {
        let mut end = ChunkEnd {
            states: vec![0.0; self.kept.len() * x.len()],
            outcomes: vec![Outcome::Converged; rows],
            x,
            evaluations: 0,
        };
        let steps = self.grid.len() - 1;
        let (length, repeats) =
            self.known.map_or((steps.max(1), 1), |(_, resample)| (resample.length, resample.repeats));
        let mut z = vec![0.0; end.x.len()];
        self.impose(field, first, 0, &mut z, &mut end.x);
        self.keep(0, &mut end);
        for start in (0..steps).step_by(length) {
            let last = (start + length).min(steps);
            for repeat in 0..repeats {
                if repeat > 0 {
                    self.jump_back(field, last, start, &mut z, &mut end.x);
                }
                for at in start..last {
                    stepper.step(field, self.grid, at, &mut end.x);
                    self.impose(field, first, at + 1, &mut z, &mut end.x);
                    end.note_failures(self.grid[at]);
                    self.keep(at + 1, &mut end);
                }
            }
        }
        self.finish(field, first, &mut end);
        end
    }

    /// Puts the known coordinates, noised to the time at this place of the grid, into `x`.
    fn impose(&self, field: &mut dyn Field, first: usize, at: usize, z: &mut [f64], x: &mut [f64]) {
        if let Some((known, _)) = self.known {
            let c = field.sde().at(self.grid[at]);
            field.noise(z);
            known.replace(first, x, |i, value| c.diffused(value, z[i]));
        }
    }

    /// Forward in time again, from one place of the grid to an earlier one.
    fn jump_back(&self, field: &mut dyn Field, from: usize, to: usize, z: &mut [f64], x: &mut [f64]) {
        let (early, late) = (field.sde().at(self.grid[from]), field.sde().at(self.grid[to]));
        let forward = Transition::between(&early, &late);
        field.noise(z);
        for (x, z) in x.iter_mut().zip(z) {
            *x = forward.scale * *x + forward.std() * *z;
        }
    }

    /// The last noise is taken off, and the known coordinates are what they are.
    fn finish(&self, field: &mut dyn Field, first: usize, end: &mut ChunkEnd) {
        let (Some(&t), last) = (self.grid.last(), self.grid.len() - 1) else { return };
        if self.denoise {
            let (c, mut score) = (field.sde().at(t), Vec::new());
            field.score(t, &end.x, &mut score);
            for (x, s) in end.x.iter_mut().zip(score) {
                *x = c.denoised(*x, s);
            }
        }
        if let Some((known, _)) = self.known {
            known.replace(first, &mut end.x, |_, value| value);
        }
        end.note_failures(t);
        self.keep(last, end);
    }

    fn keep(&self, at: usize, end: &mut ChunkEnd) {
        if let Ok(place) = self.kept.binary_search(&at) {
            let size = end.x.len();
            end.states[place * size..][..size].copy_from_slice(&end.x);
        }
    }
}

impl ChunkEnd {
    /// Gives up rows that left the finite numbers since time `t`: they become and stay NaN.
    fn note_failures(&mut self, t: f64) {
        let dim = self.x.len() / self.outcomes.len().max(1);
        for (x, outcome) in self.x.chunks_exact_mut(dim.max(1)).zip(&mut self.outcomes) {
            let failed = !outcome.is_converged() || x.iter().any(|x| !x.is_finite());
            if failed {
                if outcome.is_converged() {
                    *outcome = Outcome::NonFinite { t };
                }
                x.fill(f64::NAN);
            }
        }
    }
}
