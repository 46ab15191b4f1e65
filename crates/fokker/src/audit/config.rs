//! What is measured, and how finely: a config's `[audit]` table.

use serde::{Deserialize, Serialize};

use crate::memory::{self, MemoryError};
use crate::sde::T_MAX;
use crate::{likelihood, sample};

/// `[audit]`: what is measured on a trained model, and how finely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// The times t at which residual, conservativity and score error are measured; by default `sde.t_min`, and those of 0.005, 0.01,
    /// 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9 and 1 that are later.
    pub times: Vec<f64>,
    /// Points x ~ q_t at each time; no more than there are held-out rows.
    pub points: usize,
    /// Held-out rows whose log-likelihood is computed; no more than there are.
    pub nll_points: usize,
    /// Draws of the dequantisation noise for each of them, where the data has grey levels.
    pub repeats: usize,
    /// How many of them have their variational bound computed.
    pub bound_points: usize,
    /// Hutchinson probes where the dimension forbids exact divergences (D > 64), at least 2: the residual takes two independent sets.
    pub probes: usize,
    /// Tolerance of log p: an error of this much and a tenth of it for each dimension, in nats.
    pub tolerance: f64,
    /// Steps after which a row's integration is given up.
    pub step_limit: usize,
    /// Samples drawn for the report.
    pub samples: usize,
    /// Samples of each kind whose distances are measured.
    pub gap_samples: usize,
    /// k of the search for copies of training images among the samples, d₁/d_k; 0: none.
    pub neighbours: usize,
    /// Chains of a simulation with the model's force, where the data are of a potential; 0: none.
    pub simulation_chains: usize,
    /// Frames of each chain.
    pub simulation_frames: usize,
    /// Steps from one frame to the next.
    pub simulation_every: u64,
}

/// The times that are measured at by default, where they are later than t_min.
const TIMES: [f64; 10] = [5e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0];

impl AuditConfig {
    /// The default times for a score that is used from `t_min` on.
    ///
    /// ```
    /// use fokker::audit::AuditConfig;
    /// assert_eq!(AuditConfig::default_times(0.4), [0.4, 0.5, 0.7, 0.9, 1.0]);
    /// ```
    #[must_use]
    pub fn default_times(t_min: f64) -> Vec<f64> {
        std::iter::once(t_min).chain(TIMES.into_iter().filter(|&t| t > t_min)).collect()
    }
}

impl Default for AuditConfig {
    /// For a t_min of 1e-3.
    fn default() -> Self {
        Self {
            times: Self::default_times(1e-3),
            points: 2000,
            nll_points: 4000,
            repeats: 1,
            bound_points: 1000,
            probes: 4,
            tolerance: 1e-5,
            step_limit: 10_000,
            samples: 4000,
            gap_samples: 4000,
            neighbours: 10,
            simulation_chains: 200,
            simulation_frames: 500,
            simulation_every: 50,
        }
    }
}

impl AuditConfig {
    /// Refuses what cannot be measured for a score that is used from `t_min` on.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    ///
    /// ```
    /// use fokker::audit::AuditConfig;
    /// assert_eq!(AuditConfig::default().validate(1e-3), Ok(()));
    /// let (key, reason) = AuditConfig { neighbours: 1, ..AuditConfig::default() }.validate(1e-3).unwrap_err();
    /// assert_eq!((key, reason.as_str()), ("audit.neighbours", "must be between 2 and 1000, or 0 for none"));
    /// ```
    pub fn validate(&self, t_min: f64) -> Result<(), (&'static str, String)> {
        let most = |bits: u32| format!("must be between 2 and 2^{bits}");
        let positive = self.tolerance > 0.0 && self.tolerance.is_finite();
        let rules = [
            (!self.times.is_empty(), "audit.times", "must not be empty".into()),
            (
                self.times.iter().all(|t| (t_min..=T_MAX).contains(t)),
                "audit.times",
                format!("every t must be between sde.t_min = {t_min} and 1"),
            ),
            ((2..=1 << 24).contains(&self.points), "audit.points", most(24)),
            ((2..=1 << 24).contains(&self.nll_points), "audit.nll_points", most(24)),
            ((1..=10_000).contains(&self.repeats), "audit.repeats", "must be between 1 and 10000".into()),
            ((2..=1 << 24).contains(&self.bound_points), "audit.bound_points", most(24)),
            ((2..=1 << 20).contains(&self.gap_samples), "audit.gap_samples", most(20)),
            (
                self.neighbours == 0 || (2..=1000).contains(&self.neighbours),
                "audit.neighbours",
                "must be between 2 and 1000, or 0 for none".into(),
            ),
            (self.samples <= 1 << 24, "audit.samples", "must be at most 2^24".into()),
            ((2..=10_000).contains(&self.probes), "audit.probes", "must be between 2 and 10000".into()),
            (self.simulation_chains <= 1 << 20, "audit.simulation_chains", "must be at most 2^20".into()),
            (
                (1..=1 << 20).contains(&self.simulation_frames),
                "audit.simulation_frames",
                "must be between 1 and 2^20".into(),
            ),
            (
                (1..=1 << 30).contains(&self.simulation_every),
                "audit.simulation_every",
                "must be between 1 and 2^30".into(),
            ),
            (positive, "audit.tolerance", "must be positive and finite".into()),
            (self.step_limit > 0, "audit.step_limit", "must be at least 1".into()),
        ];
        rules.into_iter().find(|(good, ..)| !good).map_or(Ok(()), |(_, key, reason)| Err((key, reason)))
    }

    /// Refuses points and samples of so many dimensions that they take more memory than there may be, before hours of training go into
    /// what is audited; `grey` says whether the data has grey levels, which are dequantised `repeats` times.
    ///
    /// # Errors
    /// [`MemoryError`], naming the key.
    ///
    /// ```
    /// use fokker::audit::AuditConfig;
    /// assert!(AuditConfig::default().require(784, true).is_ok());
    /// let error = AuditConfig { samples: 1 << 40, ..AuditConfig::default() }.require(1000, true).unwrap_err();
    /// assert_eq!(error.what, "audit.samples");
    /// ```
    pub fn require(&self, dim: usize, grey: bool) -> Result<(), MemoryError> {
        let draws = self.nll_points.saturating_mul(if grey { self.repeats } else { 1 });
        // A row and its residual, in single precision and in pieces; sets of samples and of data, in pairs; a row on the page.
        let rows = |rows: usize, copies: usize| memory::product(&[rows, dim, copies, size_of::<f64>()]);
        // Of a potential in more dimensions there is none.
        let simulated = if dim > 2 { 0 } else { self.simulation_chains.saturating_mul(self.simulation_frames) };
        for (key, bytes) in [
            ("audit.points", rows(self.points, 4)),
            ("audit.gap_samples", rows(self.gap_samples, 8).saturating_add(sample::bytes(self.gap_samples, dim, 0))),
            ("audit.samples", rows(self.samples, 2).saturating_add(sample::bytes(self.samples, dim, 0))),
            ("audit.simulation_frames", rows(simulated, 3)),
            ("audit.nll_points", rows(self.nll_points, 3).saturating_add(likelihood::bytes(draws, dim, self.probes))),
        ] {
            memory::require(key, bytes)?;
        }
        Ok(())
    }
}
