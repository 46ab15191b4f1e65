//! What a measurement works with, and what several of them need.

use std::cell::OnceCell;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};

use super::rows::AuditRows;
use super::{AuditConfig, Points, Watcher, default_divergence};
use crate::Error;
use crate::distance::Closest;
use crate::divergence::Divergence;
use crate::likelihood::{
    Dequantise, Dequantised, LOG_Z_DRAWS, LikelihoodOptions, LogZ, Start, dequantised_log_prob, log_z,
};
use crate::rng::Stream;
use crate::sample::{Sampler, sample};
use crate::score::{Differentiable, Energy};
use crate::sde::Coefficients;
use crate::solve::Tolerance;

/// A score, the points that it is measured on, and how finely.
pub(super) struct Context<'a, F: Real> {
    pub score: &'a dyn Differentiable<F>,
    pub points: &'a Points<'a>,
    pub settings: &'a AuditConfig,
    pub seed: u64,
    pub workers: &'a Workers,
    /// Told how far the long parts are.
    pub watcher: &'a dyn Watcher,
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
        let n = self.settings.gap_samples;
        let drawn = sample(self.score, n, sampler, seed, self.workers, &|done| self.watcher.within(done, n))?;
        let rows = drawn.x.chunks_exact(self.dim()).zip(&drawn.outcomes).filter(|(_, outcome)| outcome.has_value());
        Ok(Drawn { x: rows.flat_map(|(x, _)| x.iter().copied()).collect(), failed: drawn.failed() })
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
            let rows = x.len() / self.dim();
            let progress = |done| self.watcher.within(done, rows);
            let log_p = dequantised_log_prob(self.score, &x, &how, &self.likelihood(), self.workers, &progress)?;
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
