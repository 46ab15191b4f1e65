//! The reverse SDE dx = (a x − g² s) dt + g dw̄ by fixed steps, panel by panel.

use std::sync::atomic::{AtomicUsize, Ordering};

use fokker_jet::Real;
use fokker_jet::panel::Workers;

use super::{Samples, fill_normal};
use crate::Error;
use crate::rng::Stream;
use crate::score::{Directions, Score, ScoreTape};
use crate::sde::{Coefficients, Sde};
use crate::solve::{EulerMaruyama, NoisySystem, Outcome};

/// Takes each row of `starts` along `grid`, a falling list of times, each drawing from its stream.
pub(super) fn reverse_sde<F: Real>(
    score: &dyn Score<F>, starts: &[f64], streams: &[Stream], grid: &[f64], denoise: bool, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    let (dim, rows) = (score.dim(), streams.len());
    let tape = |_| score.tape(&Directions::new(&[]), workers.panel_rows());
    let tapes: Result<Vec<_>, _> = (0..workers.lanes()).map(tape).collect();
    let done = AtomicUsize::new(0);
    let panels = workers.map(rows, tapes?, |tape, _, range| {
        let mut x = starts[range.start * dim..range.end * dim].to_vec();
        let streams = streams[range.clone()].to_vec();
        let mut reverse = Reverse { sde: score.sde(), tape: tape.as_mut(), streams, x: Vec::new(), at: Vec::new() };
        let outcomes = reverse.walk(grid, denoise, &mut x);
        progress(done.fetch_add(range.len(), Ordering::Relaxed) + range.len());
        (x, outcomes)
    });
    let evaluations = vec![(grid.len() - 1 + usize::from(denoise)) as u64; rows];
    let mut samples = Samples { x: Vec::with_capacity(rows * dim), outcomes: Vec::with_capacity(rows), evaluations };
    for (x, outcomes) in panels {
        samples.x.extend(x);
        samples.outcomes.extend(outcomes);
    }
    Ok(samples)
}

/// One panel's rows, all at one time.
struct Reverse<'a, F> {
    sde: &'a Sde,
    tape: &'a mut dyn ScoreTape<F>,
    streams: Vec<Stream>,
    /// The points, in the score's precision.
    x: Vec<F>,
    /// The SDE at each row's time.
    at: Vec<Coefficients>,
}

impl<F: Real> Reverse<'_, F> {
    fn walk(&mut self, grid: &[f64], denoise: bool, x: &mut [f64]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Converged; self.streams.len()];
        let mut stepper = EulerMaruyama::default();
        for times in grid.windows(2) {
            stepper.step(self, times[0], times[1] - times[0], x);
            note_failures(x, times[0], &mut outcomes);
        }
        if let (true, Some(&t)) = (denoise, grid.last()) {
            self.denoise(t, x);
            note_failures(x, t, &mut outcomes);
        }
        outcomes
    }

    /// x ← (x + σ² s)/m.
    fn denoise(&mut self, t: f64, x: &mut [f64]) {
        let c = self.sde.at(t);
        let s = self.score(t, x);
        for (x, s) in x.iter_mut().zip(s) {
            *x = (*x + c.sigma * c.sigma * s.as_f64()) / c.m;
        }
    }

    fn score(&mut self, t: f64, x: &[f64]) -> &[F] {
        self.x.clear();
        self.x.extend(x.iter().map(|&x| F::of(x)));
        self.at.clear();
        self.at.resize(self.streams.len(), self.sde.at(t));
        self.tape.begin(&self.x, &self.at);
        self.tape.forward(0..1);
        self.tape.part(0)
    }
}

/// Gives up rows that left the finite numbers since time `t`: they become and stay NaN.
fn note_failures(x: &mut [f64], t: f64, outcomes: &mut [Outcome]) {
    let dim = x.len() / outcomes.len();
    for (x, outcome) in x.chunks_exact_mut(dim).zip(outcomes) {
        if outcome.is_converged() && x.iter().any(|x| !x.is_finite()) {
            *outcome = Outcome::NonFinite { t };
            x.fill(f64::NAN);
        }
    }
}

impl<F: Real> NoisySystem for Reverse<'_, F> {
    fn drift(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let c = self.sde.at(t);
        for ((dy, x), s) in dy.iter_mut().zip(y).zip(self.score(t, y)) {
            *dy = c.a * x - c.g2 * s.as_f64();
        }
    }

    fn diffusion(&self, t: f64) -> f64 {
        self.sde.at(t).g2.sqrt()
    }

    fn noise(&mut self, z: &mut [f64]) {
        let dim = z.len() / self.streams.len();
        for (stream, z) in self.streams.iter_mut().zip(z.chunks_exact_mut(dim)) {
            fill_normal(stream, z);
        }
    }
}
