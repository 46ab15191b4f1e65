//! What a likelihood run found.

use crate::sde::T_MAX;
use crate::solve::{Outcome, Trajectory};
use crate::stats::MeanSe;

/// log p of some rows.
///
/// ```
/// use fokker::{likelihood::LogProb, solve::Outcome};
/// let found = LogProb {
///     values: vec![-1.0, f64::NAN, -2.0],
///     probe_se: None,
///     outcomes: vec![Outcome::Converged, Outcome::StepLimit { t: 0.1 }, Outcome::Converged],
///     evaluations: vec![50, 9000, 44],
/// };
/// assert_eq!(found.failed(), 1);
/// assert_eq!(found.mean_se().mean, -1.5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogProb {
    /// log p of each row in nats; NaN where the outcome [has none](Outcome::has_value).
    pub values: Vec<f64>,
    /// With two probes or more: the standard error of each value over its probes, in nats; NaN where the value is.
    pub probe_se: Option<Vec<f64>>,
    /// How each row's integration ended.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score and its divergence, by row.
    pub evaluations: Vec<u64>,
}

impl LogProb {
    /// From trajectories whose states are x (`dim`), then `components` estimates of ∫ div.
    pub(super) fn of(trajectories: &[Trajectory], dim: usize, components: usize, base: &dyn Fn(&[f64]) -> f64) -> Self {
        let (mut values, mut errors, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for trajectory in trajectories {
            let (x, integrals) = trajectory.y.split_at(dim);
            let over_probes = MeanSe::of(integrals);
            let value = base(x) + over_probes.mean;
            let outcome = match trajectory.outcome {
                Outcome::Converged | Outcome::PrecisionFloor if !value.is_finite() => Outcome::NonFinite { t: T_MAX },
                outcome => outcome,
            };
            let known = outcome.has_value();
            values.push(if known { value } else { f64::NAN });
            errors.push(if known { over_probes.se } else { f64::NAN });
            outcomes.push(outcome);
        }
        let evaluations = trajectories.iter().map(|trajectory| trajectory.evaluations).collect();
        Self { values, probe_se: (components > 1).then_some(errors), outcomes, evaluations }
    }

    /// Mean and standard error of log p, in nats, over the rows that have a value; NaN if none has.
    ///
    /// The spread over rows includes that over probes, which are independent between rows.
    #[must_use]
    pub fn mean_se(&self) -> MeanSe {
        MeanSe::of_finite(&self.values)
    }

    /// Number of rows without a value.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.has_value()).count()
    }
}
