//! Chains that take their steps together.

use super::density::LogDensityEvaluator;
use super::outcome::ChainOutcome;
use super::state::State;

/// The chains of a chunk that still go on, row by row, and those that do not any more. Arrays are `rows × D`.
pub(super) struct Walkers {
    pub dim: usize,
    /// The chain of each row. A row that ends is replaced by the last, so they are in no order.
    pub chains: Vec<usize>,
    pub x: Vec<f64>,
    /// Velocities; zero for an integrator that has none.
    pub v: Vec<f64>,
    /// ∇ log q at `x`.
    pub gradient: Vec<f64>,
    /// log q at `x` of each row, for an integrator that needs it.
    pub log_density: Vec<f64>,
    /// Proposals accepted, of each row.
    pub accepted: Vec<u64>,
    /// Chains that blew up: their numbers, their steps, and what they had accepted.
    ended: Vec<(usize, u64, u64)>,
}

impl Walkers {
    /// The chains `first..end` of a state, their gradients not yet known.
    pub fn of(state: &State, dim: usize, first: usize, end: usize) -> Self {
        let mut found = Self {
            dim,
            chains: Vec::new(),
            x: Vec::new(),
            v: Vec::new(),
            gradient: Vec::new(),
            log_density: Vec::new(),
            accepted: Vec::new(),
            ended: Vec::new(),
        };
        for chain in first..end {
            let (at, accepted) = (chain * dim..(chain + 1) * dim, state.accepted[chain]);
            match state.outcomes[chain] {
                ChainOutcome::BlownUp { step } => found.ended.push((chain, step, accepted)),
                ChainOutcome::Finished => {
                    found.chains.push(chain);
                    found.x.extend(&state.x[at.clone()]);
                    found.v.extend(&state.v[at]);
                    found.accepted.push(accepted);
                }
            }
        }
        found.gradient.resize(found.x.len(), f64::NAN);
        found.log_density.resize(found.chains.len(), 0.0);
        found
    }

    /// Chains that go on.
    pub fn rows(&self) -> usize {
        self.chains.len()
    }

    /// Evaluates the density where the chains are.
    pub fn evaluate(&mut self, density: &mut dyn LogDensityEvaluator, values: bool) {
        density.evaluate(&self.x, &mut self.gradient, values.then_some(&mut self.log_density[..]));
    }

    /// Ends the chains that are not finite, or of which `is_far_off` says so, after step `step`.
    pub fn end_lost(&mut self, step: u64, is_far_off: &dyn Fn(&[f64]) -> bool) {
        for row in (0..self.rows()).rev() {
            let at = row * self.dim..(row + 1) * self.dim;
            let numbers = [&self.x, &self.v, &self.gradient].map(|numbers| &numbers[at.clone()]);
            let is_finite = numbers.iter().all(|numbers| numbers.iter().all(|number| number.is_finite()));
            if !is_finite || !self.log_density[row].is_finite() || is_far_off(numbers[0]) {
                self.end(row, step);
            }
        }
    }

    fn end(&mut self, row: usize, step: u64) {
        let (chain, accepted) = (self.chains.swap_remove(row), self.accepted.swap_remove(row));
        self.log_density.swap_remove(row);
        self.ended.push((chain, step, accepted));
        let last = self.chains.len() * self.dim;
        for numbers in [&mut self.x, &mut self.v, &mut self.gradient] {
            numbers.copy_within(last.., row * self.dim);
            numbers.truncate(last);
        }
    }

    /// Puts the chains where they belong in `state`: NaN where they ended.
    pub fn write(&self, state: &mut State) {
        for (row, &chain) in self.chains.iter().enumerate() {
            let (from, to) = (row * self.dim..(row + 1) * self.dim, chain * self.dim..(chain + 1) * self.dim);
            state.x[to.clone()].copy_from_slice(&self.x[from.clone()]);
            state.v[to].copy_from_slice(&self.v[from]);
            state.accepted[chain] = self.accepted[row];
        }
        for &(chain, step, accepted) in &self.ended {
            let at = chain * self.dim..(chain + 1) * self.dim;
            state.x[at.clone()].fill(f64::NAN);
            state.v[at].fill(f64::NAN);
            state.outcomes[chain] = ChainOutcome::BlownUp { step };
            state.accepted[chain] = accepted;
        }
    }
}

/// to ← to + factor · from.
pub(super) fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}
