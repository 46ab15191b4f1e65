//! The learning rate over the steps.

use serde::{Deserialize, Serialize};

/// Shape of the learning rate after warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant.
    Constant,
    /// Half a cosine down to 0 (Loshchilov & Hutter 2017, arXiv 1608.03983, eq. 5, without restarts).
    #[default]
    Cosine,
}

impl Schedule {
    /// The factor on the learning rate at step `step` of `steps`, after a linear warm-up of `warmup` steps.
    ///
    /// ```
    /// use fokker::train::Schedule;
    /// assert_eq!(Schedule::Constant.factor(5, 100, 10), 0.6);
    /// assert!(Schedule::Cosine.factor(99, 100, 10) < 1e-3);
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn factor(self, step: u64, steps: u64, warmup: u64) -> f64 {
        let warm = if step < warmup { (step + 1) as f64 / warmup as f64 } else { 1.0 };
        let shape = match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let progress = step as f64 / steps.max(1) as f64;
                0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos())
            }
        };
        warm * shape
    }
}
