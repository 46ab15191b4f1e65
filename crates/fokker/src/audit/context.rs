//! What a measurement works with, and what several of them need.

use std::cell::OnceCell;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};

use super::rows::AuditRows;
use super::{AuditConfig, Points, Watcher, default_divergence, spread};
use crate::Error;
use crate::collective::Collective;
use crate::distance::Closest;
use crate::divergence::Divergence;
use crate::likelihood::{
    BoundOptions, Dequantise, Dequantised, LOG_Z_DRAWS, LikelihoodOptions, LogZ, Start, bound, dequantised_log_prob,
    log_prob, log_z,
};
use crate::rng::Stream;
use crate::sample::{Batch, Sampler, sample};
use crate::score::{Differentiable, Energy};
use crate::sde::Coefficients;
use crate::solve::{Outcome, Tolerance};

/// A score, the points that it is measured on, and how finely.
pub(super) struct Context<'a, F: Real> {
    pub score: &'a dyn Differentiable<F>,
    pub points: &'a Points<'a>,
    pub settings: &'a AuditConfig,
    pub seed: u64,
    pub workers: &'a Workers,
    /// Told how far the long parts are.
    pub watcher: &'a dyn Watcher,
    /// Those who measure.
    pub ranks: &'a dyn Collective,
    /// Exact, or by probes, as the dimension allows.
    pub divergence: Divergence,
    pub rows: AuditRows<'a>,
    flow_samples: OnceCell<Drawn>,
    held_out: OnceCell<HeldOut>,
    log_z: OnceCell<LogZ>,
    /// The samples most like a training row, for pictures.
    closest: OnceCell<Vec<Closest>>,
}

/// Samples that converged, and how many did not.
pub(super) struct Drawn {
    /// `rows × D`, in model coordinates.
    pub x: Vec<f64>,
    pub failed: usize,
}

/// Held-out rows and their log p.
pub(super) struct HeldOut {
    /// `rows × D`, in model coordinates.
    pub x: Vec<f64>,
    /// log p in model coordinates, by row.
    pub log_p: Dequantised,
    /// Draws of the dequantisation noise for each row.
    pub draws: usize,
}

impl<'a, F: Real> Context<'a, F> {
    pub fn new(
        score: &'a dyn Differentiable<F>, points: &'a Points<'a>, settings: &'a AuditConfig, seed: u64,
        workers: &'a Workers, watcher: &'a dyn Watcher,
    ) -> Self {
        Self {
            score,
            points,
            settings,
            seed,
            workers,
            watcher,
            ranks: watcher.ranks(),
            divergence: default_divergence(points.dim(), settings.probes),
            rows: AuditRows::new(points, seed),
            flow_samples: OnceCell::new(),
            held_out: OnceCell::new(),
            log_z: OnceCell::new(),
            closest: OnceCell::new(),
        }
    }

    /// D.
    pub fn dim(&self) -> usize {
        self.points.dim()
    }

    /// Where the score's use ends: t_min.
    pub fn end(&self) -> Coefficients {
        self.score.sde().at(self.score.sde().t_min())
    }

    /// The number of the draw of noise that all figures at t_min take beside those of the times.
    pub fn draw_at_end(&self) -> u64 {
        self.settings.times.len() as u64
    }

    /// log p of rows by the flow, NaN where there is none.
    pub fn log_prob(&self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let (dim, rows) = (self.dim(), x.len() / self.dim());
        let progress = |done: usize| self.watcher.within(done * self.ranks.size(), rows);
        spread::rows(self.ranks, rows, |range| {
            let (x, options) = (&x[range.start * dim..range.end * dim], self.likelihood_from(range.start));
            Ok(log_prob(self.score, x, &options, self.workers, &progress)?.values)
        })
    }

    /// The bound of log p by the reverse SDE, NaN where there is none.
    pub fn bound(&self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let (dim, rows) = (self.dim(), x.len() / self.dim());
        spread::rows(self.ranks, rows, |range| {
            let (divergence, seed, first_row) = (self.divergence, self.seed, range.start as u64);
            let options = BoundOptions { divergence, seed, first_row, ..BoundOptions::for_dim(dim) };
            Ok(bound(self.score, &x[range.start * dim..range.end * dim], &options, self.workers)?.values)
        })
    }

    /// How log p is computed, of rows from this one on.
    fn likelihood_from(&self, first: usize) -> LikelihoodOptions {
        LikelihoodOptions { first_row: first as u64, ..self.likelihood() }
    }

