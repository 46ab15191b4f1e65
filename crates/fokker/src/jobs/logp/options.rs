//! What is asked for, and whether it can be.

use super::super::error::JobError;
use super::part::MOST_ROWS;
use crate::audit::default_divergence;
use crate::divergence::{Divergence, ProbeDistribution};
use crate::likelihood::{self, LikelihoodOptions, LogZ};
use crate::memory;
use crate::model_file::ModelInfo;
use crate::solve::Tolerance;

/// Probes where the dimension forbids the exact divergence.
const PROBES: usize = 8;

/// Below this tolerance single precision often cannot keep what is promised: the rounding of the networks' arithmetic alone makes
/// log p uncertain by more.
const SINGLE_PRECISION: f64 = 1e-6;

/// More probes than these do not fit in memory.
const MOST_PROBES: usize = 100_000;

/// A row that takes more steps than these never ends.
const MOST_STEPS: usize = 10_000_000;

/// More draws than these are a mistake in typing.
const MOST_DRAWS: usize = 10_000;

/// Rows of a chunk unless they are long, and the values that its rows may then have.
const CHUNK_ROWS: usize = 8192;
const CHUNK_VALUES: usize = 1 << 22;

/// What log p is had from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogpMethod {
    /// The probability-flow ODE of the score.
    #[default]
    Flow,
    /// The log-density of an energy model: one evaluation a row.
    Energy,
}

/// How [`logp`](super::logp) computes.
///
/// ```
/// use fokker::jobs::LogpOptions;
/// let options = LogpOptions { bound: true, ..LogpOptions::default() };
/// assert!(options.tolerance == 1e-5 && options.probes.is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogpOptions {
    /// What log p is had from.
    pub method: LogpMethod,
    /// Error allowed to log p: this much and a tenth of it for each dimension, in nats.
    pub tolerance: f64,
    /// Steps after which a row is given up.
    pub step_limit: usize,
    /// Hutchinson probes in place of the exact divergence; `None`: exact up to 64 dimensions, else 8 probes.
    pub probes: Option<usize>,
    /// Whether log p is also bounded from below by that of the reverse SDE, in columns of its own.
    pub bound: bool,
    /// Whether the network is evaluated in double precision; for tolerances below 1e-6 it always is.
    pub f64: bool,
    /// Draws of dequantisation noise for each row of grey levels; 0: the rows are continuous; `None`: 1 for a model of grey levels.
    pub dequantise: Option<usize>,
    /// Whether the density at t = 0 is bounded, by way of the denoising step, in place of the density at t_min.
    pub at_zero: bool,
    /// Seed of probes and noise.
    pub seed: u64,
    /// Whether rows that an earlier call left in `FILE.part` are gone on with; else they are an error.
    pub resume: bool,
    /// Rows read, computed and kept at a time, on which no value depends; `None`: 8192, fewer if they are long.
    pub chunk_rows: Option<usize>,
    /// Threads; 0: all.
    pub threads: usize,
}

impl Default for LogpOptions {
    fn default() -> Self {
        Self {
            method: LogpMethod::Flow,
            tolerance: 1e-5,
            step_limit: 10_000,
            probes: None,
            bound: false,
            f64: false,
            dequantise: None,
            at_zero: false,
            seed: 0,
            resume: false,
            chunk_rows: None,
            threads: 0,
        }
    }
}

impl LogpOptions {
    /// Is double precision asked for, or needed?
    pub(super) fn in_double(&self) -> bool {
        self.f64 || self.tolerance < SINGLE_PRECISION
    }

    /// log Z(T) of a model whose log-density is asked for.
    pub(super) fn log_z(&self, info: &ModelInfo) -> Result<Option<LogZ>, JobError> {
        match (self.method, info.log_z) {
            (LogpMethod::Flow, _) => Ok(None),
            (LogpMethod::Energy, None) => {
                Err(JobError::option("method energy", "the model gives a score, no log-density: it is no energy model"))
            }
            (LogpMethod::Energy, log_z) => Ok(log_z),
        }
    }

    /// Refuses options outside their range.
    pub(super) fn check(&self) -> Result<(), JobError> {
        if self.method == LogpMethod::Energy && self.probes.is_some() {
            return Err(JobError::option("probes", "method energy has no divergence to estimate"));
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return Err(JobError::option(format!("tolerance {}", self.tolerance), "must be positive"));
        }
        if self.probes.is_some_and(|probes| !(1..=MOST_PROBES).contains(&probes)) {
            return Err(JobError::option("probes", format!("must be between 1 and {MOST_PROBES}")));
        }
        if !(1..=MOST_STEPS).contains(&self.step_limit) {
            return Err(JobError::option("step-limit", format!("must be between 1 and {MOST_STEPS}")));
        }
        if self.chunk_rows.is_some_and(|rows| !(1..=MOST_ROWS).contains(&rows)) {
            return Err(JobError::option("chunk-rows", format!("must be between 1 and {MOST_ROWS}")));
        }
        Ok(())
    }

    /// As the likelihood takes them.
    pub(super) fn likelihood(&self, dim: usize) -> LikelihoodOptions {
        let divergence = match self.probes {
            Some(probes) => Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher },
            None => default_divergence(dim, PROBES),
        };
        LikelihoodOptions {
            tolerance: Tolerance { absolute: self.tolerance, relative: self.tolerance },
            step_limit: self.step_limit,
            divergence,
            seed: self.seed,
            first_row: 0,
        }
    }

    /// Draws of dequantisation noise: by default one where the model's data has grey levels, none where it has not.
    pub(super) fn draws(&self, info: &ModelInfo) -> Result<usize, JobError> {
        match (self.dequantise, info.levels) {
            (Some(draws), _) if draws > MOST_DRAWS => {
                Err(JobError::option("dequantise", format!("must be at most {MOST_DRAWS}")))
            }
            (Some(1..), None) => Err(JobError::option("dequantise", "the model's data has no grey levels")),
            (draws, levels) => Ok(draws.unwrap_or(usize::from(levels.is_some()))),
        }
    }

    /// Rows of `rows` that are computed at a time, for which there is memory.
    pub(super) fn chunk(
        &self, dim: usize, likelihood: &LikelihoodOptions, draws: usize, rows: u64,
    ) -> Result<usize, JobError> {
        let (probes, draws) = (probes(likelihood).unwrap_or(1), draws.max(1));
        let width = (dim + probes) * draws;
        let chunk = self.chunk_rows.unwrap_or((CHUNK_VALUES / width).clamp(1, CHUNK_ROWS));
        let chunk = usize::try_from(rows).map_or(chunk, |rows| chunk.min(rows));
        let bytes = memory::product(&[chunk, dim, size_of::<f64>()]);
        let what = match (self.chunk_rows, self.dequantise) {
            (Some(rows), _) => format!("chunk-rows {rows}"),
            (None, Some(draws)) => format!("dequantise {draws}"),
            (None, None) => format!("probes {probes}"),
        };
        memory::require(&what, bytes.saturating_add(likelihood::bytes(chunk * draws, dim, probes)))
            .map_err(JobError::TooLarge)?;
        Ok(chunk)
    }
}

/// Probes, if there are any.
pub(super) fn probes(options: &LikelihoodOptions) -> Option<usize> {
    match options.divergence {
        Divergence::Exact {} => None,
        Divergence::Hutchinson { probes, .. } => Some(probes),
    }
}
