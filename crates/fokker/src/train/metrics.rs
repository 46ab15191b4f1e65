//! One line of `metrics.jsonl`.

use serde::{Deserialize, Serialize};

use crate::objective::LossTerms;

/// What is logged of a stretch of steps: means over the stretch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Steps done.
    pub step: u64,
    /// J_DSM.
    pub dsm: f64,
    /// R_vec (before α), over the steps that had it.
    pub fp: Option<f64>,
    /// R_scalar (before β).
    pub scalar: Option<f64>,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate at the last step.
    pub learning_rate: f64,
}

/// Running sums between two lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    steps: f64,
    dsm: f64,
    fp: (f64, f64),
    scalar: (f64, f64),
    gradient_norm: f64,
}

impl Sums {
    pub fn add(&mut self, terms: &LossTerms, gradient_norm: f64) {
        self.steps += 1.0;
        self.dsm += terms.dsm;
        self.gradient_norm += gradient_norm;
        for (sum, term) in [(&mut self.fp, terms.fp), (&mut self.scalar, terms.scalar)] {
            if let Some(term) = term {
                sum.0 += term;
                sum.1 += 1.0;
            }
        }
    }

    pub fn take(&mut self, step: u64, learning_rate: f64) -> Metrics {
        let sums = std::mem::take(self);
        let mean = |(sum, count): (f64, f64)| (count > 0.0).then(|| sum / count);
        Metrics {
            step,
            dsm: sums.dsm / sums.steps,
            fp: mean(sums.fp),
            scalar: mean(sums.scalar),
            gradient_norm: sums.gradient_norm / sums.steps,
            learning_rate,
        }
    }
}