    /// How log p is computed.
    pub fn likelihood(&self) -> LikelihoodOptions {
        LikelihoodOptions {
            tolerance: Tolerance { absolute: self.settings.tolerance, relative: self.settings.tolerance },
            step_limit: self.settings.step_limit,
            divergence: self.divergence,
            seed: self.seed,
            first_row: 0,
        }
    }

    /// `audit.gap_samples` samples.
    pub fn draw(&self, sampler: &Sampler, seed: u64) -> Result<Drawn, Error> {
        let (n, dim) = (self.settings.gap_samples, self.dim());
        // A row, and whether it has a value.
        let all = spread::rows(self.ranks, n, |rows| {
            let progress = |done: usize| self.watcher.within(done * self.ranks.size(), n);
            let batch = Batch { first: rows.start as u64, rows: rows.len() };
            let drawn = sample(self.score, batch, sampler, seed, self.workers, &progress)?;
            let has_value = |outcome: &Outcome| f64::from(u8::from(outcome.has_value()));
            let rows = drawn.x.chunks_exact(dim).zip(&drawn.outcomes);
            Ok(rows.flat_map(|(x, outcome)| x.iter().copied().chain([has_value(outcome)])).collect())
        })?;
        let good = all.chunks_exact(dim + 1).filter(|row| row[dim] > 0.0);
        let x: Vec<f64> = good.flat_map(|row| &row[..dim]).copied().collect();
        Ok(Drawn { failed: n - x.len() / dim, x })
    }

    /// Samples by the probability-flow ODE.
    pub fn flow_samples(&self) -> Result<&Drawn, Error> {
        once(&self.flow_samples, || self.draw(&Sampler::default(), self.seed))
    }

    /// Keeps the samples most like a training row, for pictures.
    pub fn keep_closest(&self, closest: Vec<Closest>) {
        self.closest.get_or_init(|| closest);
    }

    /// Have any been kept?
    pub fn has_closest(&self) -> bool {
        self.closest.get().is_some()
    }

    /// What has been kept.
    pub fn into_closest(self) -> Vec<Closest> {
        self.closest.into_inner().unwrap_or_default()
    }

    /// Held-out rows and their log p by the flow.
    pub fn held_out(&self) -> Result<&HeldOut, Error> {
        once(&self.held_out, || {
            let x = self.held_out_rows();
            let scale = &self.points.scaling().scale;
            // A level's width in model coordinates.
            let bins: Option<Vec<f64>> = self.points.levels().map(|_| scale.iter().map(|scale| 1.0 / scale).collect());
            let count = if bins.is_some() { self.settings.repeats } else { 1 };
            let how = Dequantise { count, bins: bins.as_deref(), start: Start::AtTMin };
            let (dim, rows) = (self.dim(), x.len() / self.dim());
            let progress = |done: usize| self.watcher.within(done * self.ranks.size(), rows);
            let log_p = spread::likelihoods(self.ranks, rows, |range| {
                let (x, how_far) = (&x[range.start * dim..range.end * dim], self.likelihood_from(range.start));
                dequantised_log_prob(self.score, x, &how, &how_far, self.workers, &progress)
            })?;
            Ok(HeldOut { x, log_p, draws: count })
        })
    }

    /// log Z(T) of the energy model that is audited.
    pub fn log_z(&self, energy: &dyn Energy<F>) -> Result<&LogZ, Error> {
        once(&self.log_z, || log_z(energy, LOG_Z_DRAWS, self.seed, self.workers))
    }

    /// Rows diffused to t_min.
    pub fn at_end<G: Real>(&self, x: &[f64], rng: &mut Stream) -> Vec<G> {
        let c = self.end();
        let mut diffuse = |x: &f64| {
            let z: f64 = StandardNormal.sample(rng);
            G::of(c.m * x + c.sigma * z)
        };
        x.iter().map(&mut diffuse).collect()
    }

    /// Held-out rows: diffused to t_min where the true density is known, whole levels where there are levels.
    fn held_out_rows(&self) -> Vec<f64> {
        let places = 0..self.settings.nll_points;
        if self.points.truth().is_some() {
            return in_double(&self.rows.diffused::<F>(&self.end(), places, self.draw_at_end()));
        }
        let mut x = self.rows.plain(places);
        if self.points.levels().is_some() {
            self.points.scaling().invert_f64(&mut x);
            x.iter_mut().for_each(|x| *x = x.floor());
            self.points.scaling().apply_f64(&mut x);
        }
        x
    }
}

/// The value of a cell, made if it is not there.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let value = make()?;
            Ok(cell.get_or_init(|| value))
        }
    }
}

/// The values in double precision.
pub(super) fn in_double<F: Real>(x: &[F]) -> Vec<f64> {
    x.iter().map(|v| v.as_f64()).collect()
}
